"""The menu of what may be done to a case, each with what the rules say of it; then its question, and doing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from console.approvals import action_of
from console.desk import ages
from console.frame.topic import of_case
from console.incidences import forms
from console.incidences.asks import Ask
from console.incidences.forms import Form, Params, Unclear
from widgets.prompt import Choice, Confirm, Option

if TYPE_CHECKING:
    from backend.agent.schemas import ActionAnswer, ActionVerdict, Dashboard
    from backend.client import ApiError
    from console.incidences.casework import Casework

_REFUSED = ("APPROVAL_REQUIRED", "ACTION_BLOCKED")


class Acting:
    """What the key of the menu does, on the case that a screen shows."""

    def __init__(self, screen: Casework, case: Dashboard) -> None:
        self.screen, self.case, self.console = screen, case, screen.console
        self.row = case.incidence.model_dump(mode="json", by_alias=True)

    def choose(self) -> None:
        """List everything that can be done; what may not be done is dimmed and says why."""

        def chosen(type: str | None) -> None:
            if type is not None:
                self.ask(next(one for one in self.case.actions if one.type == type))

        options = [_option(verdict) for verdict in self.case.actions]
        title = f"Act on {of_case(self.row).words}"
        self.console.push_screen(Choice(title, options, hint="type to filter; enter goes on", is_wide=True), chosen)

    def named(self, words: str) -> bool:
        """Begin with the action that is called so, or whose name begins so; whether there is exactly one."""
        wanted = words.strip().lower().replace("_", " ")
        found = [one for one in self.case.actions if action_of(one.type).startswith(wanted)]
        found = [one for one in found if action_of(one.type) == wanted] or found
        if len(found) != 1:
            return False
        if found[0].allowed or found[0].needs_approval:
            self.ask(found[0])
        else:
            self.console.say(f"{action_of(found[0].type).capitalize()}: {found[0].reason}.", "warning")
        return True

    def ask(self, verdict: ActionVerdict) -> None:
        """What it needs to know."""
        form = forms.form_of(verdict.type, verdict.params, self.screen.values().of("member"))
        title = f"{action_of(verdict.type).capitalize()} · {self.row['ref']}"

        def explain(field: str, words: str) -> tuple[str, bool]:
            try:
                return self._promise(verdict, form.reads(field, words)), True
            except Unclear as problem:
                return str(problem), False

        def answered(answer: str | None) -> None:
            if answer is not None:
                field, _, words = answer.partition(" ")
                self._agree(verdict, form, form.reads(field, words.strip()))

        self.console.push_screen(Ask(title, form.options, explain, hint=form.hint), answered)

    def _promise(self, verdict: ActionVerdict, given: Params) -> str:
        """What enter does, and by which rule."""
        does = self._said(verdict, given)
        if verdict.needs_approval:
            return f"enter asks a supervisor for: {does}"
        bound = f" · {verdict.reason}{_bound(verdict)}" if verdict.type in forms.DISCOUNTS else ""
        return f"enter does: {does}{bound}"

    def _said(self, verdict: ActionVerdict, given: Params) -> str:
        value = self.case.incidence.order_value
        if value is None:
            value = self.case.order_context.estimated_value
        if verdict.type == "REASSIGN":
            return f"{action_of(verdict.type)} to {self.screen.name_of(given['agentId'])}"
        return forms.said(verdict.type, given, self.row, value)

    def _agree(self, verdict: ActionVerdict, form: Form, given: Params) -> None:
        """Money is asked once more, with whom, what and how much."""
        if not forms.is_money(verdict.type, given):
            self._do(verdict, given)
            return
        target = [
            ("On", f"{self.row['ref']} {self.case.incidence.customer.name}"),
            ("Order", self.case.incidence.order_id or "none yet"),
            ("Amount", self._said(verdict, given)),
        ]
        why = f"{verdict.reason}{_bound(verdict)} (rule {verdict.rule} v{verdict.rule_version})"
        yes = "Ask a supervisor" if verdict.needs_approval else action_of(verdict.type).capitalize()

        def answered(is_yes: bool | None) -> None:
            if is_yes:
                self._do(verdict, given)

        question = Confirm(f"{action_of(verdict.type).capitalize()}?", target, lines=[[(why, "muted")]], yes=yes)
        self.console.push_screen(question, answered)

    def _do(self, verdict: ActionVerdict, given: Params) -> None:
        api, key, ref = self.console.api, str(uuid4()), self.row["ref"]
        name = action_of(verdict.type)

        async def call(version: int) -> ActionAnswer | ApiError:
            from backend.agent.schemas import ActionAsk
            from backend.client import ApiError

            body = ActionAsk(type=verdict.type, version=version, params=given)
            try:
                return await api.agent.act(self.row["incidenceId"], body, idempotency_key=f"{key}:{version}")
            except ApiError as error:
                if error.code in _REFUSED:
                    return error
                raise

        def done(answer: ActionAnswer | ApiError) -> None:
            if isinstance(answer, Exception):
                self.console.say(_refusal(ref, answer, self.console), "warning")
                return
            row = self.screen.keep(answer.incidence)
            self.console.say(f"{row['ref']}: {name} is done ({self._said(verdict, given)}).")

        self.console.calls.start(
            f"{name} on {ref}",
            lambda: call(self.row["version"]),
            done=done,
            again=lambda current: call(current["version"]),
        )


def _bound(verdict: ActionVerdict) -> str:
    """What a discount that is allowed up to a limit comes to beyond it."""
    return "; beyond that a supervisor is asked" if verdict.type in forms.DISCOUNTS and verdict.allowed else ""


def _option(verdict: ActionVerdict) -> Option:
    name = action_of(verdict.type).capitalize()
    if verdict.allowed:
        return Option(verdict.type, f"✓ {name}", verdict.reason or "")
    if verdict.needs_approval:
        return Option(verdict.type, f"? {name}", f"asks a supervisor: {verdict.reason}")
    return Option(verdict.type, f"  {name}", refusal=verdict.reason or "not allowed")


def _refusal(ref: str, error: ApiError, console: Any) -> str:
    details = error.details
    if error.code == "ACTION_BLOCKED":
        return f"{ref}: {error.message} Nothing was done; the try is on record."
    what = "; ".join(details.get("diff") or ()) or error.message
    until = ages.local(details.get("expiresAt"), console.now())
    return f"{ref}: asked for {what}. A supervisor has until {until} to decide; you will be told here."
