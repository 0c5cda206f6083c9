"""Playbooks (`g p`): what they do and how well, what goes on, and the keys for both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from textual import on

from console.actions import Action
from console.desk.until import Unclear, wake_at
from console.playbooks import starting, words
from console.playbooks.board import PLAYBOOKS, Board
from console.playbooks.candidates import CandidatesScreen
from console.playbooks.playbook_yaml import PlaybookYamlScreen
from console.playbooks.words import Row
from console.rules.reason_prompt import ReasonPrompt
from console.twin import told
from widgets.paint import Cell
from widgets.prompt import Confirm
from widgets.queue_table import QueueTable

OF_PLAYBOOKS = (
    "playbook_edit",
    "playbook_run",
    "playbook_try",
    "playbook_automatic",
    "playbook_new",
    "playbook_archive",
)
OF_EXECUTIONS = ("execution_pause", "execution_wait", "execution_retry", "execution_cancel")
_EMPTY = "There is nothing under the cursor."


class PlaybooksScreen(Board):
    """The keys of the screen."""

    family: ClassVar[str] = "playbooks"
    heading: ClassVar[str] = "Playbooks"

    def verdicts(self) -> Mapping[str, str]:
        """What makes no sense for what is under the cursor."""
        if not self.is_mounted:
            return {}
        refused = {} if self.row() is not None else dict.fromkeys(("open", *OF_PLAYBOOKS, *OF_EXECUTIONS), _EMPTY)
        if self.tab == PLAYBOOKS:
            refused |= dict.fromkeys(OF_EXECUTIONS, "That is for an execution: 2 shows those under way.")
        else:
            refused |= dict.fromkeys(OF_PLAYBOOKS, "That is for a playbook: 1 shows them.")
        if (one := self.playbook()) is not None and one["status"] == "ARCHIVED":
            refused |= dict.fromkeys(("playbook_run", "playbook_automatic"), f"{one['name']} is archived.")
        elif one is not None and not one["document"].get("trigger"):
            refused["playbook_automatic"] = "It has no trigger; write one first."
        if (row := self.execution()) is not None:
            if row["endedAt"] is not None:
                over = f"It is over: {words.STATUSES[row['status']][2]}."
                refused |= dict.fromkeys(("execution_pause", "execution_wait"), over)
                if row["status"] != "FAILED":
                    refused |= dict.fromkeys(("execution_cancel", "execution_retry"), over)
            else:
                refused["execution_retry"] = "No step of it has failed."
            if row["nextAt"] is None:
                refused["execution_wait"] = refused.get("execution_wait", "It is in no wait now.")
        return refused

    def tells_of(self, action: Action) -> bool:
        """The keys of a tab where it is in front."""
        if action.id in OF_PLAYBOOKS:
            return self.tab == PLAYBOOKS
        return action.id not in OF_EXECUTIONS or self.tab != PLAYBOOKS

    # -- playbooks

    def action_open(self, ref: str = "") -> None:
        """A playbook's YAML; everything about an execution's customer."""
        if self.playbook() is not None:
            self.action_playbook_edit()
        elif (row := self.execution()) is not None:
            from console.customers.customer import CustomerScreen

            self.app.push_screen(CustomerScreen(row["customerId"]))

    @on(QueueTable.Opened)
    def _opened(self) -> None:
        self.action_open()

    def action_playbook_edit(self) -> None:
        """Read it, and open its YAML."""
        one, api = self.playbook(), self.console.api
        if one is None:
            return

        def done(answer: Any) -> None:
            self.app.push_screen(PlaybookYamlScreen(told(answer)))

        id = one["playbookId"]
        self.console.calls.start("read the playbook", lambda: api.playbooks.show(id), done=done)

    def action_playbook_run(self, customer: str) -> None:
        """Find the customer, ask, and start it."""
        one, api = self.playbook(), self.console.api
        if one is None:
            return

        def found(who: Any) -> None:
            starting.ask(self.console, one, {who.id: who.name or who.user_id})

        self.console.calls.start(f"find {customer}", lambda: api.customers.show(customer.strip()), done=found)

    def action_playbook_try(self) -> None:
        """Whom its trigger fits now."""
        if (one := self.playbook()) is not None:
            self.app.push_screen(CandidatesScreen(one))

    def action_playbook_automatic(self) -> None:
        """Say whom that would start, and ask why; or let it start nobody any more."""
        one = self.playbook()
        if one is None:
            return
        is_on = not one["isAutomatic"]
        lines: list[Cell] = [[(one["description"], "note")]] if one["description"] else []
        trigger = one["document"]["trigger"]
        after = ", ".join(words.OCCASIONS.get(each, each) for each in trigger["after"])
        if is_on:
            lines.append(
                f"After: {after}. At most {trigger['atMost']} a day, each customer once in {trigger['cooldownDays']} days."
            )
            lines.append([(f"{self.console.key_of('playbook_try')} shows whom it fits now.", "muted")])
        else:
            lines.append("It starts nobody by itself any more. What is under way goes on.")
        title = f"Let {one['name']} start by itself" if is_on else f"Start {one['name']} by hand only"
        self._with_reason(one, title, lines, {"is_automatic": is_on})

    def action_playbook_archive(self) -> None:
        """Archive it, or bring it back."""
        one = self.playbook()
        if one is None:
            return
        is_gone = one["status"] == "ARCHIVED"
        said = "It can be started again." if is_gone else "Nobody starts it any more. What is under way goes on."
        title = f"Bring {one['name']} back" if is_gone else f"Archive {one['name']}"
        self._with_reason(one, title, [said], {"status": "ACTIVE" if is_gone else "ARCHIVED"})

    def _with_reason(self, one: Row, title: str, lines: list[Cell], fields: dict[str, Any]) -> None:
        api, id = self.console.api, one["playbookId"]

        def change(reason: str | None) -> None:
            if reason is None:
                return
            from backend.playbooks.schemas import PlaybookChange

            body = PlaybookChange(version=one["version"], reason=reason, **fields)
            done = lambda _: self.console.say(f"{title}: done.")  # noqa: E731
            self.console.calls.start("change the playbook", lambda: api.playbooks.change(id, body), done=done)

        hint = "enter with a reason does it at once · esc leaves it as it is"
        self.app.push_screen(ReasonPrompt(title, lines, hint=hint), change)

    def action_playbook_new(self, name: str) -> None:
        """Another one with these steps."""
        one, api = self.playbook(), self.console.api
        if one is None:
            return
        from backend.playbooks.documents import PlaybookDocument
        from backend.playbooks.schemas import PlaybookMake

        document = PlaybookDocument.model_validate(one["document"])
        body = PlaybookMake(name=name, description=one["description"], document=document, reason=f"from {one['name']}")

        def done(answer: Any) -> None:
            made = told(answer)
            self.playbooks.read()
            self.console.say(f"{made['name']} is there; it starts nobody by itself.")

        self.console.calls.start("make the playbook", lambda: api.playbooks.make(body), done=done)

    # -- executions

    def action_execution_pause(self) -> None:
        """Stop it, or let it go on."""
        row, api = self.execution(), self.console.api
        if row is None:
            return
        verb = api.executions.resume if row["status"] == "PAUSED" else api.executions.pause
        what = "let it go on" if row["status"] == "PAUSED" else "pause it"
        self._act(what, verb, row)

    def action_execution_retry(self) -> None:
        """Try the step that failed again."""
        if (row := self.execution()) is not None:
            self._act("try it again", self.console.api.executions.retry, row)

    def action_execution_cancel(self) -> None:
        """Ask with name and step, and end it."""
        row = self.execution()
        if row is None:
            return
        pairs: list[tuple[str, Cell]] = [
            ("Customer", f"{words.customer(row)} {row['userId']}"),
            ("Playbook", row["playbookName"]),
            ("Stands at", row["stepWords"] or row["endedHow"]),
        ]
        lines: list[Cell] = [f"{row['done']} steps are done, and stay done."]

        def answered(is_yes: bool | None) -> None:
            if is_yes:
                self._act("cancel it", self.console.api.executions.cancel, row)

        self.app.push_screen(Confirm("Cancel this execution?", pairs, lines=lines, yes="Cancel it"), answered)

    def _act(self, what: str, verb: Any, row: Row) -> None:
        from backend.playbooks.schemas import ExecutionAct

        def call(current: Mapping[str, Any]) -> Any:
            return verb(row["executionId"], ExecutionAct(version=current["version"]))

        self.console.calls.start(what, lambda: call(row), done=self._keep, again=call)

    def action_execution_wait(self, until: str) -> None:
        """Another end of the wait."""
        row, api = self.execution(), self.console.api
        if row is None:
            return
        try:
            at = wake_at(until, self.console.now())
        except Unclear as problem:
            self.console.say(str(problem), "warning")
            return
        from backend.playbooks.schemas import WaitChange

        def call(current: Mapping[str, Any]) -> Any:
            return api.executions.change_wait(row["executionId"], WaitChange(version=current["version"], next_at=at))

        self.console.calls.start("change the wait", lambda: call(row), done=self._keep, again=call)

    def _keep(self, answer: Any) -> None:
        self.executions.keep(told(answer))

    # -- the screen itself

    async def perform(self, action: Action, value: str = "", *, is_agreed: bool = False) -> None:
        """A key is a hand: rows stay where they are for a while."""
        if self.is_mounted:
            self.table.touch()
        await super().perform(action, value, is_agreed=is_agreed)

    def action_read_again(self) -> None:
        """Everything as it is now."""
        self.read()
