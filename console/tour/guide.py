"""Works three cases through the console as a person would, by its keys, and tells what happened."""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.desk.wording import spoken

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from console.app import ConsoleApp

SIZE = (140, 45)
SCREENS = (
    ("e", "escalations"),
    ("a", "alerts"),
    ("n", "analytics"),
    ("r", "rules"),
    ("o", "retention"),
    ("f", "finance"),
    ("p", "playbooks"),
    ("m", "macros"),
    ("i", "integrations"),
    ("v", "interventions"),
    ("u", "outbox"),
    ("s", "settings"),
)
"""Letters after `g`, and the screens that an agent sees there beside the queue."""
_PATIENCE = 20.0
"""Seconds until something that was asked for must be there."""
_LOOK = 0.05
_ANSWER = "Namaste! I have looked into it and it is taken care of. Is there anything else?"
_NOTE = "Family decides tonight; look again in the afternoon."


class Lost(Exception):
    """The tour cannot go on; the message says what did not happen."""


def guide(out: Path | None, *, seed: int) -> int:
    """Walk through the product on a demo of its own; the exit code.

    Sentences go to stdout, pictures to `out` (a new folder for temporary files when none is given).
    """
    began, out = time.monotonic(), out or Path(tempfile.mkdtemp(prefix="holdfast-tour-"))
    with tempfile.TemporaryDirectory(prefix="holdfast-tour-", ignore_cleanup_errors=True) as folder:
        # Nothing of the tour touches what belongs to the person: not the drafts, not the settings, not the keyring.
        os.environ["HOLDFAST_HOME"] = str(Path(folder) / "console")
        os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
        try:
            if out is not None:
                out.mkdir(parents=True, exist_ok=True)
            asyncio.run(_walk(Path(folder) / "world", out, seed))
        except Lost as trouble:
            print(f"holdfast: the tour stopped: {trouble}", file=sys.__stderr__)
            return 1
        except OSError as error:
            print(f"holdfast: the pictures cannot be written: {error.strerror or error}", file=sys.__stderr__)
            return 1
    print(f"The tour took {time.monotonic() - began:.1f} s.")
    return 0


async def _walk(world: Path, out: Path, seed: int) -> None:
    from backend.demo.cast import AGENTS, BUSINESS, PASSWORD
    from console.app import ConsoleApp
    from console.commands.demo import command
    from console.connection import Target, free_port

    me, port = AGENTS[0], free_port()
    target = Target(
        f"http://127.0.0.1:{port}",
        command=command(world, "--still", port=port, seed=seed),
        email=me.email,
        password=PASSWORD,
        is_passing=True,
    )
    app = ConsoleApp(target)
    async with app.run_test(size=SIZE) as pilot:
        tour = Tour(app, pilot, out)
        try:
            await tour.until("the queue with its rows", lambda: app.store.is_loaded and app.store.in_view("unassigned"))
            tour.say(
                f"Signed in to {BUSINESS} as {me.name}: {len(app.store.in_view('all'))} open cases, all of them live."
            )
            await tour.answer_one()
            await tour.put_one_away()
            await tour.take_the_next_best()
            await tour.look_around()
            await tour.check()
        except Lost:
            await tour.picture("stopped-here")
            raise


class Tour:
    """One walk. Every step presses keys and waits until the mirror and the screen show what came of them."""

    def __init__(self, app: "ConsoleApp", pilot: "Pilot[None]", out: Path) -> None:
        self.app, self.pilot, self.out = app, pilot, out
        self._pictures = 0
        self._expected: dict[str, str] = {}

    # -- the three cases

    async def answer_one(self) -> None:
        """Take, read, reply, solve."""
        await self.press("2")
        await self.picture("queue")
        row = await self.open_first()
        self.say(f"Opened {self.name(row)}, which waits at the top of Unassigned with priority {row['priority']}.")
        await self.picture("incidence")
        await self.act("t", row, "yours", lambda now: now["agentId"] == self.app.store.member_id)
        await self.reply(row)
        await self.solve(row, "It is solved, with the time it took on record")
        await self.picture("solved")
        await self.back()

    async def put_one_away(self) -> None:
        """Take, note, snooze."""
        row = await self.open_first()
        self.say(f"Opened {self.name(row)}.")
        await self.act("t", row, "yours", lambda now: now["agentId"] == self.app.store.member_id)
        before = self.row(row)["lastSeq"]
        await self.press("c")
        await self.write(_NOTE)
        await self.until("the note", lambda: self.row(row)["lastSeq"] > before)
        self.say("Left a note that only the team sees.")
        await self.command("snooze 2h")
        await self.until("the snooze", lambda: self.row(row)["status"] == "SNOOZED")
        self._expected[row["ref"]] = "SNOOZED"
        self.say(f"Snoozed {row['ref']} for two hours; it comes back to the second.")
        await self.picture("snoozed")
        await self.back()

    async def take_the_next_best(self) -> None:
        """Let the house choose, then answer it."""
        before = {row["incidenceId"] for row in self.app.store.in_view("mine")}
        await self.press("ctrl+n")
        await self.until(
            "the next best case", lambda: {one["incidenceId"] for one in self.app.store.in_view("mine")} - before
        )
        row = next(one for one in self.app.store.in_view("mine") if one["incidenceId"] not in before)
        await self.until("its workspace", lambda: self.is_open(row))
        self.say(f"Next best: {self.name(row)}, because {spoken(row['routing']['text'])}.")
        await self.picture("next-best")
        await self.reply(row)
        await self.solve(row, "It is solved too")
        await self.back()

    async def look_around(self) -> None:
        """The other screens."""
        await self.press("3")
        await self.picture("all")
        await self.press("question_mark")
        await self.picture("keys")
        await self.press("escape")
        for letter, screen in SCREENS:
            await self.press("g", letter)
            await self.until(f"the {screen} screen", partial(self.is_in, screen))
            await self.until(f"what the {screen} screen asks for", self.is_answered)
            await self.picture(screen)
            if screen == "retention":
                await self.look_through_retention()
        await self.press("g", "q")

    async def look_through_retention(self) -> None:
        """The tabs of the board beside the first."""
        for key, tab in (("3", "flows"), ("4", "results"), ("5", "subscriptions")):
            await self.press(key)
            await self.until(f"the tab {tab}", self.is_answered)
            await self.picture(f"retention-{tab}")

    async def check(self) -> None:
        """Ask the server itself whether all of it is so."""
        for ref, status in self._expected.items():
            found = await self.app.api.incidences.show(ref)
            if found.status != status:
                raise Lost(f"the server says that {ref} is {found.status}, not {status}")
        if self.app.troubles:
            raise Lost(f"the console noted a trouble: {self.app.troubles[-1]!r}")
        self.say(f"The server agrees on all {len(self._expected)} cases. {self._pictures} pictures are in {self.out}.")

    # -- hands and eyes

    def is_answered(self) -> bool:
        """Whether nothing is being asked of the server any more."""
        return all(worker.is_finished for worker in self.app.workers)

    async def open_first(self) -> dict[str, Any]:
        """Open the first row of the tab, once the rows that left it are gone from under the hand; its row."""
        await self.until("the queue to settle", lambda: self.app.screen.table.pending_count == 0)  # type: ignore[attr-defined]
        await self.press("home", "enter")
        await self.until("a workspace", lambda: hasattr(self.app.screen, "incidence_id"))
        row = self.app.store.incidences[self.app.screen.incidence_id]  # type: ignore[attr-defined]
        await self.until("the case's story", lambda: self.is_open(row))
        return row

    def is_in(self, family: str) -> bool:
        """Whether a family of screens is in front."""
        return bool(self.app.current_mode == family)

    def is_open(self, row: dict[str, Any]) -> bool:
        """Whether the workspace shows this case with all that is known of it."""
        screen: Any = self.app.screen
        is_there = getattr(screen, "incidence_id", "") == row["incidenceId"]
        return is_there and getattr(screen, "case", None) is not None

    async def reply(self, row: dict[str, Any]) -> None:
        """Write to the customer and send."""
        await self.press("r")
        await self.write(_ANSWER)
        await self.until("the reply", lambda: (self.row(row)["lastMessage"] or {}).get("by") == "agent")
        self.say(f"Replied to {self.customer(row)}; the case waits for them now.")
        await self.picture("replied")

    async def solve(self, row: dict[str, Any], words: str) -> None:
        """Close it as resolved."""
        await self.command("solve resolved")
        await self.until("the solved case", lambda: self.row(row)["status"] == "CLOSED")
        self._expected[row["ref"]] = "CLOSED"
        from console.desk.ages import span

        self.say(f"{words}: {span(self.row(row)['timeToResolve'])}.")

    async def act(self, key: str, row: dict[str, Any], what: str, is_done: Callable[[dict[str, Any]], bool]) -> None:
        """Press a key and wait for what it does to the row."""
        await self.press(key)
        await self.until(f"{row['ref']} to be {what}", lambda: is_done(self.row(row)))
        self.say(f"{row['ref']} is {what}.")

    async def write(self, text: str) -> None:
        """Type into the composer and send."""
        from widgets.composer import Composer

        await self.until("the composer", lambda: isinstance(self.app.focused, Composer))
        composer = self.app.focused
        assert isinstance(composer, Composer)
        composer.insert(text)
        await self.until("the words in the composer", lambda: composer.text == text)
        await self.press("ctrl+j")

    async def command(self, line: str) -> None:
        """Enter a line on the command line."""
        from textual.widgets import Input

        await self.press("colon")
        await self.until("the command line", lambda: isinstance(self.app.focused, Input))
        assert isinstance(self.app.focused, Input)
        self.app.focused.value = line
        await self.press("enter")

    async def back(self) -> None:
        """Out of the workspace."""
        await self.press("escape")
        if hasattr(self.app.screen, "incidence_id"):
            await self.press("escape")
        await self.until("the queue", lambda: not hasattr(self.app.screen, "incidence_id"))

    async def press(self, *keys: str) -> None:
        """Press keys as a hand would."""
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def until(self, what: str, is_so: Callable[[], Any]) -> None:
        """Wait for something. Lost when it does not come."""
        deadline = time.monotonic() + _PATIENCE
        while not is_so():
            if self.app.return_code is not None or not self.app.is_running:
                raise Lost(f"the console ended while the tour waited for {what}")
            if time.monotonic() > deadline:
                raise Lost(f"{what} did not come within {_PATIENCE:.0f} s")
            await self.pilot.pause(_LOOK)

    async def picture(self, name: str) -> None:
        """Keep what the screen shows."""
        await self.pilot.pause(_LOOK)
        self._pictures += 1
        svg = self.app.export_screenshot(title=f"Holdfast · {name}")
        (self.out / f"{self._pictures:02}-{name}.svg").write_text(svg, "utf-8")

    def row(self, row: dict[str, Any]) -> dict[str, Any]:
        """The row as the mirror has it now."""
        return self.app.store.incidences[row["incidenceId"]]

    def customer(self, row: dict[str, Any]) -> str:
        """The customer's name, safe to print."""
        from widgets.plain import plain

        return plain(row["customer"]["name"] or row["customer"]["userId"])

    def name(self, row: dict[str, Any]) -> str:
        """A case in a sentence."""
        from widgets.plain import plain

        return f"{row['ref']} of {self.customer(row)}: “{plain(row['summary'])}”"

    def say(self, text: str) -> None:
        """A sentence; past the app, which keeps what is printed inside it to itself."""
        print(text, file=sys.__stdout__, flush=True)
