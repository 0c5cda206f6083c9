"""What is read back from a platform, in our words."""

import html
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from backend.integrations.plain_text import plain, shortened


@dataclass(frozen=True, slots=True)
class Said:
    """Something that our side said. `agent_id` is the platform's, "" for a bot."""

    id: str
    text: str
    at: datetime | None
    agent_id: str
    is_note: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """How a conversation stands. `at` is when it last changed, by the platform's clock; `customer` the platform's id."""

    conversation_id: str
    is_resolved: bool
    agent_id: str | None
    group_id: str | None = None
    at: datetime | None = None
    agent_name: str = ""
    agent_email: str = ""


@dataclass(frozen=True, slots=True)
class Changed:
    """A page of conversations, and the cursor of the next one (None on the last)."""

    conversation_ids: Sequence[str]
    cursor: str | None


def same_words(theirs: str, ours: str) -> bool:
    """Whether a text that came back is the one that was sent: platforms add markup, escape, trim and join lines."""
    return _bare(theirs) == _bare(ours) or _bare(html.unescape(theirs)) == _bare(ours)


def _bare(text: str) -> str:
    return "".join(unicodedata.normalize("NFC", plain(shortened(text))).split())
