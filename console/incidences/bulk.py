"""A verb on several incidences: a few calls at a time, and what became of each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.incidences.verbs import Target, Verb
from widgets.paint import Cell
from widgets.prompt import Confirm

if TYPE_CHECKING:
    from console.app import ConsoleApp

AT_ONCE = 4
"""Calls under way at a time: more would only queue up at the server's one writer."""

SHOWN = 12
"""Refusals that are listed one by one."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one: done, or why not, with the version to try again with (None: trying again is no use)."""

    target: Target
    why: str = ""
    retry_with: int | None = None


class Bulk:
    """One verb, done to several. Whatever was refused is listed by name and can be tried again as it is now."""

    def __init__(self, app: ConsoleApp, what: str, verb: Verb, done: Callable[[list[Target]], None]) -> None:
        self.app, self.what, self.verb, self.done = app, what, verb, done

    def start(self, targets: Sequence[Target]) -> None:
        """Do it, in the background."""
        self.app.calls.start(f"{self.what} {len(targets)} incidences", lambda: self._all(targets), done=self._tell)

    async def _all(self, targets: Sequence[Target]) -> list[Result]:
        turns = asyncio.Semaphore(AT_ONCE)

        async def one(target: Target) -> Result:
            async with turns:
                return await self._one(target)

        return list(await asyncio.gather(*(one(target) for target in targets)))

    async def _one(self, target: Target) -> Result:
        from backend.client import ApiError, Offline

        try:
            answer = await self.verb.act(self.app.api, target.id, target.version)
        except Offline:
            return Result(target, "no answer, so nothing is certain", target.version)
        except ApiError as error:
            current = error.details.get("current")
            if isinstance(current, dict) and "incidenceId" in current:
                self.app.store.upsert("incidence", current["incidenceId"], current)
            version = current.get("version") if error.code == "STALE_VERSION" and isinstance(current, dict) else None
            return Result(target, error.message, version or (target.version if error.status >= 500 else None))
        row = answer.model_dump(mode="json", by_alias=True)
        self.app.store.upsert("incidence", row["incidenceId"], row)
        return Result(target)

    def _tell(self, results: list[Result]) -> None:
        failed = [result for result in results if result.why]
        self.done([result.target for result in failed])
        done = len(results) - len(failed)
        if not failed:
            self.app.say(f"{done} incidences are {self.verb.did}.")
            return
        again = [
            Target(result.target.id, result.target.ref, result.retry_with)
            for result in failed
            if result.retry_with is not None
        ]
        target: list[tuple[str, Cell]] = [("Done", str(done)), ("Refused", [(str(len(failed)), "danger")])]
        target += [(result.target.ref, result.why) for result in failed[:SHOWN]]
        rest: list[Cell] = [f"and {len(failed) - SHOWN} more"] if len(failed) > SHOWN else []

        def answered(is_yes: bool | None) -> None:
            if is_yes and again:
                self.start(again)

        yes = f"Try {len(again)} again" if again else "Close"
        self.app.push_screen(
            Confirm(f"{self.what.capitalize()}: not all", target, lines=rest, yes=yes, no="Leave them", role="warning"),
            answered,
        )
