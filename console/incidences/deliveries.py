"""What became of answers that a chat platform carries to the customer: on their way, there, or not and why."""

from collections.abc import Iterable, Mapping
from typing import Any

Frame = Mapping[str, Any]
_WANTED = {
    "MESSAGE": "deliver the answer",
    "NOTE": "leave the note",
    "PROPERTIES": "tell of the case",
    "ASSIGN": "assign the conversation",
    "STATUS": "close or open the conversation",
}
PLATFORMS = {"freshchat": "Freshchat", "intercom": "Intercom", "chatwoot": "Chatwoot"}


class Deliveries:
    """The fate of each answer, by the seq of its message. Frames come in any order: the newest counts."""

    def __init__(self) -> None:
        self._newest: dict[int, Frame] = {}

    def take(self, frames: Iterable[Frame]) -> list[int]:
        """Take in what the feed told; the seqs of the messages it is about."""
        about = []
        for frame in frames:
            data = frame.get("data") or {}
            if not frame["type"].startswith("outgoing.") or data.get("kind") != "MESSAGE":
                continue
            seq = int(data.get("messageSeq", 0))
            if seq not in self._newest or self._newest[seq]["seq"] < frame["seq"]:
                self._newest[seq] = frame
                about.append(seq)
        return about

    def state_of(self, message: Frame, retry_key: str) -> tuple[str, str]:
        """(words, role they are drawn in) of a message; nothing for one that no platform carries."""
        if not (message.get("data") or {}).get("via"):
            return "", "muted"
        match self._newest.get(message["seq"], {}).get("type"):
            case "outgoing.sent":
                return "sent", "muted"
            case "outgoing.failed":
                return f"not delivered · {retry_key} tries again", "danger"
        return "sending…", "warning"

    @property
    def failed(self) -> list[str]:
        """The ids of the calls that failed, the oldest first."""
        newest = (self._newest[seq] for seq in sorted(self._newest))
        return [str(frame["data"]["outgoingId"]) for frame in newest if frame["type"] == "outgoing.failed"]


def told(kind: str, data: Mapping[str, Any]) -> str:
    """What happened to a call, as the end of a sentence that begins with who did it."""
    by = PLATFORMS.get(str(data.get("platform")), "the platform")
    wanted = _WANTED.get(str(data.get("kind")), "do something")
    if kind == "outgoing.retried":
        return f"has {by} {wanted} once more"
    return f"could not {wanted} by {by}: {data.get('error', 'nobody knows why')}"


def is_told(frame: Frame) -> bool:
    """Whether the story tells it by a line of its own: that an answer is there is told beside the answer."""
    return str(frame["type"]) != "outgoing.sent"
