"""Reading a listing completely while it moves: pages, what they prove, and the gaps between them.

Nothing here knows HTTP, JSON, Arrow or files: a listing is whatever answers `ask(offset, limit)`, rows go to a sink.
"""

from pipeline.reading.cover import Cover
from pipeline.reading.hunt import Growth, read_growth
from pipeline.reading.order import Order, Orders
from pipeline.reading.page import Ask, Page, PageError, Row, Sink, Unproved, Values
from pipeline.reading.reader import Limits, Proof, read_listing

__all__ = [
    "Ask",
    "Cover",
    "Growth",
    "Limits",
    "Order",
    "Orders",
    "Page",
    "PageError",
    "Proof",
    "Row",
    "Sink",
    "Unproved",
    "Values",
    "read_growth",
    "read_listing",
]
