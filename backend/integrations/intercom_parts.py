"""What somebody said in an Intercom conversation: its first message, or a part of it."""

from typing import Any

from backend.integrations.facts import AgentMessage, CustomerMessage, Fact, Ignored
from backend.integrations.json_reading import key_in, line_in, moment_in, object_in, objects_in
from backend.integrations.plain_text import attached, plain, shortened

_SEEN_BY_THE_CUSTOMER = {"comment", "open", "close", "quick_reply"}
"""Parts whose words the customer sees; those of notes and assignments are for colleagues."""
_CUSTOMERS = {"user", "lead", "contact", "visitor"}
_OTHERS = {"admin", "bot", "team"}


def said(part: dict[str, Any], item: dict[str, Any], conversation_id: str) -> Fact:
    """The message in `part` of the conversation `item`."""
    kind, author, message_id = line_in(part, "part_type"), object_in(part, "author"), key_in(part, "id")
    by = line_in(author, "type").lower()
    if kind not in _SEEN_BY_THE_CUSTOMER:
        return Ignored(f"a part of type {kind[:32]!r}, whose words the customer does not see")
    if not message_id:
        return Ignored("a message without an id")
    if not (text := _worded(part)):
        return Ignored("a message without content")
    at = moment_in(part, "created_at")
    name = line_in(author, "name")[:200]
    if by in _OTHERS:
        agent_id = key_in(author, "id") if by == "admin" else ""
        return AgentMessage(conversation_id, message_id, agent_id, text, at, name, line_in(author, "email")[:200])
    if by not in _CUSTOMERS:
        return Ignored(f"a message by {by[:32]!r}, who is neither customer nor agent")
    user = object_in(item, "user")  # 1.x
    people = [*objects_in(object_in(item, "contacts"), "contacts"), user]
    handle = key_in(author, "id") or next(filter(None, (key_in(person, "id") for person in people)), "")
    if not handle:
        return Ignored("a customer's message that does not name the customer")
    them = next((person for person in people if key_in(person, "id") == handle), {})
    external_id = key_in(them, "external_id") or key_in(them, "user_id")
    return CustomerMessage(
        conversation_id, message_id, handle, text, at, name or line_in(them, "name")[:200], external_id or None
    )


def _worded(part: dict[str, Any]) -> str:
    files = (attached("attachment", line_in(file, "name")) for file in objects_in(part, "attachments"))
    return shortened("\n".join(filter(None, (plain(part.get("body")), *files))))
