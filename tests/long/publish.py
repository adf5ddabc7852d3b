"""Many publishes under eight readers: `python -m tests.long.publish --publishes 50`."""

import argparse
import tempfile
import time
from pathlib import Path

from tests.warehouse.publishing import READERS, publish_under_readers
from tests.warehouse.seller import Seller

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--publishes", type=int, default=50)
    count, started = parser.parse_args().publishes, time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        publish_under_readers(Seller(Path(folder)), count)
    seconds = time.monotonic() - started
    print(f"{count:,} publishes under {len(READERS)} readers in {seconds:,.0f} s, no error, one publish per answer")
