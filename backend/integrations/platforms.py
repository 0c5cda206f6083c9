"""The chat platforms we listen to. Adding one is one file with a `Platform` in it and one line in `PLATFORMS`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from backend.integrations.chatwoot import Chatwoot
from backend.integrations.facts import Fact
from backend.integrations.freshchat import Freshchat
from backend.integrations.intercom import Intercom


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

    def verify(self, raw: bytes, headers: Mapping[str, str], secret: str, now: datetime) -> None:
        """Unauthenticated unless `secret` vouches for these very bytes, and for the present where a time is signed;
        Unavailable when `secret` is no such thing."""
        ...

    def dedup_key(self, headers: Mapping[str, str], body: dict[str, Any]) -> str:
        """What is the same for every delivery of one webhook and different for any other, 128 characters at most."""
        ...

    def conversation_of(self, body: dict[str, Any]) -> str:
        """The id of the conversation that it is about, whatever it tells of it; "" when there is none."""
        ...

    def read(self, body: dict[str, Any]) -> list[Fact]:
        """What the webhook tells, at least one fact. Never fails: what it does not understand is Ignored."""
        ...


PLATFORMS: tuple[Platform, ...] = (Freshchat(), Intercom(), Chatwoot())
"""Their webhooks' routes are made from this list."""

BY_NAME = {platform.name: platform for platform in PLATFORMS}
