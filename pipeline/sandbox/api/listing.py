"""Answers to well-formed questions: pages of a list, single rows, and what is left out of or added to a row."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from pipeline import clock
from pipeline.sandbox.store.filters import Condition
from pipeline.sandbox.store.store import Store, from_json, to_json
from pipeline.sandbox.store.table import Row, Table
from pipeline.sandbox.trouble.bending import Span, bent_head, bent_span
from pipeline.sandbox.trouble.faults import Faults, Turn
from pipeline.sandbox.trouble.lies import FailingError, FailingRow, Lie, Rows, Stale
from pipeline.sandbox.trouble.mixed_types import mixed
from pipeline.sandbox.trouble.ordering import order_by
from pipeline.sandbox.trouble.spoiling import spoiled
from pipeline.sandbox.world.customers import Buyer
from pipeline.sandbox.world.orders import rep_objects
from pipeline.sandbox.world.tables import TABLES

# The parameters that decide what a row looks like; `include_children=line_items` alone needs no parsing.
_SHAPING = frozenset({"fields_include", "fields_exclude", "expand"})


@dataclass(frozen=True)
class ServerSettings:
    """How the server answers.

    `rate_per_minute` 0 is no limit; `latency_seconds` is waited for before each answer; `ignored_filters` names
    filters by resource that do nothing. `listed` gives by resource ("*": every other one that can be) the order of its
    list: one of `ordering.ORDERS`, ties by key; the others keep their own. `lies` says by resource what its list
    is untrue about, and may be changed while the server runs.
    `forbidden` names the resources that the key may not see, `not_offered` those that this API does not have.
    `scheme` is what the key must come with: App or Token. `clock` gives the time in the Date header. `faults` is what
    goes wrong. `between` is called on the event loop after each page or row that was read for an answer, before
    the next one can be: what it changes shows from the next answer on.
    """

    key: str = "sandbox"
    scheme: str = "App"
    rate_per_minute: int = 300
    burst_per_minute: int = 1000
    default_limit: int = 50
    max_limit: int = 100
    latency_seconds: float = 0.0
    gzip: bool = False
    ignored_filters: frozenset[tuple[str, str]] = frozenset(
        {("line_items", "order__modified__gte"), ("line_items", "order__modified__lte")}
    )
    listed: Mapping[str, str] = field(default_factory=dict)
    lies: Mapping[str, Lie] = field(default_factory=dict)
    forbidden: frozenset[str] = frozenset()
    not_offered: frozenset[str] = frozenset()
    mixed_types: int | None = None
    clock: Callable[[], datetime] = field(default_factory=lambda: clock.now)
    faults: Faults = field(default_factory=Faults)
    between: Callable[[], object] | None = None


class BadParameterError(Exception):
    """A filter's value is of no use; `problems` says which and why, as the answer does."""

    def __init__(self, problems: dict[str, list[str]]) -> None:
        super().__init__(str(problems))
        self.problems = problems


class Listing:
    """Reads answers from the store."""

    def __init__(self, store: Store, settings: ServerSettings) -> None:
        self._store, self._settings = store, settings

    def page(self, table: Table, query: Mapping[str, str], url: str, where: list[Condition], turn: Turn) -> bytes:
        """Return a page of the rows that `where` and the query's filters leave; `url` is the list's own.

        Parameters that are unknown are ignored, `page` and `page_size` among them. Raises BadParameterError, and
        FailingError when a lie makes the page fail.
        """
        lie = self.lie(table, where)
        if isinstance(lie, Stale):
            return Listing(lie.past, replace(self._settings, lies={})).page(table, query, url, where, turn)
        conditions = where + (
            [] if turn.fault == "ignored-filter" else self._conditions(table, {**table.assumed, **query})
        )
        order = order_by(self._store, table, self._settings.listed)
        rows = Rows(self._store, table, [*conditions, lie.condition(table)], order)
        limit = _whole(query.get("limit"), 1) or self._settings.default_limit
        span = Span(min(limit, self._settings.max_limit), _whole(query.get("offset"), 0) or 0)
        span, read = bent_span(turn.fault, span)
        count = lie.count(rows)
        found = lie.page(rows, read) if read.offset < count else []
        following = _link(url, query, span.limit, span.end) if span.end < count else None
        previous = _link(url, query, span.limit, max(0, span.offset - span.limit)) if span.offset else None
        head = {"count": lie.stated(count), "next": following, "previous": previous}
        head = bent_head(turn, head, _link(url, query, *span))
        return lie.body(head, lie.results(table, self._shaped(table, found, query, turn)))

    def lie(self, table: Table, where: list[Condition]) -> Lie:
        """Return the lie that concerns the resource's list (with `where`: a list below another row's path)."""
        lie = self._settings.lies.get(table.name, Lie())
        return lie if not where or isinstance(lie, FailingRow) else Lie()

    def row(self, table: Table, key: str, query: Mapping[str, str], turn: Turn) -> bytes | None:
        """Return one row, or nothing if there is none with that key. Raises FailingError when a lie wants it."""
        lie = self._settings.lies.get(table.name)
        if isinstance(lie, FailingRow) and str(lie.key) == key:
            raise FailingError
        if table.key_type == "INTEGER" and _whole(key, 0) is None:
            return None
        # A text that is a number finds the number: the column's type decides.
        assumed = {name: query.get(name, text) for name, text in table.assumed.items()}
        where = [Condition("key = ?", (key,)), *self._conditions(table, assumed)]
        found = self._store.page(table, where, 1, 0)
        return self._shaped(table, found, query, turn)[0] if found else None

    def _conditions(self, table: Table, query: Mapping[str, str]) -> list[Condition]:
        conditions, problems = [], {}
        for name, text in query.items():
            condition = table.filters.get(name)
            if condition is None or not text or (table.name, name) in self._settings.ignored_filters:
                continue
            try:
                conditions.append(condition(text))
            except ValueError as error:
                problems[name] = [str(error)]
        if problems:
            raise BadParameterError(problems)
        return conditions

    def _shaped(
        self, table: Table, found: list[tuple[Any, bytes]], query: Mapping[str, str], turn: Turn
    ) -> list[bytes]:
        """Return the bodies as the query wants them; children are put in as text, which keeps pages cheap."""
        included = table.includes & set(query.get("include_children", "").split(","))
        bodies = [body for _, body in found]
        if included - {"line_items"} or _SHAPING & query.keys():
            bodies = [to_json(self._reshaped(table, from_json(body), query, included)) for body in bodies]
        keys = [key for key, _ in found]
        bodies = [spoiled(table, self._mixed(table, body), turn, key) for key, body in zip(keys, bodies, strict=True)]
        if "line_items" in included:
            lines = self._lines(keys, turn)
            bodies = [
                body[:-1] + (b',"line_items":[' if body != b"{}" else b'"line_items":[') + b",".join(lines[key]) + b"]}"
                for (key, _), body in zip(found, bodies, strict=True)
            ]
        return bodies

    def _lines(self, numbers: list[Any], turn: Turn) -> dict[Any, list[bytes]]:
        """Return the lines of each of the orders."""
        table = TABLES["line_items"]
        lines = self._store.children(table, "order_number", numbers)
        return {
            number: [spoiled(table, self._mixed(table, body), turn) for body in bodies]
            for number, bodies in lines.items()
        }

    def _mixed(self, table: Table, body: bytes) -> bytes:
        seed = self._settings.mixed_types
        return body if seed is None else mixed(table, body, seed)

    def _reshaped(self, table: Table, row: Row, query: Mapping[str, str], included: frozenset[str]) -> Row:
        if "customer" in included and isinstance(row["customer"], int):
            customer = self._store.get("customers", row["customer"])
            row["customer"] = Buyer.of(from_json(customer)).short() if customer else None
        if "sales_reps" in included:
            row["sales_reps"] = rep_objects(row["sales_reps"])
        if table.name == "line_items" and "product" in query.get("expand", "").split(","):
            product = self._store.get("products", row["product"])
            row["product"] = from_json(product) if product else None
        if wanted := query.get("fields_include"):
            row = {name: value for name, value in row.items() if name in wanted.split(",")}
        if unwanted := query.get("fields_exclude"):
            row = {name: value for name, value in row.items() if name not in unwanted.split(",")}
        return row


def _whole(text: str | None, least: int) -> int | None:
    """Return a whole number of at most 18 digits that is at least `least`; what is none counts as not given."""
    return int(text) if text and text.isdecimal() and len(text) < 19 and int(text) >= least else None


def _link(url: str, query: Mapping[str, str], limit: int, offset: int) -> str:
    """Return the address of another page; the first one is told without an offset."""
    parameters: dict[str, Any] = {**query, "limit": limit, "offset": offset}
    if not offset:
        del parameters["offset"]
    return f"{url}?{urlencode(parameters)}"
