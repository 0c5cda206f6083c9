"""The chat platforms we listen to. Adding one is one file with a `Platform` in it and one line in `PLATFORMS`."""

from collections.abc import Mapping
from typing import Any, Protocol

from backend.integrations.facts import Fact
from backend.integrations.freshchat import Freshchat


class Platform(Protocol):
    """How one vendor signs, names and words its webhooks."""

    @property
    def name(self) -> str:
        """As in the path: /webhooks/{name}."""
        ...

    @property
    def title(self) -> str:
        """As people write it."""
        ...

    @property
    def secret_name(self) -> str:
        """What its signatures are checked with: this name in `Settings`, and in an integration's config."""
        ...

    @property
    def kept_headers(self) -> tuple[str, ...]:
        """Lower-case names of the headers that are kept with a delivery."""
        ...

    def verify(self, raw: bytes, headers: Mapping[str, str], secret: str) -> None:
        """Unauthenticated unless `secret` vouches for these very bytes; Unavailable when `secret` is no such thing."""
        ...

    def dedup_key(self, headers: Mapping[str, str], body: dict[str, Any]) -> str:
        """What is the same for every delivery of one webhook and different for any other, 128 characters at most."""
        ...

    def read(self, body: dict[str, Any]) -> list[Fact]:
        """What the webhook tells, at least one fact. Never fails: what it does not understand is Ignored."""
        ...


PLATFORMS: tuple[Platform, ...] = (Freshchat(),)
"""Their webhooks' routes are made from this list."""

BY_NAME = {platform.name: platform for platform in PLATFORMS}
