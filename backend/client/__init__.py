"""The typed client: one line per operation. The console, the demo, the tests and users' scripts all use it."""

from backend.client.client import Client
from backend.client.transport import ApiError, Offline, Transport

__all__ = ["ApiError", "Client", "Offline", "Transport"]
