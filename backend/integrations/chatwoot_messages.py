"""A message of Chatwoot: as a webhook's own body, or in the list of a conversation (numbers for names there)."""

from typing import Any

from backend.integrations.facts import AgentMessage, CustomerMessage, Fact, Ignored
from backend.integrations.json_reading import key_in, line_in, moment_in, object_in, objects_in
from backend.integrations.plain_text import attached, plain, shortened

_TYPES = {"0": "incoming", "1": "outgoing", "2": "activity", "3": "template"}


def said(message: dict[str, Any], conversation: dict[str, Any], conversation_id: str) -> Fact:
    """The message, whether it is new or was changed since: once told, it is not told again."""
    kind, message_id = line_in(message, "message_type"), key_in(message, "id")
    kind = _TYPES.get(kind, kind)
    if message.get("private") is True:
        return Ignored("a private note, which the customer does not see")
    if kind == "activity":
        return Ignored("Chatwoot's own line on what was done")
    if kind not in _TYPES.values():
        return Ignored(f"a message of type {kind[:32]!r}, by neither customer nor agent")
    if object_in(message, "content_attributes").get("deleted") is True:
        return Ignored("a message that was deleted")
    if not message_id:
        return Ignored("a message without an id")
    if not (text := _worded(message)):
        return Ignored("a message without content")
    at, sender = moment_in(message, "created_at"), object_in(message, "sender")
    name = line_in(sender, "name")[:200]
    if kind != "incoming":
        agent_id = key_in(sender, "id") if kind == "outgoing" and line_in(sender, "type").lower() == "user" else ""
        return AgentMessage(conversation_id, message_id, agent_id, text, at, name, line_in(sender, "email")[:200])
    them = sender or object_in(message, "contact") or object_in(conversation, "meta", "sender")
    if not (contact_id := key_in(them, "id")):
        return Ignored("a customer's message that does not name the customer")
    # With a word before it: a bare 7 is also in what others wrote, and would be erased there with the customer.
    return CustomerMessage(
        conversation_id,
        message_id,
        f"contact:{contact_id}",
        text,
        at,
        line_in(them, "name")[:200],
        key_in(them, "identifier") or None,
    )


def _worded(message: dict[str, Any]) -> str:
    files = (attached(line_in(file, "file_type")) for file in objects_in(message, "attachments"))
    return shortened("\n".join(filter(None, (plain(message.get("content")), *files))))
