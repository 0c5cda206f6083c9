"""The parts of a Freshchat message as text: words as they are, everything else described."""

from typing import Any

from backend.core.text import clean
from backend.integrations.json_reading import line_in, object_in, objects_in
from backend.integrations.plain_text import attached, shortened

_NAMES = ("name", "label", "title", "file_name")


def worded(message: dict[str, Any]) -> str:
    """All parts of `message`, each on its own line; "" when there is nothing in it."""
    parts = objects_in(message, "message_parts") or objects_in(message, "msg_parts")
    return shortened("\n".join(filter(None, map(_part, parts))).strip())


def _part(part: dict[str, Any]) -> str:
    if "part_type" in part:  # 2018
        kind, content = line_in(part, "part_type").lower(), object_in(part, "properties")
        words = content.get("text")
    else:
        kind = next((line_in({"kind": key}, "kind") for key, value in part.items() if value), "")
        content = object_in(part, kind)
        words = content.get("content")
    if kind == "text":
        return clean(words).strip() if isinstance(words, str) else ""
    name = next(filter(None, (line_in(content, name) for name in _NAMES)), "")
    return attached(kind, name) if kind else ""
