"""The same read with dlt's REST source, merged by key into DuckDB. It runs in an environment of its own that has dlt.

Usage: dlt_reader.py read BASE_URL KEY FOLDER, or dlt_reader.py keys FOLDER, which prints the keys of every table.
"""

import json
import sys
from pathlib import Path

RESOURCES = {
    "orders-received": "number", "line-items": "id", "customers": "id", "products": "id", "order-payments": "id",
}  # fmt: skip


def read(base_url: str, key: str, folder: Path) -> None:
    """Read every resource page by page, as `next` says, and load the rows."""
    import dlt
    from dlt.sources.rest_api import rest_api_source

    source = rest_api_source(
        {
            "client": {
                "base_url": base_url,
                "headers": {"Authorization": f"App {key}"},
                "paginator": {"type": "json_link", "next_url_path": "next"},
            },
            "resources": [
                {
                    "name": resource.replace("-", "_"),
                    "primary_key": row_key,
                    "write_disposition": "merge",
                    "max_table_nesting": 0,
                    "endpoint": {"path": f"{resource}/", "params": {"limit": 100}, "data_selector": "results"},
                }
                for resource, row_key in RESOURCES.items()
            ],
        }
    )
    pipeline = dlt.pipeline(
        "leaflink", pipelines_dir=str(folder / "state"), dataset_name="leaflink",
        destination=dlt.destinations.duckdb(str(folder / "dlt.duckdb")),
    )  # fmt: skip
    pipeline.run(source)


def keys(folder: Path) -> None:
    """Print, by table, the keys of its rows."""
    import duckdb

    con = duckdb.connect(str(folder / "dlt.duckdb"), read_only=True)
    tables = {resource.replace("-", "_"): row_key for resource, row_key in RESOURCES.items()}
    found = {}
    present = {name for (name,) in con.execute("SELECT table_name FROM information_schema.tables").fetchall()}
    for name, row_key in tables.items():
        if name not in present:  # dlt makes no table for no rows
            found[name] = []
            continue
        found[name] = [key for (key,) in con.execute(f'SELECT "{row_key}" FROM leaflink.{name}').fetchall()]
    print(json.dumps(found))


if __name__ == "__main__":
    if sys.argv[1] == "read":
        read(sys.argv[2], sys.argv[3], Path(sys.argv[4]))
    else:
        keys(Path(sys.argv[2]))
