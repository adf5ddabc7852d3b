"""The data flows one way: no module imports what comes after it."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "pipeline"

# What each part may import of the others; a part may always import itself.
ALLOWED = {
    "errors": set(),
    "clock": set(),
    "resources": {"errors"},
    "contracts": {"errors", "resources"},
    "settings": {"errors"},
    "companies": {"errors", "settings"},
    "leaflink": {"clock", "errors"},
    "reading": {"errors"},
    "landing": {"errors", "resources", "reading"},
    "datafolder": {"errors", "landing"},
    "extract": {"clock", "errors", "resources", "leaflink", "reading", "landing"},
    "models": {"clock", "errors"},
    "warehouse": {"clock", "errors", "resources", "reading", "landing", "models"},
    "reconcile": {"errors", "warehouse"},
    "sandbox": {"clock", "errors"},
    "terminal": {"clock", "errors", "companies", "landing", "extract", "warehouse", "models", "reconcile", "contracts"},
}
COMMANDS = {"cli", "jobs", ""}  # they put the parts together


def imports_of(path: Path) -> set[str]:
    """Return the parts of the pipeline that a module imports."""
    parts = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
            if node.module == "pipeline":
                names = [f"pipeline.{alias.name}" for alias in node.names]
        parts |= {name.split(".")[1] for name in names if name.startswith("pipeline.")}
    return parts


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_imports_upstream_of_itself(path: Path) -> None:
    own = path.relative_to(ROOT).parts[0].removesuffix(".py").replace("__init__", "")
    if own in COMMANDS:
        return

    assert imports_of(path) - {own} <= ALLOWED[own]


def test_contracts_know_no_http_models_no_api_and_reading_neither_nor_arrow() -> None:
    forbidden_in = {
        "resources": {"aiohttp"},
        "models": {"aiohttp", "msgspec"},
        "reading": {"aiohttp", "msgspec", "orjson", "pyarrow", "duckdb"},
    }
    for part, forbidden in forbidden_in.items():
        for path in (ROOT / part).rglob("*.py"):
            text = path.read_text()
            assert not any(f"import {name}" in text or f"from {name}" in text for name in forbidden), path
