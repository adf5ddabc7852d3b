from pathlib import Path

import pytest

from .seller import Seller


@pytest.fixture
def seller(tmp_path: Path) -> Seller:
    return Seller(tmp_path)
