"""Saying that one is at the desk or away from it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from console.desk.until import Unclear, wake_at
from console.floor import words

if TYPE_CHECKING:
    from console.frame.verbs import Verbs

_BACK = re.compile(r"(?:^|\s)(?:back|until)\s+(.+)$")
_HERE = ("online", "here", "available", "back")


def read(said: str, now: datetime) -> dict[str, Any]:
    """The body for `online`, `away`, `away lunch`, `away lunch back 13:30` or `lunch 45m`. Unclear when it has no end.

    Whatever is not being here is being away, for that reason.
    """
    text = said.strip()
    if text.casefold() in _HERE:
        return {"availability": "ONLINE"}
    body: dict[str, Any] = {"availability": "AWAY"}
    if match := _BACK.search(text):
        body["backAt"], text = wake_at(match[1], now), text[: match.start()]
    reason = re.sub(r"^away\b", "", text.strip(), flags=re.IGNORECASE).strip()
    return body | ({"reason": reason[:200]} if reason else {})


def say(app: Verbs, said: str) -> None:
    """Tell the server and the first line."""
    console: Any = app
    if not said:
        return
    try:
        body = read(said, console.now())
    except Unclear as problem:
        console.say(str(problem), "warning")
        return

    def call() -> Any:
        from backend.identity.schemas import AvailabilitySay

        return console.api.agent.say_availability(AvailabilitySay.model_validate(body))

    def done(answer: Any) -> None:
        member = answer.model_dump(mode="json", by_alias=True)
        app.store.upsert("member", member["id"], member)
        told = "".join(text for text, _ in words.availability(member, console.now()))
        console.say(f"You are {told}.")

    app.calls.start("say how available you are", call, done=done)
