"""What a value means to a field of some kind, worked out with the standard library alone, and many odd values."""

import json
import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any, NamedTuple


class Number(NamedTuple):
    """A JSON number as it is written."""

    text: str


class Refused(Exception):
    """A value that its field cannot hold; `instead` is the nearest that it can."""

    def __init__(self, reason: str, instead: Any = None) -> None:
        super().__init__(reason)
        self.instead = instead


_WHOLE = re.compile(r"-?[0-9]+")
_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d(:?\d\d)?)", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def value_of(text: bytes) -> Any:
    """Return what a JSON text says, numbers as they are written. Raises Refused for what is no JSON."""
    try:
        value = json.loads(
            text.decode(), parse_float=Number, parse_int=Number, parse_constant=_refuse, object_pairs_hook=_once
        )
        json.dumps(value, ensure_ascii=False).encode()  # halves of surrogate pairs
    except (ValueError, RecursionError) as error:
        raise Refused(str(error)) from error
    return value


def _refuse(name: str) -> Any:
    raise Refused(name)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise Refused("a name comes twice")
    return dict(pairs)


def whole(value: Any) -> int | None:
    if isinstance(value, dict) and "id" in value:
        value = value["id"]
        if value is None:
            return None
    if value == "":
        return None
    written = value.text if isinstance(value, Number) else value
    if not isinstance(written, str) or not re.fullmatch(r"[+-]?[0-9]{1,19}(\.0{1,9})?", written):
        raise Refused("not a whole number")
    if not -(2**63) <= int(Fraction(written)) < 2**63:
        raise Refused("too large")
    return int(Fraction(written))


def key(value: Any) -> int:
    if not isinstance(value, Number) or not _WHOLE.fullmatch(value.text):
        raise Refused("not a number")
    found = whole(value)
    assert found is not None
    return found


def text(value: Any) -> str:
    if isinstance(value, Number):
        if len(value.text) > 4000:
            raise Refused("too long")
        return str(int(value.text)) if _WHOLE.fullmatch(value.text) else value.text
    if not isinstance(value, str):
        raise Refused("not a text")
    return value


def key_text(value: Any) -> str:
    if isinstance(value, Number):
        raise Refused("not a text")
    return text(value)


def truth(value: Any) -> bool:
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise Refused("neither true nor false")
    return value


def exact(value: Any) -> Decimal:
    written = value.text if isinstance(value, Number) else value
    if not isinstance(written, str) or not _DECIMAL.fullmatch(written) or len(written.lower().partition("e")[2]) > 4:
        raise Refused("not a number")
    if isinstance(value, Number) and _WHOLE.fullmatch(written):
        written = written.removeprefix("-").lstrip("0").rjust(1, "0")
    if len(written) > 60 or abs(Fraction(written)) >= 10**29:
        raise Refused("more digits than the column has")
    number = Fraction(value.text if isinstance(value, Number) else written)
    ninths = abs(number) * 10**9
    if ninths.denominator > 1:
        rounded = int(ninths + Fraction(1, 2)) * (1 if number > 0 else -1)
        raise Refused("more digits than the column has", _decimal(rounded, 9) if abs(rounded) < 10**38 else None)
    return _decimal(int(number * 10**9), 9)


def amount(value: Any) -> Decimal:
    try:
        return exact(value)
    except Refused as error:
        if error.instead is None:
            raise
    number = Fraction(value.text if isinstance(value, Number) else value)
    cents = int(abs(number) * 100 + Fraction(1, 2)) * (1 if number > 0 else -1)
    if abs(number - Fraction(cents, 100)) > Fraction(1, 10**9):
        raise Refused("more digits than the column has")
    return _decimal(cents, 2)


def _decimal(units: int, places: int) -> Decimal:
    return Decimal((int(units < 0), tuple(map(int, str(abs(units)))), -places))


def instant(value: Any) -> int:
    """Return microseconds since 1970."""
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise Refused("not an instant")
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise Refused(str(error)) from error
    seconds = (moment.toordinal() - 719_163) * 86_400 + moment.hour * 3_600 + moment.minute * 60 + moment.second
    offset = moment.utcoffset()
    assert offset is not None
    return (seconds - offset.days * 86_400 - offset.seconds) * 10**6 + moment.microsecond


def instant_or_day(value: Any) -> int:
    return instant(f"{value}T12:00:00Z" if isinstance(value, str) and _DAY.fullmatch(value) else value)


def day(value: Any) -> date:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise Refused("not a date")
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise Refused(str(error)) from error


def texts(value: Any) -> list[str | None]:
    items = value if isinstance(value, list) else [value]
    return [None if each is None else text(each) for each in items]


def wholes(value: Any) -> list[int | None]:
    if isinstance(value, Number) or not isinstance(value, list):
        raise Refused("not a list")
    found, is_odd = list[int | None](), False
    for each in value:
        try:
            found.append(None if each is None else whole(each))
        except Refused:
            is_odd = True
            found.append(None)
    if is_odd:
        raise Refused("one of them is odd", found)
    return found


Kind = Callable[[Any], Any]

# Values that some field or other must refuse, and values that look as if it must.
ODD = [
    b"", b"null", b"true", b"false", b"0", b"-0", b"7", b"7.0", b"-1", b"1e3", b"1E400", b"-1e400", b"NaN", b"Infinity",
    b"-Infinity", b"1e99999999999999999999", b"0.1", b"0.123456789", b"0.1234567891", b"12345678901234567.123456789",
    b"99999999999999999999999999999", b"100000000000000000000000000000", b"1.50000000000000000000", b"-0.0", b"1e28",
    b"1e29", b"1e-9", b"1e-10", b"9007199254740993", b"9223372036854775807", b"9223372036854775808",
    b"-9223372036854775808", b"-9223372036854775809", b"1" * 400, b"1" * 5000, b"01", b"1.", b".5", b"+1", b"0x1F",
    b"tru", b"nul", b"'single'", b'""', b'"7"', b'"-7"', b'"+7"', b'"7.0"', b'" 7 "', b'"1_000"', b'" 1.5 "',
    b'"1.5\\n"', b'"1,5"', b'"1.5"', b'"-.5"', b'"1."', b'"+1.5"', b'"1e5"', b'"NaN"', b'"Infinity"', b'"1E400"',
    b'"0.0000000001"', b'"true"', b'"FALSE"', b'"yes"', b'"null"', b'"\\u0031"', b'"\\u0000"', b'"a\\u0000b"',
    b'"\\ud83c"', b'"\\udf43\\ud83c"', b'"\\ud83c\\udf43"', b'"\xf0\x9f\x8d\x83 \xc3\xa5"', b'"\xff"', b'"caf\xe9"',
    b'"\xed\xa0\xbc"', b'"\xc0\x80"', b'"\\q"', b'"\\u12"', b'"a\tb"', b'"a\nb"', b'"\x00"', b'"\x7f"', b'"a\\"b"',
    b'"\\\\"', b'"say \\": twice\\":"', b"[]", b"{}", b"[1]", b"[null]", b"[true]", b"[1.0]", b'["7"]', b"[1, 2]",
    b'["a"]', b'["a", null]', b'["\\ud83c"]', b"[NaN]", b"[[1]]", b'{"id": 7}', b'{"id": "7"}', b'{"id": 7.5}',
    b'{"id": null}', b'{"a": {"b": [1, {"c": "}"}]}}', b'{"a": 1, "a": 2}', b'{"id": 7, "id": 8}', b'{"a": NaN}',
    b'{"a": 1e400}', b'{"a": "\xff"}', b'{"a": "\\ud83c"}', b'{"\\ud83c": 1}', b'{"a" : 1}', b"[" * 40 + b"]" * 40,
    b"[" * 5000 + b"]" * 5000, b'{"a":' * 3000 + b"1" + b"}" * 3000, b'"' + b"x" * 20000 + b'"',
    b'"2026-05-01"', b'"2026-05-01T10:00:00Z"', b'"2026-05-01 10:00:00.123456-06:00"', b'"2026-05-01T10:00:00"',
    b'"2026-05-01T10:00:00.1234567Z"', b'"2026-05-01T10:00Z"', b'"2026-05-01T10:00:00+0530"', b'"2026-13-01"',
    b'"2026-02-29"', b'"2024-02-29"', b'"2026-02-29T00:00:00Z"', b'"2026-05-01T24:00:00Z"', b'"2026-05-01T23:59:60Z"',
    b'"2026-05-01T10:00:00+24:00"', b'"0001-01-01T00:00:00Z"', b'"0001-01-01T00:00:00+05:00"', b'"0001-01-01"',
    b'"0000-01-01"', b'"0000-01-01T00:00:00Z"', b'"9999-12-31"', b'"10000-01-01"',
    b'"9999-12-31T23:59:59.999999Z"', b'"9999-12-31T23:59:59-06:00"', b'"12026-05-01T10:00:00Z"', b'"-001-01-01"',
    b'"05/01/2026"', b'"20260501T100000Z"', b'"2026-5-1"', b'" 2026-05-01"', b"1777629600", b'"1777629600"',
]  # fmt: skip

# Texts after which nobody can say where the next field begins.
UNREADABLE = [b'"no end', b"[1, 2", b'{"a": 1', b"1]", b"}", b'{"a": [}', b"1,,2"]


def random_text(rng: Random) -> bytes:
    """Return a JSON text, more often than not a good one, of a form picked by chance."""
    digits = "".join(rng.choice("0123456789") for _ in range(rng.choice((1, 3, 9, 17, 28, 31))))
    sign, point = rng.choice(("", "-")), rng.randrange(len(digits) + 1)
    number = f"{sign}{int(digits[:point] or '0')}" + (f".{digits[point:]}" if digits[point:] else "")
    moment = datetime(1, 1, 2) + (datetime(9999, 12, 30) - datetime(1, 1, 2)) * rng.random()
    offset = rng.choice(("Z", "+00:00", "-06:00", "+05:30", "-0700", ""))
    letters = "".join(rng.choice("ab 'é🍃\u2028\\\"/\x01:{}[],") for _ in range(rng.randrange(12)))
    form = rng.choice((number, f'"{number}"', f'"{moment.isoformat()}{offset}"', f'"{moment:%Y-%m-%d}"', None))
    return (json.dumps(letters, ensure_ascii=rng.random() < 0.5) if form is None else form).encode()
