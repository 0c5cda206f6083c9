"""Questions one after the other, for what takes more than one answer: awaited in a worker, None when one leaves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from textual.app import App

if TYPE_CHECKING:
    from widgets.prompt import Option


async def line(
    app: App[Any],
    title: str,
    *,
    text: str = "",
    hint: str = "",
    is_secret: bool = False,
    problem: Callable[[str], str] = lambda _: "",
    said: str = "",
) -> str | None:
    """One line of text; `problem` says why one will not do, `said` stands under it."""
    from console.rules.reading import Reading
    from console.rules.typing_prompt import TypingPrompt

    def read(typed: str) -> Reading:
        given = typed if is_secret else typed.strip()
        return Reading(given, problem(given) if given.strip() else said or hint, said)

    prompt = TypingPrompt(title, text, read, hint=hint, is_secret=is_secret)
    typed = await app.push_screen_wait(prompt)
    return None if typed is None else str(typed.value)


async def choice(app: App[Any], title: str, options: Sequence[Option], hint: str = "") -> str | None:
    """One of several."""
    from widgets.prompt import Choice

    return await app.push_screen_wait(Choice(title, options, hint=hint) if hint else Choice(title, options))


async def agreed(
    app: App[Any],
    title: str,
    target: Sequence[tuple[str, Any]],
    lines: Sequence[str],
    yes: str,
    no: str = "No",
    role: str = "danger",
) -> bool:
    """Whether they say yes."""
    from widgets.prompt import Confirm

    question: Any = Confirm(title, target, lines=lines, yes=yes, no=no, role=role)
    return bool(await app.push_screen_wait(question))


def new_password(text: str) -> str:
    """What is wrong with a new password."""
    return "" if len(text) >= 8 else "At least 8 characters."
