"""The typed client: one line per operation. The console, the demo, the tests and users' scripts all use it.

The names are imported when they are asked for: the parts that need no HTTP (`backend.client.query`) stay light.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backend.client.client import Client
    from backend.client.transport import ApiError, Offline, Transport

__all__ = ["ApiError", "Client", "Offline", "Transport"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        module = import_module("backend.client.client" if name == "Client" else "backend.client.transport")
        return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
