"""Freshchat's webhooks as it sends them: bodies in each of its dialects, signed. For the demo and the tests."""

import base64
import json
from datetime import UTC, datetime
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from backend.core.ids import new_id

Dialect = Literal["2018", "2019", "2022"]
"""2019 stands for 2019 to 2021."""
Part = dict[str, Any]
Webhook = tuple[bytes, dict[str, str]]
"""The body and the headers to post."""

_APP = "c6ec783e-0000-4000-8000-000000000001"
_CHANNEL = "304d0a73-0000-4000-8000-000000000002"
_STATUS = {"resolve": "resolved", "reopen": "reopened", "assignment": "assigned"}


class FreshchatDouble:
    """One Freshchat account. Its private key is made when none is given; instants are aware."""

    def __init__(self, private_key: rsa.RSAPrivateKey | None = None, dialect: Dialect = "2022") -> None:
        self.private_key = private_key or rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
        self.dialect: Dialect = dialect

    @property
    def public_key(self) -> str:
        """The key as its settings page shows it: labelled RSA PUBLIC KEY, though a SubjectPublicKeyInfo is inside."""
        pem = self.private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return pem.decode().replace(" PUBLIC KEY", " RSA PUBLIC KEY")

    def signed(self, body: bytes, *, retry: int = 0) -> Webhook:
        """Any body with the headers that vouch for it."""
        signature = base64.b64encode(self.private_key.sign(body, PKCS1v15(), SHA256())).decode()
        return body, {
            "Content-Type": "application/json",
            "X-Freshchat-Signature": signature,
            "X-Freshchat-Payload-Version": "v2" if self.dialect == "2022" else "v1",
            "X-Retry-Count": str(retry),
        }

    def message_create(
        self,
        conversation_id: str,
        text: str | list[Part],
        *,
        user_id: str,
        at: datetime,
        message_id: str | None = None,
        agent_id: str | None = None,
        message_type: str | None = None,
        user: dict[str, str] | None = None,
    ) -> Webhook:
        """A message by the customer `user_id`, or with `agent_id` by that agent to them.

        `text` may be a list of parts in the dialect's own form. `user` is the customer as Freshchat's REST API shows
        one: first_name, last_name, reference_id (what the app calls them).
        """
        actor_type, actor_id = ("agent", agent_id) if agent_id else ("user", user_id)
        message: dict[str, Any] = {
            "app_id": _APP,
            "actor_id": actor_id,
            "id": message_id or new_id(),
            "channel_id": _CHANNEL,
            "conversation_id": conversation_id,
            "actor_type": actor_type,
            "created_time": _iso(at),
            "user_id": user_id,
        }
        if self.dialect == "2018":
            del message["actor_id"]
            message["msg_parts"] = (
                [{"part_type": "text", "properties": {"text": text}}] if isinstance(text, str) else text
            )
        else:
            message["message_parts"] = [{"text": {"content": text}}] if isinstance(text, str) else text
        if self.dialect == "2019":
            message |= {"interaction_id": "515435468500047-1628507537000", "message_source": "web"}
        if self.dialect == "2022":
            message |= {"restrictResponse": False, "botsPrivateNote": False}
        else:
            message_type = message_type or ("outgoing" if agent_id else "normal")
        if message_type:
            message["message_type"] = message_type
        if user:
            message["user"] = user
        return self._webhook("message_create", actor_type, str(actor_id), at, {"message": message})

    def conversation_assignment(
        self, conversation_id: str, *, to_agent_id: str, at: datetime, from_agent_id: str = "", to_group_id: str = ""
    ) -> Webhook:
        """Given to an agent; "" means none."""
        assignment = {
            "assignor": "agent",
            "assignor_id": to_agent_id or from_agent_id,
            "to_agent_id": to_agent_id,
            "to_group_id": to_group_id,
            "from_agent_id": from_agent_id,
            "from_group_id": "",
            "conversation": self._conversation(conversation_id, "assignment", assigned_agent_id=to_agent_id),
        }
        return self._webhook("conversation_assignment", "agent", to_agent_id, at, {"assignment": assignment})

    def conversation_resolution(self, conversation_id: str, *, agent_id: str, at: datetime) -> Webhook:
        """Closed by an agent."""
        conversation = self._conversation(conversation_id, "resolve", assigned_agent_id=agent_id)
        resolve = {"resolver": "agent", "resolver_id": agent_id, "conversation": conversation}
        return self._webhook("conversation_resolution", "agent", agent_id, at, {"resolve": resolve})

    def conversation_reopen(self, conversation_id: str, *, user_id: str, at: datetime) -> Webhook:
        """Opened again by the customer."""
        conversation = self._conversation(conversation_id, "reopen")
        reopen = {"reopener": "user", "reopener_id": user_id, "conversation": conversation}
        return self._webhook("conversation_reopen", "user", user_id, at, {"reopen": reopen})

    def _conversation(self, conversation_id: str, under: str, **more: str) -> dict[str, Any]:
        conversation: dict[str, Any] = {"conversation_id": conversation_id, "app_id": _APP, **more}
        conversation["status"] = "reopen" if self.dialect == "2018" and under == "reopen" else _STATUS[under]
        if self.dialect != "2018":
            conversation["channel_id"] = _CHANNEL
        if self.dialect == "2022":
            conversation |= {"skill_id": 0, "sla_policy_id": 0, "sla_breached": False}
        return conversation

    def _webhook(self, action: str, actor_type: str, actor_id: str, at: datetime, data: dict[str, Any]) -> Webhook:
        actor = {"actor_type": actor_type, "actor_id": actor_id}
        body = json.dumps({"actor": actor, "action": action, "action_time": _iso(at), "data": data}, ensure_ascii=False)
        for character in "<>&":  # as its JSON library does: who serialises again gets other bytes
            body = body.replace(character, f"\\u{ord(character):04x}")
        return self.signed(body.encode())


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
