"""Which ids a data folder has seen: a landing that was emptied and a rollback forget none."""

import shutil
from pathlib import Path

import pytest

from pipeline.errors import ConfigurationError
from pipeline.warehouse.ids import known_loads, newest_run
from pipeline.warehouse.rollback import roll_back

from .seller import ORDERS, Seller, order, read_all


def test_a_new_folder_knows_none(tmp_path: Path) -> None:
    assert newest_run(tmp_path) == ""
    assert known_loads(tmp_path) == {""}


def test_runs_are_known_when_their_landing_is_gone(seller: Seller) -> None:
    seller.land(read_all(ORDERS, order("a")))
    run = seller.land(read_all(ORDERS, order("a")))
    seller.load()
    shutil.rmtree(seller.landing.root)

    assert newest_run(seller.data_dir) == run.run_id


def test_loads_are_known_when_an_older_one_was_put_back(seller: Seller) -> None:
    for _ in range(3):
        seller.land(read_all(ORDERS, order("a")))
        seller.load()
    roll_back(seller.data_dir, "load-001")

    assert known_loads(seller.data_dir) >= {"load-001", "load-002", "load-003"}


def test_a_damaged_warehouse_is_said_as_everywhere(seller: Seller) -> None:
    seller.published.write_bytes(b"not a database" * 900)

    with pytest.raises(ConfigurationError, match="damaged"):
        newest_run(seller.data_dir)
