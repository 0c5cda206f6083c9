"""What can be done to a subscription: what it is called, when it makes no sense, and what it needs to know.

The server decides in the end; what is refused here only spares the person a question.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from console.billing import words
from console.desk.until import Unclear, wake_at
from console.incidences.forms import number
from widgets.prompt import Option

if TYPE_CHECKING:
    from backend.billing.schemas import PlanRead, SubscriptionRead

Params = dict[str, Any]
COMMENT = 500


@dataclass(frozen=True, slots=True)
class Kind:
    """`key` is its word on the command line, `name` the server's; `yes` is what the button says."""

    key: str
    name: str
    title: str
    about: str
    yes: str
    is_money: bool = True


KINDS = (
    Kind("pause", "PAUSE", "Pause billing", "the service goes on, nothing is billed until a day", "Pause it"),
    Kind("resume", "RESUME", "Resume billing", "bill again", "Resume it"),
    Kind("downgrade", "DOWNGRADE", "Move to a cheaper plan", "at the end of the period, or now", "Move it"),
    Kind("discount", "DISCOUNT", "Discount", "so much off each invoice for some months", "Give it"),
    Kind("trial", "TRIAL_EXTENSION", "Extend the trial", "more free days", "Extend it"),
    Kind("cancel", "CANCEL", "Cancel at the end of the period", "what was paid for stays", "Cancel it"),
    Kind("cancel-now", "CANCEL", "Cancel now", "it ends at once", "Cancel it now"),
    Kind("keep", "KEEP", "Keep it", "undo a cancellation or a move that is to come", "Keep it"),
)
BY_KEY = {kind.key: kind for kind in KINDS}


def why_not(kind: Kind, one: SubscriptionRead, plans: Sequence[PlanRead]) -> str:
    """Why a kind makes no sense for a subscription as it stands; nothing when it does."""
    if one.ended_at is not None:
        return "it has ended"
    is_ending = one.cancel_at_period_end or one.cancel_at is not None
    match kind.key:
        case "resume" if one.pause is None:
            return "it is not paused"
        case "keep" if not is_ending and one.schedule_id is None:
            return "nothing is to happen to it"
        case "cancel" if is_ending:
            return "it ends already"
        case "resume" | "keep" | "cancel" | "cancel-now":
            return ""
    if one.is_disputed:
        return "a payment is disputed"
    if is_ending and kind.key != "trial":
        return "it ends; keep it first"
    match kind.key:
        case "pause" | "trial" if one.pause is not None:
            return "it is paused already"
        case "trial" if one.status != "trialing":
            return "it is not in trial"
        case "downgrade" if not cheaper(one, plans):
            return "no cheaper plan is billed alike"
        case "discount" | "trial" if one.schedule_id is not None:
            return "it moves to another plan; keep it first"
    return ""


def cheaper(one: SubscriptionRead, plans: Sequence[PlanRead]) -> list[PlanRead]:
    """Plans it can be moved down to: on sale, billed alike, for less; the dearest first."""
    now = one.plan
    if now is None:
        return []
    alike = [
        plan
        for plan in plans
        if plan.is_active
        and (plan.currency, plan.interval, plan.interval_count) == (now.currency, now.interval, now.interval_count)
        and plan.amount < now.amount
    ]
    return sorted(alike, key=lambda plan: -plan.amount)


@dataclass(frozen=True, slots=True)
class Question:
    """Options above, words below. `reads` makes parameters of (option's key, words); Unclear when they are none."""

    options: Sequence[Option]
    hint: str
    reads: Callable[[str, str], Params]
    suggest: Sequence[str] = ()


def question(
    kind: Kind, one: SubscriptionRead, plans: Sequence[PlanRead], now: Callable[[], datetime]
) -> Question | None:
    """What a kind needs to know; None when nothing."""
    match kind.key:
        case "pause":
            months = [Option(str(count), f"{count} month{'s' if count > 1 else ''}") for count in (1, 2, 3)]
            return Question(months, "or until when: 45d, monday, 6w", lambda key, said: _pause(key, said, now()))
        case "downgrade":
            return Question(
                [
                    Option(f"{plan.id} {when}", f"{plan.name}  {words.price(plan)}", told)
                    for plan in cheaper(one, plans)
                    for when, told in (("period_end", "at the end of the period"), ("now", "now, with a credit"))
                ],
                "choose with ↑ ↓",
                _downgrade,
            )
        case "discount":
            months = [Option(str(count), f"for {count} month{'s' if count > 1 else ''}") for count in (1, 3, 6, 12)]
            return Question(months, "percent, such as 20", _discount)
        case "trial":
            days = [Option(str(count), f"{count} days") for count in (7, 14, 30)]
            return Question(days, "or another number of days", _trial)
        case "cancel" | "cancel-now":
            when = "now" if kind.key == "cancel-now" else "period_end"
            return Question(
                FEEDBACK, "in the customer's words, if you like", lambda key, said: _cancel(when, key, said)
            )
    return None


FEEDBACK = tuple(
    Option(key, label)
    for key, label in (
        ("too_expensive", "Too expensive"),
        ("unused", "Not used"),
        ("missing_features", "Something is missing"),
        ("switched_service", "Went to somebody else"),
        ("low_quality", "Quality"),
        ("customer_service", "Service"),
        ("too_complex", "Too complicated"),
        ("other", "Something else"),
    )
)
"""Why customers leave, in Stripe's taxonomy."""


def _pause(key: str, said: str, now: datetime) -> Params:
    if not said:
        return {"months": int(key)}
    at = wake_at(said, now)
    return {"resumesAt": at.isoformat().replace("+00:00", "Z")}


def _downgrade(key: str, said: str) -> Params:
    if said:
        raise Unclear("Choose a plan above; there is nothing to type.")
    plan_id, _, when = key.partition(" ")
    if not plan_id:
        raise Unclear("Choose a plan.")
    return {"planId": plan_id, "when": when}


def _discount(key: str, said: str) -> Params:
    percent = number(said)
    if not 0 < percent <= 100:
        raise Unclear("A percent between 0 and 100 is wanted.")
    return {"percent": percent, "months": int(key)}


def _trial(key: str, said: str) -> Params:
    days = number(said) if said else int(key)
    if not isinstance(days, int) or not 1 <= days <= 730:
        raise Unclear("A whole number of days is wanted, from 1 to 730.")
    return {"days": days}


def _cancel(when: str, key: str, said: str) -> Params:
    if len(said) > COMMENT:
        raise Unclear(f"At most {COMMENT} characters.")
    return {"when": when, "feedback": key, **({"comment": said} if said else {})}
