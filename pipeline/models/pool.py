"""Models side by side: two at a time, each on a connection of its own, as soon as what it reads has been made."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, closing, contextmanager
from graphlib import TopologicalSorter
from typing import TypeVar

import duckdb

from pipeline.models.model import Model
from pipeline.models.settings import ModelSettings, bound_settings
from pipeline.models.transaction import transaction
from pipeline.sql import identifier, literal

T = TypeVar("T")

_CONNECTIONS = 2
_A_MOMENT = 0.05  # seconds


def make_each(
    con: duckdb.DuckDBPyConnection,
    settings: ModelSettings,
    models: Sequence[Model],
    make: Callable[[duckdb.DuckDBPyConnection, Model], T],
    *,
    there: Sequence[Model] = (),
) -> dict[str, T]:
    """Call `make` with a connection and each model, after those that it reads, and return what it returned, by name.

    `there` are the models that are made already: a view among them reads what may have to be made first. Each call is
    a transaction of its own, in the current database of `con`. One that lacks memory beside another is repeated on its
    own. After an error, which is raised, the one that runs beside it is stopped.
    """
    by_name = {model.name: model for model in models}
    known = {model.name: model for model in there} | by_name
    sorter = TopologicalSorter({name: known.keys() & set(model.inputs) for name, model in known.items()})
    sorter.prepare()
    made: dict[str, T] = {}
    ready: list[str] = []
    alone: set[str] = set()
    running: dict[Future[T], tuple[str, duckdb.DuckDBPyConnection]] = {}
    with ExitStack() as stack:
        free = [stack.enter_context(_another(con, settings)) for _ in range(_CONNECTIONS)]
        workers = stack.enter_context(ThreadPoolExecutor(_CONNECTIONS))
        stack.callback(_stop, running)
        while sorter.is_active():
            while fresh := sorter.get_ready():
                ready += [name for name in fresh if name in by_name]
                sorter.done(*(name for name in fresh if name not in by_name))
            for name in list(ready):
                beside = {other for other, _ in running.values()}
                if free and (not beside or alone.isdisjoint({name, *beside})):
                    ready.remove(name)
                    each = free.pop()
                    running[workers.submit(_make, each, by_name[name], make)] = (name, each)
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                name, each = running.pop(future)
                free.append(each)
                try:
                    made[name] = future.result()
                except duckdb.OutOfMemoryException:
                    if name in alone:
                        raise
                    alone.add(name)
                    ready.append(name)
                else:
                    sorter.done(name)
    return made


def _make(con: duckdb.DuckDBPyConnection, model: Model, make: Callable[[duckdb.DuckDBPyConnection, Model], T]) -> T:
    with transaction(con):
        return make(con, model)


def _stop(running: Mapping[Future[T], tuple[str, duckdb.DuckDBPyConnection]]) -> None:
    """Interrupt what runs until it has ended: one that is between two queries does not feel it."""
    while wait(running, timeout=_A_MOMENT).not_done:
        for _, each in running.values():
            each.interrupt()


@contextmanager
def _another(con: duckdb.DuckDBPyConnection, settings: ModelSettings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield another connection to what `con` is connected to, that knows the settings of the models."""
    ((database, zone),) = con.execute("SELECT current_database(), current_setting('TimeZone')").fetchall()
    with closing(con.cursor()) as another:
        another.execute(f"USE {identifier(database)}")
        if another.execute("SELECT current_setting('TimeZone')").fetchall() != [(zone,)]:
            another.execute(f"SET TimeZone = {literal(zone)}")
        with bound_settings(another, settings):
            yield another
