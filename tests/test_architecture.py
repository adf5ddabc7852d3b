"""The data flows one way: no room imports what comes after it, and no circle joins two files of any room."""

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "pipeline"
FILES = sorted(ROOT.rglob("*.py"))

# What each room may import of the others; a room may always import itself.
ALLOWED: Mapping[str, set[str]] = {
    "errors": set(),
    "clock": set(),
    "instants": set(),
    "zones": set(),
    "sql": set(),
    "resources": {"errors", "instants"},
    "settings": {"errors", "zones"},
    "leaflink": {"clock", "errors"},
    "reading": {"errors"},
    "decoding": {"instants", "resources"},
    "landing": {"clock", "errors", "resources", "reading", "decoding"},
    "datafolder": {"clock", "errors", "landing"},
    "extract": {"clock", "errors", "instants", "resources", "leaflink", "reading", "decoding", "landing"},
    "models": {"clock", "errors", "sql", "zones"},
    "warehouse": {"clock", "errors", "sql", "datafolder", "resources", "reading", "decoding", "landing", "models"},
    "pages": {"errors", "landing"},
    "report": {"datafolder", "pages", "resources", "warehouse"},
    "reconcile": {"errors", "sql", "warehouse"},
    "export": {"errors", "sql", "datafolder", "landing", "warehouse"},
    "mcp": {"errors", "datafolder", "warehouse"},
    "dictionary": {"resources", "models", "warehouse", "pages"},
    "sandbox": {"clock", "errors"},
    "tools": {"errors", "resources", "sandbox"},
    "jobs": {
        "clock", "errors", "instants", "sql", "settings", "datafolder", "resources", "leaflink", "reading",
        "decoding", "extract", "landing", "models", "warehouse", "report", "sandbox",
    },
    "engines": {
        "clock", "errors", "settings", "sql", "datafolder", "resources", "landing", "extract", "models", "warehouse",
        "jobs",
    },
    "terminal": {
        "clock", "errors", "settings", "datafolder", "resources", "landing", "extract", "warehouse", "models",
        "reconcile", "report", "export", "mcp", "dictionary", "sandbox", "tools", "jobs", "zones", "engines",
    },
}  # fmt: skip
# The rooms inside a room: each may import those before it.
INSIDE = {"sandbox": ("store", "world", "trouble", "api")}
# They put the rooms together: the command line, and what a notebook imports.
ENTRANCES = {"cli", "__init__"}
FORBIDDEN: Mapping[str, set[str]] = {
    "resources": {"aiohttp"},
    "decoding": {"aiohttp"},
    "models": {"aiohttp", "msgspec"},
    "reading": {"aiohttp", "msgspec", "orjson", "pyarrow", "duckdb"},
    "jobs": {"rich", "typer"},
}


def name_of(path: Path) -> str:
    """Return the dotted name of a module of the pipeline."""
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in FILES}


def imported_by(path: Path, text: str) -> Iterator[str]:
    """Yield the dotted names that a module imports, wherever and in whichever form it does so."""
    package = name_of(path) if path.name == "__init__.py" else name_of(path).rpartition(".")[0]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")
            base = ".".join(parents[: len(parents) - node.level + 1]) if node.level else ""
            source = ".".join(filter(None, (base, node.module)))
            yield source
            yield from (f"{source}.{alias.name}" for alias in node.names)


def modules_of(path: Path) -> set[str]:
    """Return the modules of the pipeline that a module imports; a package stands for its `__init__`."""
    return {name for name in imported_by(path, path.read_text()) if name in MODULES} - {name_of(path), "pipeline"}


def room_of(name: str) -> str:
    return name.split(".")[1] if "." in name else "__init__"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_imports_upstream_of_itself(path: Path) -> None:
    own = room_of(name_of(path))
    if own in ENTRANCES:
        return

    assert {room_of(name) for name in modules_of(path)} - {own} <= ALLOWED[own]


@pytest.mark.parametrize(("room", "inner"), [(room, inner) for room, rooms in INSIDE.items() for inner in rooms])
def test_no_room_inside_a_room_imports_one_behind_it(room: str, inner: str) -> None:
    behind = INSIDE[room][INSIDE[room].index(inner) + 1 :]
    for path in (ROOT / room / inner).rglob("*.py"):
        found = {name.split(".")[2] for name in modules_of(path) if name.startswith(f"pipeline.{room}.")}
        assert not found & set(behind), path


def test_no_arrow_between_rooms_points_back() -> None:
    assert list(TopologicalSorter(ALLOWED).static_order())


def test_no_circle_joins_two_files() -> None:
    graph = {}
    for name, path in MODULES.items():
        inside = {each for each in modules_of(path) if room_of(each) == room_of(name)}
        # What a room's `__init__` gathers is for other rooms.
        graph[name] = {each for each in inside if MODULES[each].name != "__init__.py"}

    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


@pytest.mark.parametrize("room", FORBIDDEN)
def test_rooms_know_nothing_of_what_is_not_theirs(room: str) -> None:
    for path in (ROOT / room).rglob("*.py"):
        libraries = {name.split(".")[0] for name in imported_by(path, path.read_text())}
        assert not libraries & FORBIDDEN[room], path


@pytest.mark.parametrize(
    "text",
    [
        "import aiohttp",
        "import aiohttp.web as web",
        "from aiohttp import ClientSession",
        "from aiohttp.web import Response as R",
        "def late():\n    import os, aiohttp",
        "if TYPE_CHECKING:\n    from aiohttp import web",
    ],
)
def test_every_form_of_an_import_is_seen(text: str) -> None:
    assert "aiohttp" in {name.split(".")[0] for name in imported_by(ROOT / "models" / "x.py", text)}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("from . import run", "pipeline.models.run"),
        ("from .run import x", "pipeline.models.run"),
        ("from ..warehouse import merge", "pipeline.warehouse.merge"),
        ("from pipeline import clock", "pipeline.clock"),
        ("from pipeline.warehouse import merge", "pipeline.warehouse.merge"),
    ],
)
def test_a_module_is_known_however_it_is_named(text: str, name: str) -> None:
    assert name in set(imported_by(ROOT / "models" / "x.py", text))
