"""Asking with the floor at hand: one more case than one can have, and to whom a case is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from console.actions import Action
from console.desk.wording import spoken
from console.floor import words
from console.frame.menus import titled
from console.incidences.verbs import NOBODY
from widgets.prompt import Choice, Confirm, Option

if TYPE_CHECKING:
    from backend.agent.schemas import Floor, Next
    from backend.client import ApiError
    from console.incidences.deeds import CaseScreen


def claim_next(screen: CaseScreen, *, force: bool = False) -> None:
    """Claim what most needs an agent, and say why it is that one; at capacity, ask whether one more is meant."""
    console = screen.console

    async def claim() -> Next | ApiError:
        from backend.client import ApiError

        try:
            return await console.api.agent.next(force=force)
        except ApiError as error:
            if error.code != "AT_CAPACITY":
                raise
            return error

    def done(answer: Next | ApiError) -> None:
        if isinstance(answer, Exception):
            _ask_for_more(screen, answer)
        elif answer.incidence is None:
            console.say("; ".join(answer.reasons))
        else:
            row = screen.keep(answer.incidence)
            console.say(spoken(f"{row['ref']} is yours: {' · '.join(answer.reasons)}"))
            screen.show_claimed(row)

    console.calls.start("claim the next best", claim, done=done)


def _ask_for_more(screen: CaseScreen, error: ApiError) -> None:
    def answered(is_yes: bool | None) -> None:
        if is_yes:
            claim_next(screen, force=True)

    has = f"{error.details.get('load')} of {error.details.get('capacity')} open cases"
    lines = ["One more is beyond what you can have, and is recorded so."]
    screen.app.push_screen(
        Confirm("At capacity", [("You have", has)], lines=lines, yes="One more", no="Not now", role="warning"), answered
    )


def ask_whom(screen: CaseScreen, action: Action, choice: Choice) -> None:
    """Who gets it? With load, room and language of everybody; by names alone when the floor cannot be had."""
    console, row, about = screen.console, screen.selected(), screen.about()
    title = titled(action, screen.context())

    def ask(question: Choice) -> None:
        async def answered(value: str | None) -> None:
            if value is not None:
                await screen.perform_asked(action, value, about)

        screen.app.push_screen(question, answered)

    def done(floor: Floor) -> None:
        told = floor.model_dump(mode="json", by_alias=True)
        ask(
            Choice(
                title,
                options(told, row, screen.store.member_id, console.now()),
                hint="a name; to who is full, it is past capacity",
            )
        )

    if console.is_online:
        console.calls.start("read the floor", console.api.agent.floor, done=done, failed=lambda _: ask(choice))
    else:
        ask(choice)


def options(floor: Mapping[str, Any], row: Mapping[str, Any] | None, me: str, now: Any) -> list[Option]:
    """Everybody as they are now: oneself first, then who is there, the least busy first; and nobody."""
    language = (row or {}).get("customer", {}).get("language") or ""
    order = list(words.SIGNS)

    def place(one: Mapping[str, Any]) -> tuple[Any, ...]:
        member = one["member"]
        return member["id"] != me, order.index(member["availability"]), one["load"] >= one["capacity"], one["load"]

    found = [
        _option(one, language, me, now, floor["refusesUnavailable"]) for one in sorted(floor["members"], key=place)
    ]
    return [*found, Option(NOBODY, "Nobody", "gives it back to the queue")]


def _option(one: Mapping[str, Any], language: str, me: str, now: Any, is_strict: bool) -> Option:
    member, has, can = one["member"], one["load"], one["capacity"]
    parts = [f"{has}/{can} full" if has >= can else f"{has}/{can}"]
    if language and language in member["languages"]:
        parts.append(f"speaks {language}")
    parts.append("".join(text for text, _ in words.availability(member | {"backAt": None}, now)))
    refusal = ""
    if is_strict and member["availability"] != "ONLINE":
        refusal = f"is {member['availability'].lower()}: the rules give them no work now"
    elif is_strict and has >= can:
        refusal = f"has {has} of {can}: the rules allow no more"
    name = f"{member['name']} (me)" if member["id"] == me else member["name"]
    return Option(member["id"], name, " · ".join(parts), refusal)
