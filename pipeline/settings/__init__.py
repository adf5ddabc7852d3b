"""Every setting and its source, and the companies to read."""

from pipeline.settings.companies import (
    DEFAULT_NAME,
    Company,
    read_companies,
    read_key,
    read_proxy_setting,
    refuse_other_names,
)
from pipeline.settings.environment import LIVE_BASE_URL, Settings, read_hooks, read_settings

__all__ = [
    "DEFAULT_NAME",
    "LIVE_BASE_URL",
    "Company",
    "Settings",
    "read_companies",
    "read_hooks",
    "read_key",
    "read_proxy_setting",
    "read_settings",
    "refuse_other_names",
]
