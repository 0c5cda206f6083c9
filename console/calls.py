"""The one way to call the server: in a worker, every failure told in words and offered again, none looks like emptiness."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from textual.worker import Worker

from console.background import in_background
from widgets.plain import plain
from widgets.prompt import Confirm

if TYPE_CHECKING:
    from backend.client import ApiError
    from console.app import ConsoleApp

T = TypeVar("T")
Row = Mapping[str, Any]

_CLASHES = ("STALE_VERSION", "STALE_CONVERSATION")


class Calls:
    """Calls of one app.

    `start("take INC-1042", lambda: api.incidences.take(id, version), done=shown, again=lambda row: ...)`:
    `what` completes "Could not …"; `done` gets the answer; `failed` gets the error, for a screen that has to show it
    in place; `again` makes the call once more on the row as it is now, after a clash and a yes.
    """

    def __init__(self, app: ConsoleApp) -> None:
        self.app = app
        self.last_failed: tuple[str, Callable[[], Any]] | None = None

    def start(
        self,
        what: str,
        call: Callable[[], Awaitable[T]],
        *,
        done: Callable[[T], Any] | None = None,
        failed: Callable[[Exception], Any] | None = None,
        again: Callable[[Row], Awaitable[T]] | None = None,
        group: str = "calls",
        exclusive: bool = False,
    ) -> Worker[None]:
        """Call in a worker. With `exclusive`, one of the same group that still runs is given up."""

        async def run() -> None:
            answer = await self.ask(what, call, failed=failed, again=again, done=done)
            if answer is not None and done is not None:
                with self.app.guard(what):
                    done(answer)

        return in_background(self.app, run, name=what, group=group, exclusive=exclusive)

    async def ask(
        self,
        what: str,
        call: Callable[[], Awaitable[T]],
        *,
        done: Callable[[T], Any] | None = None,
        failed: Callable[[Exception], Any] | None = None,
        again: Callable[[Row], Awaitable[T]] | None = None,
    ) -> T | None:
        """Call and wait. None when it failed, which has then been told."""
        try:
            return await call()
        except Exception as error:
            self.last_failed = (what, lambda: self.start(what, call, done=done, failed=failed, again=again))
            self._tell(what, error, done, failed, again)
            if failed is not None:
                with self.app.guard(what):
                    failed(error)
            return None

    def retry(self) -> None:
        """Make the call again that failed last."""
        if self.last_failed is None:
            self.app.notify("Nothing failed.")
            return
        (_, start), self.last_failed = self.last_failed, None
        start()

    def _tell(
        self,
        what: str,
        error: Exception,
        done: Callable[[T], Any] | None,
        failed: Callable[[Exception], Any] | None,
        again: Callable[[Row], Awaitable[T]] | None,
    ) -> None:
        from backend.client import ApiError, Offline

        key = self.app.key_of("retry")
        if isinstance(error, Offline):
            self.app.say(f"Offline. Could not {what}: no answer, so nothing is certain. {key} tries again.", "error")
        elif not isinstance(error, ApiError):
            self.app.report(what, error)
        elif error.status == 401:
            self.app.sign_in_ended(error.message)
        elif error.status == 409:
            self._clash(what, error, done, failed, again)
        else:
            more = f" {key} tries again." if error.status >= 500 or error.status == 429 else ""
            self.app.say(f"Could not {what}: {error.message}{more}", "error")

    def _clash(
        self,
        what: str,
        error: ApiError,
        done: Callable[[T], Any] | None,
        failed: Callable[[Exception], Any] | None,
        again: Callable[[Row], Awaitable[T]] | None,
    ) -> None:
        current = error.details.get("current")
        if isinstance(current, dict) and "incidenceId" in current:
            self.app.store.upsert("incidence", current["incidenceId"], current)
        if again is None or not isinstance(current, dict) or error.code not in _CLASHES:
            self.app.say(f"Could not {what}: {error.message}", "warning")
            return
        make = again

        def answered(is_yes: bool | None) -> None:
            if is_yes:
                self.start(what, lambda: make(current), done=done, failed=failed, again=again)

        target = [("What", what), ("Now", describe(current))]
        members, now = self.app.store.members, self.app.now()

        def name_of(id: str) -> str:
            return str(members[id]["name"]) if id in members else "somebody"

        lines = [told(entry, name_of, now) for entry in error.details.get("since", ())[-6:]]
        question = Confirm(
            "Somebody was faster", target, lines=lines, yes="Do it all the same", no="Leave it", role="warning"
        )
        self.app.push_screen(question, answered)


def describe(row: Row) -> str:
    """An incidence, a subscription or an intervention as it is, in one line."""
    if "nextAction" in row:
        whose = row.get("assigneeName") or "nobody"
        return plain(f"{row.get('type')}, {row.get('status')}, {whose}, version {row.get('version', '?')}")
    if "stripeSubscriptionId" in row:
        plan = (row.get("plan") or {}).get("name", "several things")
        return plain(f"{plan}, {row.get('status')}, version {row.get('version', '?')}")
    agent = row.get("agentName") or "nobody"
    return plain(
        f"{row.get('ref', '')} {str(row.get('status', '')).lower()}, {agent}, version {row.get('version', '?')}"
    )


def told(entry: Row, name_of: Callable[[str], str], now: datetime) -> str:
    """An event in a line: when, who and what; the words when it was something said."""
    from console.desk import ages
    from console.incidences import happenings

    data = entry.get("data") or {}
    actor = (entry.get("actor") or {}).get("name") or "Somebody"
    text = data.get("text")
    what = f"“{text}”" if text else happenings.told(str(entry.get("type", "")), data, name_of, now)
    return plain(f"{ages.local(entry.get('at'), now)} {actor}: {what}")
