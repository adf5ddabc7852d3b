"""Speaking to the LeafLink API: one origin, paced, retried, and never anything but a GET."""

from pipeline.leaflink.answers import Response
from pipeline.leaflink.client import Client, Event, Stats
from pipeline.leaflink.errors import FailingError, ForbiddenError, NotFoundError, RejectedError
from pipeline.leaflink.pacing import SAVE_EVERY_SECONDS, Pacer
from pipeline.leaflink.proxy import read_proxy
from pipeline.leaflink.source import Scheme, Source
from pipeline.leaflink.source_clock import ReadTimes, SourceClock, Stamp
from pipeline.leaflink.waiting import Waits

__all__ = [
    "SAVE_EVERY_SECONDS",
    "Client",
    "Event",
    "FailingError",
    "ForbiddenError",
    "NotFoundError",
    "Pacer",
    "ReadTimes",
    "RejectedError",
    "Response",
    "Scheme",
    "Source",
    "SourceClock",
    "Stamp",
    "Stats",
    "Waits",
    "read_proxy",
]
