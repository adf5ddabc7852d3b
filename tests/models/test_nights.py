"""What `diff` and `why` tell of two nights adds up to the cent, and is what plain Python calculates."""

from datetime import date
from pathlib import Path

import pytest

from .nights import Nights


# `make test` holds `diff` and `why` against the marts (tests/acceptance/test_why.py); this makes all of them twice.
@pytest.mark.long
def test_what_changed_between_two_nights_adds_up(tmp_path: Path) -> None:
    Nights(tmp_path, range(2), date(2026, 3, 31)).check()
