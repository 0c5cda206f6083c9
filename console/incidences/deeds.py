"""`CaseScreen`: the verbs on incidences, the same in the queue and in the workspace."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from console.actions import Action
from console.desk import wording
from console.desk.until import Unclear, wake_at
from console.escalations import ladder
from console.floor.claims import ask_whom, claim_next
from console.frame.screen import FrameScreen
from console.frame.topic import of_case
from console.incidences import verbs
from console.incidences.asks import Ask, AskOutcome, AskReason, AskUntil
from console.incidences.bulk import Bulk
from console.incidences.verbs import Target, Verb
from console.undo import Change
from widgets.prompt import Choice

if TYPE_CHECKING:
    from backend.client.incidences import Incidence
    from backend.incidences.schemas import Posted


class CaseScreen(FrameScreen):
    """A screen on which verbs act on incidences as they are displayed: the marked ones, else the selected one."""

    def targets(self) -> list[Target]:
        """What a verb acts on, with the versions that stand on the screen."""
        row = self.selected()
        return [] if row is None else [Target.of(row)]

    def about(self) -> tuple[str, ...]:
        """The ids of the targets."""
        return tuple(target.id for target in self.targets())

    def matching(self) -> Mapping[str, str] | None:
        """The query that a verb acts on instead, when all that match are chosen."""
        return None

    def name_of(self, member_id: str) -> str:
        """The name of a member; of one who has left, that it is somebody."""
        member = self.store.members.get(member_id)
        return member["name"] if member else "somebody"

    # -- doing

    def do(self, what: str, verb: Verb, undo: Verb | None = None, *, on: list[Target] | None = None) -> None:
        """Do a verb to the targets, or `on` those. `what` is its name in a sentence: "solve"; `undo` takes it back from
        one row."""
        targets, matching = (self.targets(), self.matching()) if on is None else (on, None)
        if matching is not None and verb.many is None:
            self.console.say("This is done case by case: mark the rows that it is for.", "warning")
        elif matching is not None:
            Bulk(self.console, what, verb, self.bulk_done).start_matching(matching)
        elif len(targets) > 1:
            Bulk(self.console, what, verb, self.bulk_done).start(targets)
        elif targets:
            self._do_one(what, verb, targets[0], undo)

    def bulk_done(self, failed: list[Target]) -> None:
        """A verb on several is through; `failed` are those it was not done to."""

    def _do_one(self, what: str, verb: Verb, target: Target, undo: Verb | None) -> None:
        api = self.console.api

        def done(answer: Incidence) -> None:
            row = self.keep(answer)
            self.console.say(f"{target.ref} is {verb.did}.")
            if undo is not None:
                self._remember(what, verb, undo, Target.of(row))

        self.console.calls.start(
            f"{what} {target.ref}",
            lambda: verb.act(api, target.id, target.version),
            done=done,
            again=lambda current: verb.act(api, target.id, current["version"]),
        )

    def _remember(self, what: str, verb: Verb, undo: Verb, target: Target) -> None:
        def start(act: Verb, name: str) -> None:
            row = self.store.incidences.get(target.id)
            version = row["version"] if row else target.version
            self._do_one(name, act, Target(target.id, target.ref, version), None)

        title = f"{what} {target.ref}"
        self.console.undo.push(Change(title, lambda: start(undo, f"undo: {title}"), lambda: start(verb, what)))

    def action_intervene(self, text: str = "") -> None:
        """Plan something for the case's customer."""
        row = self.selected()
        if row is None:
            self.console.say("Choose an incidence first.", "warning")
            return
        from console.interventions.planning import plan

        plan(self.console, row["customer"]["id"], row["customer"]["name"] or row["ref"], text)

    def action_why(self) -> None:
        """Why the case is where it is, over this screen."""
        row, api = self.selected(), self.console.api
        if row is None:
            return

        def done(answer: Mapping[str, Any]) -> None:
            from console.incidences.why import WhyScreen

            self.app.push_screen(WhyScreen(answer))

        what = f"ask why {row['ref']} is here"
        self.console.calls.start(
            what, lambda: api.incidences.why(row["incidenceId"]), done=done, group="why", exclusive=True
        )

    def keep(self, answer: Incidence) -> Mapping[str, Any]:
        """Put an answer into the mirror, as the feed will a moment later."""
        row: Mapping[str, Any] = answer.model_dump(mode="json", by_alias=True)
        self.store.upsert("incidence", row["incidenceId"], dict(row))
        return row

    def follow(self, incidence_id: str) -> None:
        """Somebody went on to another case from here: a list puts its cursor on it."""

    # -- the verbs

    def action_take(self) -> None:
        """Make it mine."""
        self.do("take", verbs.take(), verbs.assign(verbs.NOBODY, ""))

    def action_assign(self, member: str = "") -> None:
        """Give it to a member, or back."""
        row = self.selected() or {}
        before = row.get("agentId")
        back = verbs.assign(before, self.name_of(before)) if before else verbs.assign(verbs.NOBODY, "")
        self.do("assign", verbs.assign(member, self.name_of(member)), back)

    def action_status(self, status: str = "") -> None:
        """Open, or waiting for the customer."""
        before = (self.selected() or {}).get("status")
        back = verbs.set_status(before) if before in ("OPEN", "WAITING") else None
        self.do("set the status of", verbs.set_status(status), back)

    def action_priority(self, priority: str = "") -> None:
        """1 to 4."""
        before = (self.selected() or {}).get("priority")
        back = verbs.set_priority(before) if before else None
        self.do("set the priority of", verbs.set_priority(int(priority)), back)

    def action_snooze(self, until: str = "") -> None:
        """Put it away until then."""
        now = self.console.now()
        try:
            at = wake_at(until, now)
        except Unclear as problem:
            self.console.say(str(problem), "warning")
            return
        self.do("snooze", verbs.snooze(at, now), verbs.set_status("OPEN"))

    def action_solve(self, outcome: str = "") -> None:
        """Close it; after the outcome may stand a category."""
        name, _, category = outcome.partition(" ")
        self.do("solve", verbs.solve(name, category.strip()), verbs.reopen())

    def action_escalate(self, reason: str = "") -> None:
        """Hand it up; after the reason may stand a note."""
        name, _, note = reason.partition(" ")
        self.do("hand up", verbs.escalate(name, note.strip()))

    def verdicts(self) -> Mapping[str, str]:
        """The top of the ladder is the end."""
        row = self.selected() if len(self.marked()) < 2 else None
        why = ladder.why_not_higher(self.store.ladder, row)
        return {"escalate": why} if why else {}

    def action_reopen(self) -> None:
        """Open it again."""
        self.do("reopen", verbs.reopen())

    def action_next_best(self) -> None:
        """Claim what most needs an agent, and say why it is that one."""
        claim_next(self)

    def add_note(self, row: Mapping[str, Any], text: str) -> None:
        """Put a note on a case at once."""
        api, key = self.console.api, str(uuid4())

        def call() -> Awaitable[Posted]:
            from backend.incidences.schemas import NoteAdd

            return api.agent.note(row["incidenceId"], NoteAdd(text=text), idempotency_key=key)

        def done(answer: Posted) -> None:
            self.keep(answer.incidence)
            self.console.say(f"Note on {row['ref']}.")

        self.console.calls.start(f"note on {row['ref']}", call, done=done)

    def show_claimed(self, row: Mapping[str, Any]) -> None:
        """Bring what was claimed before the eye."""

    # -- asking

    def _ask(self, action: Action, choice: Choice) -> None:
        question: Ask
        count = len(self.targets())
        of, about = (f"{count} marked", "") if count > 1 else self._whose()
        match action.id:
            case "solve":
                question = AskOutcome(f"Solve {of}", about, self.values().of("outcome"), self._categories())
            case "snooze":
                question = AskUntil(f"Snooze {of}", about, self.console.now)
            case "escalate":
                rules = self.store.ladder
                question = AskReason(
                    f"Hand up {of}", about, self.values().of("reason"), lambda reason: ladder.leads_to(rules, reason)
                )
            case "assign":
                ask_whom(self, action, choice)
                return
            case _:
                super()._ask(action, choice)
                return

        targets = self.about()

        async def answered(value: str | None) -> None:
            if value is not None:
                await self.perform_asked(action, value, targets)

        self.app.push_screen(question, answered)

    def _whose(self) -> tuple[str, str]:
        """The one case and its customer, and what it is about: a list moves when a case leaves it, and a key that is
        pressed then should not end another's unseen."""
        if (row := self.selected()) is None:
            return "", ""
        return of_case(row).words, row["summary"]

    def _categories(self) -> list[str]:
        return sorted({row["issueCategory"] for row in self.store.incidences.values() if row["issueCategory"]})

    # -- copying

    def action_copy_id(self) -> None:
        """The reference."""
        self._copy(lambda row: row["ref"])

    def action_copy_link(self) -> None:
        """The address."""
        self._copy(lambda row: f"{self.console.api.transport.url}/incidences/{row['incidenceId']}")

    def action_copy_summary(self) -> None:
        """Reference, customer and summary."""
        self._copy(lambda row: f"{row['ref']} {wording.customer(dict(row))}: {row['summary']}")

    def _copy(self, text_of: Any) -> None:
        row = self.selected()
        if row is not None:
            self.copy(text_of(row))

    def copy(self, text: str) -> None:
        """Put a text on the clipboard, through the terminal, and say so."""
        self.app.copy_to_clipboard(text)
        self.console.say(f"Copied: {text}")
