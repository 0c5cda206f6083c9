"""Changing a subscription: choose what, say how, see the exact amounts, confirm; then the outcome is read back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from console.billing import kinds, words
from console.billing.kinds import KINDS, Kind, Params
from console.desk import wording
from console.desk.until import Unclear as UnclearTime
from console.incidences.asks import Ask
from console.incidences.forms import Unclear
from widgets.paint import Cell
from widgets.prompt import Choice, Confirm, Option

if TYPE_CHECKING:
    from backend.billing.change_schemas import ChangeRead, PreviewRead
    from backend.billing.schemas import PlanRead, SubscriptionRead
    from console.app import ConsoleApp

WAIT = 8.0
"""Seconds for which the server is asked to wait for the outcome; what takes longer comes by the feed."""


class Changing:
    """The verbs on one subscription, as it stands on the screen. `done` is told of each change that was asked for; nothing
    is asked once `is_here` says that another customer is shown."""

    def __init__(
        self,
        console: ConsoleApp,
        one: SubscriptionRead,
        plans: Sequence[PlanRead],
        done: Callable[[ChangeRead], None],
        *,
        is_here: Callable[[], bool],
        incidence_id: str | None = None,
        under_way: str = "",
    ) -> None:
        self.console, self.one, self.plans, self.done = console, one, plans, done
        self.is_here, self.incidence_id, self.under_way = is_here, incidence_id, under_way

    @property
    def whose(self) -> str:
        """The customer's name, or the id they are known by."""
        return self.one.customer.name or self.one.customer.external_id

    def choose(self) -> None:
        """List everything that can be done; what makes no sense is dimmed and says why."""

        def chosen(key: str | None) -> None:
            if key is not None:
                self.ask(kinds.BY_KEY[key])

        options = [Option(kind.key, kind.title, kind.about, self.why_not(kind)) for kind in KINDS]
        plan = self.one.plan.name if self.one.plan else self.one.stripe_subscription_id
        title = f"{self.whose} · {plan}"
        self.console.push_screen(Choice(title, options, hint="type to filter; enter goes on", is_wide=True), chosen)

    def named(self, said: str) -> bool:
        """Begin with the kind that is called so, or whose name begins so; whether there is one."""
        word = said.strip().lower()
        kind = kinds.BY_KEY.get(word) or next((kind for kind in KINDS if word and kind.key.startswith(word)), None)
        if kind is None:
            return False
        if why := self.why_not(kind):
            self.console.say(f"{kind.title}: {why}.", "warning")
        else:
            self.ask(kind)
        return True

    def why_not(self, kind: Kind) -> str:
        """Why it cannot be done now."""
        return self.under_way or kinds.why_not(kind, self.one, self.plans)

    def ask(self, kind: Kind) -> None:
        """What it needs to know."""
        question = kinds.question(kind, self.one, self.plans, self.console.now)
        if question is None:
            self.preview(kind, {})
            return
        reads = question.reads

        def explain(key: str, said: str) -> tuple[str, bool]:
            try:
                reads(key, said)
            except (Unclear, UnclearTime) as problem:
                return str(problem), False
            return "enter shows what it comes to; nothing is done yet", True

        def answered(answer: str | None) -> None:
            if answer is not None:
                key, said = _parted(answer, question.options)
                self.preview(kind, reads(key, said))

        title = f"{kind.title} · {self.whose}"
        self.console.push_screen(Ask(title, question.options, explain, hint=question.hint), answered)

    def preview(self, kind: Kind, params: Params) -> None:
        """Ask what it comes to, then whether it is to be done."""
        from backend.billing.change_schemas import PreviewAsk

        api, one = self.console.api, self.one
        ask = PreviewAsk(kind=kind.name, params=params)
        self.console.calls.start(
            f"preview: {kind.title.lower()}",
            lambda: api.subscriptions.preview(one.id, ask),
            done=lambda shown: self._agree(kind, params, shown),
            group="preview",
            exclusive=True,
        )

    def _agree(self, kind: Kind, params: Params, shown: PreviewRead) -> None:
        """Name the target and the amounts; No is what enter gives."""
        if not self.is_here():
            return
        if shown.proration_date is not None:
            params = params | {"prorationDate": shown.model_dump(mode="json", by_alias=True)["prorationDate"]}

        def answered(is_yes: bool | None) -> None:
            if is_yes:
                self._do(kind, params)

        lines: list[Cell] = [[(said, "")] for said in shown.words]
        lines.append(
            [("exact, by Stripe's own preview" if shown.is_exact else "reckoned from the next invoice", "muted")]
        )
        question = Confirm(f"{kind.title}?", target_of(self.one, shown, self.console.now()), lines=lines, yes=kind.yes)
        self.console.push_screen(question, answered)

    def _do(self, kind: Kind, params: Params) -> None:
        api, key = self.console.api, str(uuid4())

        def call(version: int) -> Awaitable[ChangeRead]:
            body = params | {"version": version, "incidenceId": self.incidence_id}
            more: dict[str, Any] = {"wait": WAIT, "idempotency_key": f"{key}:{version}"}
            return send(api, kind, self.one.id, body, **more)

        def done(change: ChangeRead) -> None:
            tell(self.console, self.whose, change)
            self.done(change)

        self.console.calls.start(
            f"{kind.title.lower()} for {self.whose}",
            lambda: call(self.one.version),
            done=done,
            again=lambda current: call(current["version"]),
        )


def send(api: Any, kind: Kind, id: str, body: Params, **more: Any) -> Awaitable[ChangeRead]:
    """Ask for a change."""
    from backend.billing import change_schemas as s

    subscriptions = api.subscriptions
    verbs: dict[str, tuple[Any, Any]] = {
        "PAUSE": (subscriptions.pause, s.PauseAsk),
        "RESUME": (subscriptions.resume, s.ResumeAsk),
        "DOWNGRADE": (subscriptions.downgrade, s.DowngradeAsk),
        "DISCOUNT": (subscriptions.discount, s.DiscountAsk),
        "TRIAL_EXTENSION": (subscriptions.extend_trial, s.TrialAsk),
        "CANCEL": (subscriptions.cancel, s.CancelAsk),
        "KEEP": (subscriptions.keep, s.KeepAsk),
    }
    verb, model = verbs[kind.name]
    answer: Awaitable[ChangeRead] = verb(id, model.model_validate(body), **more)
    return answer


def target_of(one: SubscriptionRead, shown: PreviewRead, now: Any) -> list[tuple[str, Cell]]:
    """Whose subscription it is, and the amounts before and after."""
    plan = one.plan.name if one.plan else "several things"
    target: list[tuple[str, Cell]] = [
        ("Customer", [(one.customer.name or "unknown", "customer bold"), (f"  {one.customer.external_id}", "muted")]),
        ("Subscription", [(f"{plan}  {words.price(one)}", ""), (f"  {one.stripe_subscription_id}", "muted")]),
    ]
    for label, bill in (("As it is", shown.unchanged), ("After it", shown.next)):
        if bill is None:
            target.append((label, [("no invoice to come", "muted")]))
        else:
            amount = wording.money(bill.amount, shown.currency)
            target.append((label, [(amount, "money bold"), (f"  on {words.day(bill.at, now)}", "muted")]))
    if shown.credit:
        target.append(
            ("Credit", [(wording.money(shown.credit, shown.currency), "money"), ("  on later invoices", "muted")])
        )
    if shown.saved:
        target.append(
            ("Costs us", [(wording.money(shown.saved, shown.currency), "money"), ("  as long as it holds", "muted")])
        )
    return target


def tell(console: ConsoleApp, whose: str, change: ChangeRead) -> None:
    """Say how it stands: what is not read back yet is not done."""
    match change.state:
        case "DONE":
            console.say(f"{whose}: {change.words}. Done, and read back from Stripe.")
        case "FAILED":
            console.say(f"{whose}: not done ({change.words}). {change.error or ''}", "error")
        case "MISMATCHED":
            console.say(f"{whose}: look at it at Stripe ({change.words}). {change.error or ''}", "error")
        case _:
            console.say(f"{whose}: {change.words} is under way; you will be told.")


def _parted(answer: str, options: Sequence[Option]) -> tuple[str, str]:
    """The option's key and the words, of what a question answered: a key may have a space in it."""
    key = next(option.key for option in options if answer == option.key or answer.startswith(f"{option.key} "))
    return key, answer[len(key) :].strip()
