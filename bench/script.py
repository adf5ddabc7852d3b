"""The plain script that Leafhouse is measured against: requests, JSON lines, read_json_auto.

One page after the other, each resource in full, as such scripts are written. Usage: script.py BASE_URL KEY FOLDER
"""

import json
import sys
from pathlib import Path

import duckdb
import requests

RESOURCES = ("orders-received", "line-items", "customers", "products", "order-payments")


def main(base_url: str, key: str, folder: Path) -> None:
    """Fetch every resource into a JSON lines file and load the files into DuckDB."""
    session = requests.Session()
    session.headers["Authorization"] = f"App {key}"
    rows = 0
    con = duckdb.connect(str(folder / "script.duckdb"))
    for resource in RESOURCES:
        file = folder / f"{resource}.jsonl"
        with file.open("w") as lines:
            offset = 0
            while True:
                answer = session.get(f"{base_url}{resource}/", params={"limit": 100, "offset": offset}, timeout=60)
                answer.raise_for_status()
                results = answer.json()["results"]
                if not results:
                    break
                for row in results:
                    lines.write(json.dumps(row) + "\n")
                offset += len(results)
        rows += offset
        table = resource.replace("-", "_")
        con.execute(
            f"create table {table} as select * from read_json_auto(?, maximum_object_size=100000000)", [str(file)]
        )
    print(rows)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
