"""What an amount changed by, in parts that add up to the change to the cent, with the largest movers named."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

MOST_MOVERS = 5


@dataclass(frozen=True)
class Mover:
    """An order, or a product where `name` is one, that moved an amount, and by how much."""

    name: str
    customer_name: str | None
    change: Decimal


@dataclass(frozen=True)
class Part:
    """A part of a change: its name, its amount, how many orders or products moved it, and the largest of them."""

    name: str
    change: Decimal
    movers: int
    largest: tuple[Mover, ...]


@dataclass(frozen=True)
class Explanation:
    """A change of an amount from one load or month to another, and its parts: they add up to it."""

    amount: str
    company: str
    currency: str | None
    since: str
    until: str
    before: Decimal
    after: Decimal
    parts: tuple[Part, ...]

    @property
    def change(self) -> Decimal:
        """By how much it changed."""
        return self.after - self.before


@dataclass(frozen=True)
class Move:
    """By how much an order or a product moved a part."""

    part: str
    name: str
    customer_name: str | None
    change: Decimal


def part_of(name: str, moves: Collection[Move], change: Decimal | None = None) -> Part:
    """Return a part of these moves; its amount is their sum unless it is told."""
    largest = sorted(moves, key=lambda move: (-abs(move.change), move.name))[:MOST_MOVERS]
    total = sum((move.change for move in moves), Decimal(0)) if change is None else change
    return Part(name, total, len(moves), tuple(Mover(each.name, each.customer_name, each.change) for each in largest))
