"""The jobs (`g j`): how every part does, what failed for good, what waits and ran, and what runs by itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar

from console.frame.overview import Detail, Overview
from console.jobs import words
from console.twin import told
from widgets.outline import Line

Row = Mapping[str, Any]
MOST = 60
"""Jobs and dead letters, the newest; more are on the command line."""


class JobsScreen(Overview):
    """Admins try again, cancel and replay."""

    family: ClassVar[str] = "jobs"
    heading: ClassVar[str] = "Jobs"
    what: ClassVar[str] = "jobs"
    topics: ClassVar[tuple[str, ...]] = ("dead_letter", "delivery_channel", "integration")

    def __init__(self) -> None:
        super().__init__()
        self._found: dict[str, dict[str, Row]] = {}

    def asking(self) -> Callable[[], Awaitable[Any]]:
        api = self.console.api

        async def ask() -> Any:
            return (
                (await api.system.monitoring()).parts,
                (await api.jobs.schedules()).items,
                (await api.jobs.list(limit=MOST))["items"],
                (await api.jobs.dead_letters(limit=MOST))["items"],
            )

        return ask

    def keep(self, answer: Any) -> None:
        parts, schedules, jobs, dead = ([told(one) for one in some] for some in answer)
        self._found = {
            words.PART: {one["name"]: one for one in parts},
            words.SCHEDULE: {f"{one['name']} {one['cron']}": one for one in schedules},
            words.JOB: {one["id"]: one for one in jobs},
            words.DEAD: {one["id"]: one for one in dead},
        }

    def lines(self) -> list[Line]:
        kept = {kind: [*found.values()] for kind, found in self._found.items()}
        parts, schedules, jobs = kept[words.PART], kept[words.SCHEDULE], kept[words.JOB]
        return words.of_all(parts, schedules, jobs, kept[words.DEAD], self.console.now())

    def detail(self, key: str) -> Detail:
        now = self.console.now()
        if (part := self._under(words.PART)) is not None:
            return *words.of_part(part), part["title"]
        if (schedule := self._under(words.SCHEDULE)) is not None:
            return *words.of_schedule(schedule, now), schedule["name"]
        if (job := self._under(words.JOB)) is not None:
            return *words.of_job(job, now), job["name"]
        if (letter := self._under(words.DEAD)) is not None:
            return *words.of_dead(letter, now), letter["job"]
        return (), (), ""

    def _under(self, kind: str) -> Row | None:
        return self._found.get(kind, {}).get(self.key_after(kind))

    def verdicts(self) -> Mapping[str, str]:
        """What waits or failed is tried again; what waits or runs is cancelled."""
        job, dead, refused = self._under(words.JOB), self._under(words.DEAD), {}
        if job is None and dead is None:
            refused["job_again"] = refused["job_cancel"] = "There is no job under the cursor."
        elif job is None:
            refused["job_cancel"] = "It is over."
        else:
            if job["status"] in ("succeeded", "running"):
                refused["job_again"] = f"It cannot be run again: it is {job['status']}."
            if job["status"] not in ("waiting", "retrying", "running"):
                refused["job_cancel"] = f"It is over: {job['status']}."
        return refused

    # -- the verbs

    def action_job_again(self) -> None:
        """Run a waiting job now, one that failed once more, or replay a dead letter."""
        job, dead, api = self._under(words.JOB), self._under(words.DEAD), self.console.api
        if dead is not None:
            self._do("replay the job", lambda: api.jobs.replay(dead["id"]), "It is run once more.")
        elif job is not None:
            self._do("run the job", lambda: api.jobs.retry(job["id"]), "It runs now.")

    def action_job_cancel(self) -> None:
        """Forget a job that waits, or stop one that runs."""
        job, api = self._under(words.JOB), self.console.api
        if job is not None:
            self._do("cancel the job", lambda: api.jobs.cancel(job["id"]), "It is cancelled.")

    def _do(self, what: str, call: Callable[[], Awaitable[Any]], said: str) -> None:
        def done(_: Any) -> None:
            self.console.say(said)
            self.read()

        self.console.calls.start(what, call, done=done)
