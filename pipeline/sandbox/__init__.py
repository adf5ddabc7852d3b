"""An embedded LeafLink: the default source when no key is set, and the bench for tests."""

from pipeline.sandbox.api.listing import ServerSettings
from pipeline.sandbox.api.server import serve
from pipeline.sandbox.trouble.faults import Faults
from pipeline.sandbox.world.changes import Changes
from pipeline.sandbox.world.config import SandboxConfig
from pipeline.sandbox.world.sandbox import Sandbox

__all__ = ["Changes", "Faults", "Sandbox", "SandboxConfig", "ServerSettings", "serve"]
