"""How many rows may be gone at once: the one rule for whoever reads a listing and whoever loads what was read."""

# More missing rows than both of these are more likely a mistake than a day's work,
MOST_GONE = 25
MOST_GONE_SHARE = 0.01
# and so are all rows of a resource that had more than these.
FEW = 5


def is_too_much(gone: int, rows: int) -> bool:
    """Say whether more than a day's work explains is gone of so many rows."""
    return (gone > MOST_GONE and gone > rows * MOST_GONE_SHARE) or gone >= rows > FEW
