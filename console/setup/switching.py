"""Which of one's businesses to go to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console import asking

if TYPE_CHECKING:
    from backend.identity.schemas import BusinessRead
    from console.app import ConsoleApp


async def chosen(app: ConsoleApp, me: Any, name: str) -> BusinessRead | None:
    """The business with that name (or the start of it), or the one chosen; None when there is nowhere to go."""
    page = await app.calls.ask("read your businesses", lambda: app.api.businesses.list())
    if page is None:
        return None
    others = [one for one in page.items if one.id != me.business.id]
    if not others:
        app.say(f"You work at {me.business.name} only.")
        return None
    word = name.strip().casefold()
    near = [one for one in others if word and one.name.casefold().startswith(word)]
    if len(near) == 1:
        return near[0]
    from widgets.prompt import Option

    options = [Option(one.id, one.name, one.currency) for one in near or others]
    options.append(Option("", me.business.name, refusal="you are there"))
    id = await asking.choice(app, "Another business", options, hint="drafts stay where they were written")
    return next((one for one in others if one.id == id), None)
