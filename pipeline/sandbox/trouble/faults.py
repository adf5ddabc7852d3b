"""What goes wrong with a sandbox's answers, how often, and when: the same from the same seed."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, TypeVar
from urllib.parse import urlsplit

from pipeline.errors import UsageError

Number = TypeVar("Number", int, float)

_LONGEST_SECONDS = 86400
# Faults of a request: its rate is the share of requests that have it.
REQUEST_FAULTS = {
    "429": "429 with Retry-After: 1",
    "429-none": "429 without Retry-After",
    "429-garbage": "429 with a Retry-After that is neither seconds nor a date",
    "429-past": "429 with a Retry-After date in the past",
    "429-date": "429 with a Retry-After date one second ahead",
    "500": "500 with a reason in JSON",
    "502-html": "502 with a page of HTML",
    "503": "503 with a reason in JSON",
    "504": "504 without a body",
    "reset": "the connection is reset before an answer",
    "reset-midway": "the connection is reset after half of the body",
    "truncate": "the connection ends before all of the promised Content-Length came",
    "short-json": "a JSON body that is cut off, with the Content-Length of what is left",
    "html-200": "200 with a page of HTML",
    "hang": "no answer for `hang-seconds`, then the connection is reset",
    "drip": "a byte now and then for `hang-seconds`, then the connection ends",
    "empty-page": "no rows and no next page, although the count says that there are more",
    "wrong-count": "a count that is larger than what comes",
    "repeat-next": "a next that names this very page",
    "same-page": "the rows of the page before once more",
    "clamp": "half of the rows asked for; next starts after them",
    "redirect": "302 to `elsewhere`",
    "next-elsewhere": "a next that names `elsewhere` as scheme and host",
    "wrong-charset": "a Content-Type that names another charset than the one sent",
    "ignored-filter": "rows and count without any filter",
    "bomb": "a gzip body, asked for or not, that inflates a thousandfold to 64 MiB",
}
# Faults of a row: its rate is the share of rows, picked by seed and key, that have it each time they are served.
ROW_FAULTS = {
    "nan": "a number is NaN",
    "big-float": "a number is 1e400",
    "lone-surrogate": "a text holds half of a surrogate pair",
    "nul": "a text holds U+0000",
    "bad-utf8": "a text holds bytes that are no UTF-8",
    "float-id": "an id is written as a float",
    "null-key": "the key is null",
    "duplicate-key": "a number's name comes twice, with two values",
    "wrong-type": "a number is a list",
    "year-0001": "an instant is before the year 1 in UTC",
    "year-9999": "an instant is after the year 9999 in UTC",
    "huge-row": "a text of 4 MiB",
    "deep": "an unknown field holds lists nested 5,000 deep",
}


@dataclass(frozen=True)
class Faults:
    """A schedule of faults. Raises UsageError for what it cannot be made from.

    `rates` gives each fault's share, from 0 to 1: of the requests for REQUEST_FAULTS, of the rows for ROW_FAULTS. A
    request has at most one, and so has a row: always the same, wherever it is served. After `until` requests the
    server is well again. `hang_seconds` is how long an answer hangs or drips at most; `elsewhere` is the origin
    (scheme and host) that redirects and foreign `next` links name.
    """

    rates: Mapping[str, float] = field(default_factory=dict)
    seed: int = 0
    until: int | None = None
    hang_seconds: float = 60.0
    elsewhere: str = "https://elsewhere.invalid"

    def __post_init__(self) -> None:
        for name, rate in self.rates.items():
            if name not in REQUEST_FAULTS and name not in ROW_FAULTS:
                known = ", ".join((*REQUEST_FAULTS, *ROW_FAULTS))
                raise UsageError(f"There is no fault {name!r}. There are: {known}.")
            if not 0 <= rate <= 1:
                raise UsageError(f"The rate of {name} is {rate}. Give a share from 0 to 1, such as 0.05.")
        for kind, names in (("request", REQUEST_FAULTS), ("row", ROW_FAULTS)):
            total = sum(self.rates.get(name, 0) for name in names)
            if total > 1 + 1e-9:
                raise UsageError(f"The rates add up to {total:g} faults a {kind}. They may add up to 1.")

    @classmethod
    def parse(cls, text: str) -> "Faults":
        """Return what a text such as `429:0.05,reset:0.01,seed=7,until=200` says.

        `name:rate` is a fault; `seed`, `until`, `hang-seconds` and `elsewhere` follow with `=`.
        """
        rates: dict[str, float] = {}
        settings: dict[str, Any] = {}
        for item in filter(None, (each.strip() for each in text.split(","))):
            name, sign, value = _split(item)
            if name in rates or name in settings:
                raise UsageError(f"--faults names {name} twice.")
            if sign == ":":
                rates[name] = _number(float, "a number", item, value)
            elif name in _SETTINGS:
                settings[name] = _SETTINGS[name](item, value)
            else:
                raise UsageError(f"--faults has no setting {name!r}. There are: {', '.join(_SETTINGS)}.")
        return cls(rates, **{name.replace("-", "_"): value for name, value in settings.items()})

    def at(self, number: int) -> str | None:
        """Return the fault of the request with that number (the server's first is 1), if it has one."""
        return None if self._is_over(number) else self._drawn(REQUEST_FAULTS, "request", number)

    def of_row(self, resource: str, key: object) -> str | None:
        """Return what is wrong with that row of the resource (`orders_received`, …), if anything is."""
        return self._drawn(ROW_FAULTS, resource, key)

    def turn(self, number: int) -> "Turn":
        """Return what is to go wrong with the request of that number."""
        has_bad_rows = any(self.rates.get(name) for name in ROW_FAULTS) and not self._is_over(number)
        return Turn(self.at(number), self, has_bad_rows)

    def _is_over(self, number: int) -> bool:
        return self.until is not None and number > self.until

    def _drawn(self, names: Iterable[str], *parts: object) -> str | None:
        digest = blake2b("/".join(map(str, (self.seed, *parts))).encode(), digest_size=7).digest()
        chance = int.from_bytes(digest) / 2**56
        for name in names:
            chance -= self.rates.get(name, 0)
            if chance < 0:
                return name
        return None


@dataclass(frozen=True)
class Turn:
    """What is to go wrong with one request: its own fault, and whether rows may be bad."""

    fault: str | None
    faults: Faults
    has_bad_rows: bool


def _split(item: str) -> tuple[str, str, str]:
    """Return name, sign and value of a part of the text: the sign that comes first parts it."""
    for position, sign in enumerate(item):
        if sign in ":=":
            return item[:position].strip(), sign, item[position + 1 :].strip()
    raise UsageError(f"--faults cannot use {item!r}. Write name:rate or setting=value, such as 429:0.05 or seed=7.")


def _number(kind: Callable[[str], Number], words: str, item: str, value: str) -> Number:
    try:
        return kind(value)
    except ValueError:
        raise UsageError(f"--faults cannot use {item!r}: {value!r} is not {words}.") from None


def _whole(item: str, value: str) -> int:
    return _number(int, "a whole number", item, value)


def _count(item: str, value: str) -> int:
    if (count := _whole(item, value)) < 0:
        raise UsageError(f"--faults cannot use {item!r}: it must be 0 or more.")
    return count


def _seconds(item: str, value: str) -> float:
    seconds = _number(float, "a number of seconds", item, value)
    if not 0 <= seconds <= _LONGEST_SECONDS:
        raise UsageError(f"--faults cannot use {item!r}: it must be from 0 to {_LONGEST_SECONDS}.")
    return seconds


def _origin(item: str, value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/"):
        raise UsageError(f"--faults cannot use {item!r}. Write scheme and host, such as https://elsewhere.invalid.")
    return f"{parts.scheme}://{parts.netloc}"


_SETTINGS: dict[str, Callable[[str, str], Any]] = {
    "seed": _whole,
    "until": _count,
    "hang-seconds": _seconds,
    "elsewhere": _origin,
}
