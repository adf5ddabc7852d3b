"""Many generated records: `python -m tests.long.values --records 100000`."""

import argparse
import tempfile
from pathlib import Path
from random import Random

from tests.reliability.records import Warehouse, make_record

_BATCH = 500


def main() -> None:
    """Take as many records as the command line says through decoding, Parquet and DuckDB."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng, landed, aside = Random(options.seed), 0, 0
    with tempfile.TemporaryDirectory() as folder:
        warehouse = Warehouse(Path(folder))
        for start in range(0, options.records, _BATCH):
            numbers = range(start, min(start + _BATCH, options.records))
            more = warehouse.check([make_record(rng, number) for number in numbers])
            landed, aside = landed + more[0], aside + more[1]
    print(f"{options.records:,} records: {landed:,} landed exactly, {aside:,} set aside with the right field named")


if __name__ == "__main__":
    main()
