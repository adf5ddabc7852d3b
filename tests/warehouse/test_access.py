"""Who can read what is published: its owner alone, or readers on other accounts where the settings let them."""

import grp
import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.errors import ConfigurationError
from pipeline.warehouse.access import OWNER_ALONE, Access
from pipeline.warehouse.build import Build
from pipeline.warehouse.rollback import roll_back

from .seller import ORDERS, RESOURCES, Seller, order, read_all

OTHERS = Access(0o644)
NOBODY = 65534
COUNT = "import sys, duckdb; print(duckdb.connect(sys.argv[1], read_only=True).sql('select count(*) from raw.orders'))"


@pytest.fixture
def open_seller() -> Iterator[Seller]:
    """Yield a seller whose data folder lies where another account gets to."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        data_dir = Path(folder) / "data"
        data_dir.mkdir(mode=0o700)
        yield Seller(data_dir)


def load(seller: Seller, access: Access) -> None:
    seller.land(read_all(ORDERS, order(f"order {seller.runs}")))
    seller.loads += 1
    with Build(seller.data_dir, seller.landing, RESOURCES, f"load-{seller.loads:03}", access) as build:
        for manifest in build.pending():
            build.merge(manifest)
        build.close_inputs()
        build.publish()


def mode_of(path: Path) -> str:
    return oct(stat.S_IMODE(path.stat().st_mode))


def read_as_nobody(path: Path) -> int:
    """Return the exit code of another account's try to read the file."""
    # The packages may lie in a home folder, which nobody gets to: those are opened before the account changes.
    code = f"import duckdb, os; duckdb.connect().close(); os.setgid({NOBODY}); os.setuid({NOBODY}); {COUNT}"
    return subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True).returncode


def test_readers_get_to_the_published_file_and_to_nothing_else(open_seller: Seller) -> None:
    seller = open_seller

    load(seller, OTHERS)

    modes = {path.relative_to(seller.data_dir).as_posix(): mode_of(path) for path in seller.data_dir.rglob("*")}
    assert mode_of(seller.data_dir) == "0o711"
    assert modes.pop("kept") == "0o711"
    assert modes.pop("warehouse.duckdb") == modes.pop("kept/load-001.duckdb") == "0o644"
    assert set(modes.values()) == {"0o600", "0o700"}


@pytest.mark.skipif(os.getuid() != 0, reason="only root can try as another account")
def test_another_account_reads_what_is_opened_to_it_and_nothing_else(open_seller: Seller) -> None:
    seller = open_seller

    load(seller, OWNER_ALONE)
    refused = read_as_nobody(seller.published)
    load(seller, OTHERS)

    assert refused != 0
    assert read_as_nobody(seller.published) == 0
    assert read_as_nobody(seller.data_dir / "kept" / "load-001.duckdb") != 0


def test_a_warehouse_that_is_put_back_gets_the_same_readers(open_seller: Seller) -> None:
    seller = open_seller
    load(seller, OWNER_ALONE)
    load(seller, OTHERS)

    roll_back(seller.data_dir, "load-001", OTHERS)

    assert mode_of(seller.published) == "0o644"


def test_the_file_is_given_to_the_group_that_is_named(open_seller: Seller) -> None:
    seller = open_seller
    own = (grp.getgrall()[-1] if os.getuid() == 0 else grp.getgrgid(os.getgid())).gr_name

    load(seller, Access(0o640, own))

    assert {path.group() for path in (seller.published, seller.data_dir, seller.data_dir / "kept")} == {own}
    assert mode_of(seller.published) == "0o640"
    assert mode_of(seller.data_dir) == "0o710"


@pytest.mark.skipif(os.getuid() == 0, reason="root may give a file to any group")
def test_a_group_that_this_user_is_not_in_is_refused(open_seller: Seller) -> None:
    others = next(each.gr_name for each in grp.getgrall() if each.gr_gid not in (os.getgid(), *os.getgroups()))

    with pytest.raises(ConfigurationError, match=f"LEAFHOUSE_FILE_GROUP: .* the group {others}"):
        load(open_seller, Access(0o640, others))
