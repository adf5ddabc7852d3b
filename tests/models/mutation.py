"""Small changes of a model or an audit, each a mistake that somebody could make: mutants, to be found by tests."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot.dialects.duckdb import DuckDB
from sqlglot.tokens import Token

# What takes the place of what: comparisons, bounds, arithmetic, logic, aggregates.
SWAPS = {
    "=": "<>", "<>": "=", "<": "<=", "<=": "<", ">": ">=", ">=": ">", "+": "-", "-": "+", "*": "+",
    "and": "or", "or": "and", "min": "max", "max": "min", "sum": "max", "count": "sum", "desc": "asc",
    "true": "false", "false": "true", "not": "", "distinct": "",
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """The text of a file with one change: on which line, and what became what."""

    line: int
    change: str
    text: str


def mutants_of(text: str) -> Iterator[Mutant]:
    """Yield every mutant of a file's text, from its first line to its last."""
    tokens = DuckDB().tokenize(text)
    for place, token in enumerate(tokens):
        for start, end, other in _changes(tokens, place):
            yield Mutant(token.line, f"{text[start:end]} -> {other or 'nothing'}", text[:start] + other + text[end:])


def _changes(tokens: list[Token], place: int) -> Iterator[tuple[int, int, str]]:
    """Yield the changes that begin at a token: where, and what stands there then."""
    token, before = tokens[place], tokens[place - 1].text.lower() if place else ""
    after = tokens[place + 1].text.lower() if place + 1 < len(tokens) else ""
    word, start, end = token.text.lower(), token.start, token.end + 1
    if word in ("left", "full") and after == "join":
        yield start, tokens[place + 1].end + 1, "join"
    elif word == "join" and before not in ("left", "full", "cross"):
        yield start, end, "left join"
    elif word == "union":
        yield start, tokens[place + 1].end + 1, "union"
    elif word == "is" and after in ("null", "not"):
        yield from _null_tests(tokens, place)
    elif word == "coalesce" and after == "(":
        yield from _without_default(tokens, place)
    elif word.isdecimal() and not _is_of_type(tokens, place) and not _is_counted(tokens, place):
        yield start, end, str(int(word) + 1)
    elif word in SWAPS and not _is_no_operator(tokens, place):
        yield start, end, SWAPS[word]


def _is_no_operator(tokens: list[Token], place: int) -> bool:
    """Say whether a word is part of a longer one, such as `is not` and `between`, a star of columns, or a name."""
    word, before, after = (tokens[each].text.lower() for each in (place, place - 1, min(place + 1, len(tokens) - 1)))
    return {
        "and": _is_of_between(tokens, place),
        "*": before in ("(", ".", "select", ",", "distinct") or after in (")", "from", "replace"),
        "not": before == "is" or after in ("exists", "null"),
        "distinct": before in ("is", "not"),
    }.get(word, word in ("min", "max", "sum", "count") and after != "(")


def _null_tests(tokens: list[Token], place: int) -> Iterator[tuple[int, int, str]]:
    words = [token.text.lower() for token in tokens[place : place + 4]]
    start = tokens[place].start
    if words[:2] == ["is", "null"]:
        yield start, tokens[place + 1].end + 1, "is not null"
    elif words[:3] == ["is", "not", "null"]:
        yield start, tokens[place + 2].end + 1, "is null"
    elif words[:4] == ["is", "not", "distinct", "from"]:
        yield start, tokens[place + 3].end + 1, "="


def _without_default(tokens: list[Token], place: int) -> Iterator[tuple[int, int, str]]:
    """Yield the change that takes the last value of a `coalesce` away."""
    depth, comma = 0, None
    for token in tokens[place + 1 :]:
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(token.text, 0)
        if token.text == "," and depth == 1:
            comma = token
        if depth == 0:
            if comma is not None:
                yield comma.start, token.start, ""
            return


def _is_of_between(tokens: list[Token], place: int) -> bool:
    """Say whether an `and` parts the bounds of a `between`."""
    depth = 0
    for token in reversed(tokens[:place]):
        word = token.text.lower()
        depth += {")": 1, "(": -1}.get(word, 0)
        if depth < 0 or (depth == 0 and word in ("and", "or", "where", "on", "when", "select")):
            return False
        if depth == 0 and word == "between":
            return True
    return False


def _is_counted(tokens: list[Token], place: int) -> bool:
    """Say whether a number only stands for a row that is counted, such as in count(case when x then 1 end)."""
    words = [token.text.lower() for token in tokens[place - 1 : place + 3]]
    if words[:1] != ["then"] or words[2:] != ["end", ")"]:
        return False
    depth = 0
    for at in range(place, 0, -1):
        depth += {")": 1, "(": -1}.get(tokens[at].text, 0)
        if depth < 0:
            return tokens[at - 1].text.lower() == "count"
    return False


def _is_of_type(tokens: list[Token], place: int) -> bool:
    """Say whether a number is one of a type, such as decimal(38, 2)."""
    return "decimal" in [token.text.lower() for token in tokens[max(place - 4, 0) : place]]
