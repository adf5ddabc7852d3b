"""What a sandbox is made of: the settings that its data follow from."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SandboxConfig:
    """How much data a new sandbox holds, and which.

    `orders` is how many orders it starts with, `seed` picks the data, `days` is how far back the orders reach.
    `touches_orders` says whether a payment or a removed line changes the `modified` of its order: nobody knows
    what LeafLink does, so a sandbox can do either.
    """

    orders: int = 1200
    seed: int = 1
    days: int = 400
    touches_orders: bool = True

    @property
    def customers(self) -> int:
        """How many customers the sellers have at the start: few orders have few customers, many have more."""
        return min(20 + self.orders // 9, 150) + max(0, self.orders - 1200) // 50

    @property
    def products(self) -> int:
        """How many products the sellers list at the start."""
        return min(24 + self.orders // 12, 120) + max(0, self.orders - 1200) // 200
