"""What went between here and one system: readings, webhooks out and in; and telling again what it was told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, ClassVar

from console.desk import ages
from console.frame.outlined import OutlinedScreen, Said
from console.integrations import log
from console.twin import told
from widgets.outline import Line
from widgets.paint import Cell

Row = Mapping[str, Any]
MOST = 100
_ROLES = {
    "done": "ok", "applied": "ok", "waits": "info", "under way": "info", "nothing new": "muted", "given up": "danger",
    "failed": "danger", "refused": "warning", "stopped": "warning",
}  # fmt: skip


class LogScreen(OutlinedScreen):
    """`LogScreen(connection)`, as the API tells it."""

    family: ClassVar[str] = "integration_log"
    what: ClassVar[str] = "log"
    topics: ClassVar[tuple[str, ...]] = ("integration", "webhook")
    tick: ClassVar[float] = 5.0

    def __init__(self, connection: Row) -> None:
        super().__init__()
        self.connection = connection
        self._told: dict[str, Sequence[Row]] = {}

    @property
    def heading(self) -> str:  # type: ignore[override]
        """What the header calls it."""
        return f"Log of {self.connection['title']}"

    def ask(self) -> Callable[[], Awaitable[Any]]:
        """What reads all three."""
        api, id = self.console.api.integrations, self.connection["id"]

        async def all_three() -> dict[str, Any]:
            return {
                "runs": await api.runs(id, limit=MOST),
                "posts": await api.posts(id, limit=MOST),
                "arrivals": await api.arrivals(id, limit=MOST),
            }

        return all_three

    def take(self, answer: dict[str, Any]) -> None:
        """Keep them."""
        self._told = {name: told(page)["items"] for name, page in answer.items()}

    def lines(self) -> Sequence[Line]:
        """Everything, the newest first."""
        now = self.console.now()
        lines = []
        for at, key, what, state, _, about, why in log.entries_of(self._told):
            words = [(f"{what:<11}", ""), (f"  {state:<11}", _ROLES.get(state, "")), (f"  {about}", "muted")]
            lines.append(Line(key, ages.local(at, now), [*words, *([(f"  {why}", "danger")] if why else [])], width=14))
        return lines or [Line("", "Nothing went between here and there yet.")]

    def _row(self, begins: str, name: str) -> Row | None:
        kind, _, id = self.key.partition(":")
        return next((one for one in self._told.get(name, ()) if kind == begins and one["id"] == id), None)

    def says(self) -> Said:
        """The entry in full."""
        now = self.console.now()
        if (run := self._row("run", "runs")) is not None:
            pairs: list[tuple[str, Cell]] = [
                ("began", ages.local(run["beganAt"], now)),
                ("ended", ages.local(run["endedAt"], now) if run["endedAt"] else "not yet"),
                ("read", str(run["read"])),
                ("changed", str(run["changed"])),
                ("refused", str(run["refused"])),
            ]
            pairs += [("why", [(run["error"], "danger")])] if run["error"] else []
            problems: list[Cell] = [f"{one['record'] or 'no name'}: {one['reason']}" for one in run["problems"]]
            more = run["refused"] - len(problems)
            return "Reading", pairs, ["", *problems, *([f"… and {more} more"] if more > 0 else [])]
        for begins, name, title in (("post", "posts", "Webhook out"), ("arrival", "arrivals", "Webhook in")):
            if (row := self._row(begins, name)) is not None:
                skipped = ("id", "integrationId", "error", "platform")
                told_of = [(key, value) for key, value in row.items() if key not in skipped and value is not None]
                pairs = [(_label(key), _value(key, value, now)) for key, value in told_of]
                return title, [("id", row["id"]), *pairs, *_why(row)], ()
        return "", (), ()

    def verdicts(self) -> Mapping[str, str]:
        """Only a webhook of ours is told again, once it is over."""
        post = self._row("post", "posts")
        if post is None:
            return {"replay": "There is no webhook out under the cursor."}
        return {} if post["state"] in ("SENT", "DEAD") else {"replay": "It is on its way already."}

    def action_replay(self) -> None:
        """Tell it again."""
        post, api, id = self._row("post", "posts"), self.console.api, self.connection["id"]
        if post is not None:
            self.console.calls.start(
                "send it again", lambda: api.integrations.replay(id, post["id"]), done=lambda _: self.read()
            )

    def action_replay_all(self) -> None:
        """Tell again all that was given up."""
        api, id = self.console.api, self.connection["id"]

        async def replay() -> Any:
            from backend.integrations.schemas import ReplayAsked

            return await api.integrations.replay_all(id, ReplayAsked())

        def done(answer: Any) -> None:
            self.console.say(f"{answer.count} are sent again." if answer.count else "Nothing was given up.")
            self.read()

        self.console.calls.start("send them again", replay, done=done)


def _label(key: str) -> str:
    return "".join(f" {sign.lower()}" if sign.isupper() else sign for sign in key)


def _value(key: str, value: Any, now: Any) -> str:
    return ages.local(value, now) if key.endswith("At") else str(value).lower() if key == "state" else str(value)


def _why(row: Row) -> list[tuple[str, Cell]]:
    return [("why", [(row["error"], "danger")])] if row["error"] else []
