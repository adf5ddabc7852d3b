"""Runs that are killed, failed or refused while the source moves, and a plain night after each.

`python -m tests.long.interruptions`: in the end everything equals the source.
"""

from tests.long.driver import run_cases
from tests.reliability.interruptions import play

if __name__ == "__main__":
    run_cases("interruptions", 200, play)
