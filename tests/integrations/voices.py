"""One way to speak as any platform, so that what holds for all of them is said once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from backend.core.clock import Clock
from backend.demo.outside.chatwoot import ChatwootDouble
from backend.demo.outside.freshchat import FreshchatDouble, Webhook
from backend.demo.outside.intercom import IntercomDouble

PLATFORMS = ["freshchat", "intercom", "chatwoot"]


class Voice(Protocol):
    """A platform's double. Conversations, customers and messages are whole numbers."""

    setting: str
    signature: str

    @property
    def secret(self) -> str: ...
    def another(self) -> "Voice":
        """The same platform with another secret."""
        ...

    def signed(self, body: bytes) -> Webhook: ...
    def signed_again(self, body: bytes, headers: dict[str, str]) -> Webhook:
        """The same webhook in another try."""
        ...

    def message(self, conversation: int, text: str, *, customer: int, at: datetime, id: int) -> Webhook: ...
    def answer(self, conversation: int, text: str, *, customer: int, at: datetime, id: int) -> Webhook: ...
    def assigned(self, conversation: int, email: str, *, at: datetime) -> Webhook: ...
    def given_back(self, conversation: int, *, at: datetime) -> Webhook: ...
    def resolved(self, conversation: int, *, at: datetime) -> Webhook: ...
    def reopened(self, conversation: int, *, at: datetime) -> Webhook: ...


@dataclass
class Freshchat:
    double: FreshchatDouble
    setting: str = "freshchat_public_key"
    signature: str = "X-Freshchat-Signature"

    @property
    def secret(self) -> str:
        return self.double.public_key

    def another(self) -> Voice:
        return Freshchat(FreshchatDouble())

    def signed(self, body: bytes) -> Webhook:
        return self.double.signed(body)

    def signed_again(self, body: bytes, headers: dict[str, str]) -> Webhook:
        return body, headers

    def message(self, conversation: int, text: str, *, customer: int, at: datetime, id: int) -> Webhook:
        return self.double.message_create(f"c{conversation}", text, user_id=f"u{customer}", at=at, message_id=f"m{id}")

    def answer(self, conversation: int, text: str, *, customer: int, at: datetime, id: int) -> Webhook:
        return self.double.message_create(
            f"c{conversation}", text, user_id=f"u{customer}", at=at, message_id=f"m{id}", agent_id="a1"
        )

    def assigned(self, conversation: int, email: str, *, at: datetime) -> Webhook:
        return self.double.conversation_assignment(f"c{conversation}", to_agent_id=email, at=at)

    def given_back(self, conversation: int, *, at: datetime) -> Webhook:
        return self.double.conversation_assignment(f"c{conversation}", to_agent_id="", from_agent_id="a1", at=at)

    def resolved(self, conversation: int, *, at: datetime) -> Webhook:
        return self.double.conversation_resolution(f"c{conversation}", agent_id="a1", at=at)

    def reopened(self, conversation: int, *, at: datetime) -> Webhook:
        return self.double.conversation_reopen(f"c{conversation}", user_id="u1", at=at)


@dataclass
class Intercom:
    double: IntercomDouble
    setting: str = "intercom_client_secret"
    signature: str = "X-Hub-Signature"

    @property
    def secret(self) -> str:
        return self.double.client_secret

    def another(self) -> Voice:
        return Intercom(IntercomDouble())

    def signed(self, body: bytes) -> Webhook:
        return self.double.signed(body)

    def signed_again(self, body: bytes, headers: dict[str, str]) -> Webhook:
        return body, headers

    def message(self, conversation: int, text: str, *, customer: int, at: datetime, id: int) -> Webhook:
        return self.double.replied(f"{conversation}", text, user_id=f"u{customer}", at=at, message_id=f"{id}")

    def answer(self, conversation: int, text: str, *, customer: int, at: datetime, id: int) -> Webhook:
        return self.double.replied(
            f"{conversation}", text, user_id=f"u{customer}", at=at, message_id=f"{id}", admin_id="99"
        )

    def assigned(self, conversation: int, email: str, *, at: datetime) -> Webhook:
        return self.double.assigned(f"{conversation}", admin_id="99", at=at, email=email)

    def given_back(self, conversation: int, *, at: datetime) -> Webhook:
        return self.double.assigned(f"{conversation}", admin_id=None, at=at)

    def resolved(self, conversation: int, *, at: datetime) -> Webhook:
        return self.double.closed(f"{conversation}", at=at)

    def reopened(self, conversation: int, *, at: datetime) -> Webhook:
        return self.double.opened(f"{conversation}", at=at)


@dataclass
class Chatwoot:
    double: ChatwootDouble
    setting: str = "chatwoot_webhook_secret"
    signature: str = "X-Chatwoot-Signature"

    @property
    def secret(self) -> str:
        return self.double.secret

    def another(self) -> Voice:
        return Chatwoot(ChatwootDouble(self.double.clock))

    def signed(self, body: bytes) -> Webhook:
        return self.double.signed(body)

    def signed_again(self, body: bytes, headers: dict[str, str]) -> Webhook:
        return self.double.signed(body, delivery=headers["X-Chatwoot-Delivery"])

    def message(self, conversation: int, text: str, *, customer: int, at: datetime, id: int) -> Webhook:
        return self.double.message(conversation, text, contact_id=customer, at=at, message_id=id)

    def answer(self, conversation: int, text: str, *, customer: int, at: datetime, id: int) -> Webhook:
        return self.double.message(conversation, text, contact_id=customer, at=at, message_id=id, agent_id=99)

    def assigned(self, conversation: int, email: str, *, at: datetime) -> Webhook:
        return self.double.assigned(conversation, 99, at=at, email=email)

    def given_back(self, conversation: int, *, at: datetime) -> Webhook:
        return self.double.assigned(conversation, None, at=at)

    def resolved(self, conversation: int, *, at: datetime) -> Webhook:
        return self.double.status_changed(conversation, "open", "resolved", at=at)

    def reopened(self, conversation: int, *, at: datetime) -> Webhook:
        return self.double.status_changed(conversation, "resolved", "open", at=at)


def voice_of(platform: str, clock: Clock, freshchat: FreshchatDouble) -> Voice:
    """The platform's voice; making a key takes long, so Freshchat's is given."""
    voices: dict[str, Voice] = {
        "freshchat": Freshchat(freshchat),
        "intercom": Intercom(IntercomDouble()),
        "chatwoot": Chatwoot(ChatwootDouble(clock)),
    }
    return voices[platform]
