"""A verb on several incidences: done by the server in one go and undone in one go, and what became of each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from console.incidences.bulk_results import Results, rows_of, waited_for
from console.incidences.verbs import Target, Verb
from console.undo import Change
from widgets.paint import Cell
from widgets.prompt import Confirm

if TYPE_CHECKING:
    from backend.incidences.bulk_schemas import BulkPreview, BulkRead, BulkRowRead, BulkStart
    from console.app import ConsoleApp

AT_ONCE = 4
"""Calls under way at a time of a verb that the server knows for one only: more would queue up at its one writer."""

SHOWN = 12
"""Refusals that are listed one by one."""


@dataclass(frozen=True, slots=True)
class Result:
    """One that it was not done to: why not, and the version to try again with (None: trying again is no use)."""

    target: Target
    why: str
    retry_with: int | None = None


Outcome = tuple[int, list[Result]]
"""How many it was done to, and the others."""


class Bulk:
    """One verb, done to several. Whatever was refused is listed by name and can be tried again as it is now."""

    def __init__(self, app: ConsoleApp, what: str, verb: Verb, done: Callable[[list[Target]], None]) -> None:
        self.app, self.what, self.verb, self.done = app, what, verb, done

    def start(self, targets: Sequence[Target]) -> None:
        """Do it, in the background."""
        if self.verb.many is None:
            self.app.calls.start(f"{self.what} {len(targets)} incidences", lambda: self._each(targets), done=self._tell)
            return
        ids = [{"incidenceId": target.id, "version": target.version} for target in targets]
        self._start(self._body(ids=ids), {target.id: target for target in targets})

    def start_matching(self, query: Mapping[str, str]) -> None:
        """Count all that match, tell to how many it can be done and why not to the others, ask, and do it."""
        body, api = self._body(**query), self.app.api

        def counted(found: BulkPreview) -> None:
            reasons: list[Cell] = [f"{one.count} left alone: {one.why}" for one in found.cannot[:SHOWN]]
            target: list[tuple[str, Cell]] = [("All that match", str(found.count)), ("To be done", str(found.can))]
            question = Confirm(f"{self.what.capitalize()} all {found.count}?", target, lines=reasons, yes=f"All {found.can}")  # fmt: skip

            def answered(is_yes: bool | None) -> None:
                if is_yes:
                    self._start(body.model_copy(update={"expected_count": found.count}), {})

            self.app.push_screen(question, answered)

        self.app.calls.start(f"count what to {self.what}", lambda: api.bulks.preview(body), done=counted)

    def _body(self, **chosen: Any) -> BulkStart:
        from backend.incidences.bulk_schemas import BulkStart

        assert self.verb.many is not None
        verb, args = self.verb.many
        return BulkStart.model_validate({"verb": verb, "args": args, **chosen})

    def _start(self, body: BulkStart, targets: Mapping[str, Target]) -> None:
        """Do it; the key makes a second try, after an answer that was lost, the same as the first."""
        app, key = self.app, str(uuid4())
        how_many = len(targets) or body.expected_count

        async def call() -> Outcome:
            begun = await app.api.bulks.start(body, idempotency_key=key)
            self._remember(begun, body)
            through = await waited_for(app.api, begun, lambda now: app.say(f"{self.what.capitalize()}: {now.done + now.skipped} of {now.total}"))  # fmt: skip
            skipped = await rows_of(app.api, through, "SKIPPED")
            return through.done, [self._left(row, targets) for row in skipped]

        app.calls.start(f"{self.what} {how_many} incidences", call, done=self._tell)

    def _left(self, left: BulkRowRead, targets: Mapping[str, Target]) -> Result:
        row = self.app.store.incidences.get(left.incidence_id)
        target = targets.get(left.incidence_id) or Target(left.incidence_id, left.ref, row["version"] if row else 0)
        again = row["version"] if row is not None and left.code == "CHANGED_MEANWHILE" else None
        return Result(target, left.why or "", again)

    def _remember(self, begun: BulkRead, body: BulkStart) -> None:
        """Let `z` take it all back, and `Z` do it to the same cases again."""
        results = Results(self.app)
        title = f"{self.what} {begun.total} incidences"
        again = body.model_copy(update={"expected_count": None})
        self.app.undo.push(Change(title, lambda: results.take_back(begun.bulk_id), lambda: self._start(again, {})))

    # -- a verb that the server knows for one only

    async def _each(self, targets: Sequence[Target]) -> Outcome:
        turns = asyncio.Semaphore(AT_ONCE)

        async def one(target: Target) -> Result | None:
            async with turns:
                return await self._one(target)

        results = await asyncio.gather(*(one(target) for target in targets))
        failed = [result for result in results if result is not None]
        return len(results) - len(failed), failed

    async def _one(self, target: Target) -> Result | None:
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
        return None

    # -- what became of it

    def _tell(self, outcome: Outcome) -> None:
        done, failed = outcome
        self.done([result.target for result in failed])
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
        every = self.app.key_of("bulks")
        rest: list[Cell] = [f"and {len(failed) - SHOWN} more; {every} lists them all"] if len(failed) > SHOWN else []

        def answered(is_yes: bool | None) -> None:
            if is_yes and again:
                self.start(again)

        yes = f"Try {len(again)} again" if again else "Close"
        self.app.push_screen(
            Confirm(f"{self.what.capitalize()}: not all", target, lines=rest, yes=yes, no="Leave them", role="warning"),
            answered,
        )
