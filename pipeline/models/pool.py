"""Models side by side, each as soon as what it reads has been made; in DuckDB each on a connection of its own."""

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
    """Call `make` with a connection and each model, as `side_by_side` does, two at a time.

    Each call is a transaction of its own, in the current database of `con`. One that lacks memory beside another is
    repeated on its own. After an error, the one that runs beside it is stopped.
    """
    with ExitStack() as stack:
        connections = [stack.enter_context(_another(con, settings)) for _ in range(_CONNECTIONS)]
        free = list(connections)

        def on_a_free_one(model: Model) -> T:
            each = free.pop()
            try:
                with transaction(each):
                    return make(each, model)
            finally:
                free.append(each)

        def stop() -> None:
            for each in connections:
                each.interrupt()

        return side_by_side(
            _CONNECTIONS, models, on_a_free_one, there=there, repeat_after=duckdb.OutOfMemoryException, stop=stop
        )


def side_by_side(
    most: int,
    models: Sequence[Model],
    make: Callable[[Model], T],
    *,
    there: Sequence[Model] = (),
    repeat_after: type[Exception] | tuple[()] = (),
    stop: Callable[[], None] = lambda: None,
) -> dict[str, T]:
    """Call `make` with each model, after those that it reads, and return what it returned, by name.

    At most so many run at a time. `there` are the models that are made already: a view among them reads what may have
    to be made first. One that ends with the error `repeat_after` beside another is repeated on its own. Any other error
    is raised once those have ended that run beside it, of which `stop` may ask them again and again.
    """
    by_name = {model.name: model for model in models}
    known = {model.name: model for model in there} | by_name
    sorter = TopologicalSorter({name: known.keys() & set(model.inputs) for name, model in known.items()})
    sorter.prepare()
    made: dict[str, T] = {}
    ready: list[str] = []
    alone: set[str] = set()
    running: dict[Future[T], str] = {}
    with ThreadPoolExecutor(most) as workers, ExitStack() as stack:
        stack.callback(_end, running, stop)
        while sorter.is_active():
            while fresh := sorter.get_ready():
                ready += [name for name in fresh if name in by_name]
                sorter.done(*(name for name in fresh if name not in by_name))
            for name in list(ready):
                if len(running) < most and (not running or alone.isdisjoint({name, *running.values()})):
                    ready.remove(name)
                    running[workers.submit(make, by_name[name])] = name
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                name = running.pop(future)
                try:
                    made[name] = future.result()
                except repeat_after:
                    if name in alone:
                        raise
                    alone.add(name)
                    ready.append(name)
                else:
                    sorter.done(name)
    return made


def _end(running: Mapping[Future[T], str], stop: Callable[[], None]) -> None:
    """Stop what runs until it has ended: one that is between two queries does not feel it."""
    while wait(running, timeout=_A_MOMENT).not_done:
        stop()


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
