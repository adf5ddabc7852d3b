"""Executing the committed notebooks in a kernel, as `make notebook` does."""

import os
import re
from base64 import b64decode
from json import JSONDecoder
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "notebooks"
NAMES = ("receivables", "brands", "sell_through", "customers_and_reorders", "data_quality")
Output = dict[str, str]


def environment(data_dir: Path) -> dict[str, str]:
    """Return this process's environment with no setting of ours but the data folder, and no way to the network."""
    ours = ("LEAFLINK_", "LEAFHOUSE_")
    rest = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    return rest | nowhere | {
        "LEAFHOUSE_SANDBOX": "1",
        "LEAFHOUSE_DATA_DIR": str(data_dir),
        "IPYTHONDIR": str(data_dir / "ipython"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip


def execute(name: str, data_dir: Path) -> dict[str, list[Output]]:
    """Execute a committed notebook on a data folder; return what each code cell shows, by the cell's id."""
    # Imported here: it takes two seconds, which every process of the tests would spend when it collects them.
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    client = NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(FOLDER)}})
    client.execute(env=environment(data_dir))
    return {
        cell.id: [dict(output.data) for output in cell.outputs] for cell in notebook.cells if cell.cell_type == "code"
    }


def pictures(outputs: list[Output]) -> list[Output]:
    """Return the outputs of a cell that are pictures."""
    return [output for output in outputs if "image/svg+xml" in output]


def specification(picture: Output) -> dict[str, Any]:
    """Return the Vega-Lite specification that a picture's script draws."""
    html = picture["text/html"]
    return JSONDecoder().raw_decode(html, html.index("', {") + 3)[0]


def still(picture: Output) -> str:
    """Return the SVG that a picture's page shows before, or without, its script."""
    return b64decode(re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', picture["text/html"])[1]).decode()


def words(svg: str) -> list[str]:
    """Return the texts of an SVG picture, in the order of the file."""
    return [re.sub(r"<[^>]+>", "", text) for text in re.findall(r"<text[^>]*>(.*?)</text>", svg, re.DOTALL)]
