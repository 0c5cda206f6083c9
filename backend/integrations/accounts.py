"""The other way: what we do on chat platforms. One file per vendor speaks its REST API behind one small protocol."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from backend.core.outside import Outside, Rest
from backend.integrations.chatwoot_api import ChatwootAccount
from backend.integrations.facts import Fact
from backend.integrations.freshchat_api import FreshchatAccount
from backend.integrations.intercom_api import IntercomAccount
from backend.integrations.platforms import BY_NAME
from backend.integrations.spoken import Changed, Said, Standing


class Account(Protocol):
    """One account at one platform. Every method may raise a `Trouble`."""

    async def say(self, conversation_id: str, text: str, *, customer: str, is_note: bool) -> Said | None:
        """Write into a conversation: to the customer (`customer` is the platform's id for them), or a note that only
        agents see. None when they took it and do it later."""
        ...

    async def said(self, conversation_id: str) -> Sequence[Said]:
        """The newest of what our side said in a conversation, notes too."""
        ...

    async def standing(self, conversation_id: str) -> Standing:
        """How a conversation stands now."""
        ...

    async def resolve(self, conversation_id: str) -> None: ...

    async def reopen(self, conversation_id: str) -> None: ...

    async def assign(self, conversation_id: str, agent_id: str | None, group_id: str | None) -> None:
        """Give it to an agent (None: take it from theirs), and to a group when one is named."""
        ...

    async def set_properties(self, conversation_id: str, properties: dict[str, Any]) -> None:
        """Show agents of the platform what we know of the case; names are ours, in snake_case."""
        ...

    async def agents(self) -> dict[str, str]:
        """E-mail address (lower case) to the platform's id of an agent."""
        ...

    async def changed(self, since: datetime, known: Sequence[str], cursor: str | None) -> Changed:
        """A page of the conversations that changed after `since`; where a platform lists none, of those `known`."""
        ...

    async def facts(self, conversation_id: str) -> Sequence[Fact]:
        """Everything that was said in a conversation, as webhooks would have told it."""
        ...


@dataclass(frozen=True)
class Door:
    """What is needed to call an account."""

    business_id: str
    platform: str
    base_url: str
    account_id: str
    agent_id: str
    token: str
    per_minute: int


def open_account(door: Door, outside: Outside, *, is_patient: bool = False) -> Account:
    """The account behind `door`; `is_patient` for work that nobody waits for."""
    header = {
        "freshchat": {"Authorization": f"Bearer {door.token}"},
        "intercom": {"Authorization": f"Bearer {door.token}", "Intercom-Version": "2.14"},
        "chatwoot": {"api_access_token": door.token},
    }[door.platform]
    rest = Rest(
        outside,
        door.base_url,
        header | {"Accept": "application/json"},
        title=BY_NAME[door.platform].title,
        account=f"{door.business_id}/{door.platform}",
        per_minute=door.per_minute,
        is_patient=is_patient,
    )
    match door.platform:
        case "freshchat":
            return FreshchatAccount(rest, door.agent_id)
        case "intercom":
            return IntercomAccount(rest, door.agent_id)
    return ChatwootAccount(rest, door.account_id)
