"""An embedded LeafLink: the default source when no key is set, and the bench for tests."""

from pipeline.sandbox.changes import Changes
from pipeline.sandbox.config import SandboxConfig
from pipeline.sandbox.faults import Faults
from pipeline.sandbox.listing import ServerSettings
from pipeline.sandbox.sandbox import Sandbox
from pipeline.sandbox.server import serve

__all__ = ["Changes", "Faults", "Sandbox", "SandboxConfig", "ServerSettings", "serve"]
