"""The price of documented types: `python -m bench.shapes`.

LeafLink's document, its reference and what was seen disagree about the JSON types of many fields. Each line gives one
field of half of the rows another documented type, and tells how many times the CPU of plain types it costs to decode
and land the rows, and how many had to be taken apart one by one. The two alternate; the least of several counts.
"""

import argparse
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import orjson

from pipeline.decoding.rows import RowDecoder
from pipeline.extract.batches import Workshop
from pipeline.landing import Landing
from pipeline.resources import all_resources
from pipeline.resources.columns import Shape, shape_of
from pipeline.resources.types import Kind, Record
from pipeline.sandbox.store.store import to_json
from pipeline.sandbox.trouble.mixed_types import FORMS, changed

_ROWS, _AT_ONCE = 10_000, 5_000

Row = dict[str, Any]


def make_rows(resource: str) -> list[Row]:
    """Return rows of a resource that have every field of its contract, each in the contract's own type."""
    random = Random(resource)
    return [_object(all_resources()[resource].record, random) for _ in range(_ROWS)]


def _object(record: type[Record], random: Random) -> Row:
    return {name: _value(shape_of(info), random) for name, info in record.model_fields.items()}


def _value(shape: Shape, random: Random) -> Any:
    if shape.is_list:
        return [_value(replace(shape, is_list=False), random) for _ in range(random.randrange(3))]
    if shape.record is not None:
        return _object(shape.record, random)
    number = random.randrange(10**6)
    match shape.kind:
        case Kind.INTEGER | Kind.LOOSE_INTEGER:
            return number
        case Kind.BOOLEAN | Kind.LOOSE_BOOLEAN:
            return number % 2 == 0
        case Kind.EXACT:
            return number / 100
        case Kind.INSTANT | Kind.INSTANT_OR_DAY:
            return f"2026-{number % 12 + 1:02}-{number % 28 + 1:02}T{number % 24:02}:00:00.{number:06}-07:00"
        case Kind.DAY:
            return f"2026-{number % 12 + 1:02}-{number % 28 + 1:02}"
        case Kind.JSON:
            return {"any": number}
        case Kind.TEXTS:
            return [f"text {number}"]
        case _:
            return f"text {number}"


def measure(resource: str, rows: list[bytes]) -> tuple[float, int]:
    """Return the CPU seconds that decoding and landing take, and how many rows had to be taken apart."""
    decoder, slow = RowDecoder(all_resources()[resource]), 0
    with tempfile.TemporaryDirectory() as folder:
        workshop = Workshop(
            Landing(Path(folder)), "20261124T000000Z-0000", "default", datetime(2026, 11, 24, tzinfo=UTC)
        )
        began = time.process_time()
        for start in range(0, len(rows), _AT_ONCE):
            decoded = decoder.decode(rows[start : start + _AT_ONCE])
            workshop.write(resource, decoded.table)
            slow += decoded.fields.slow_rows + len(decoded.rejected)
        return time.process_time() - began, slow


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=9)
    options = parser.parse_args()
    rows = {name: make_rows(name) for name in dict.fromkeys(form.resource for form in FORMS)}
    plain = {name: [orjson.dumps(row) for row in found] for name, found in rows.items()}
    print("| field | in half of the rows as | CPU, plain = 1 | rows taken apart |\n|---|---|---|---|")
    for resource, path, form, change in FORMS:
        mixed = [
            to_json(changed(row, path, change)) if number % 2 else plain[resource][number]
            for number, row in enumerate(rows[resource])
        ]
        seconds, slow = {"plain": float("inf"), "mixed": float("inf")}, 0
        for _ in range(options.times):
            seconds["plain"] = min(seconds["plain"], measure(resource, plain[resource])[0])
            took, slow = measure(resource, mixed)
            seconds["mixed"] = min(seconds["mixed"], took)
        print(f"| {resource}.{path} | {form} | {seconds['mixed'] / seconds['plain']:.2f} | {slow} |", flush=True)


if __name__ == "__main__":
    main()
