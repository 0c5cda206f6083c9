"""How runs end: by what Stripe shows of the change that was asked for, by a cancellation, or by their time being up."""

from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from backend.billing import changes
from backend.billing.models import Subscription, SubscriptionChange
from backend.billing.normal import reduction
from backend.billing.revenue import net_monthly
from backend.core.errors import Conflict, Unprocessable
from backend.retention import events, flows, reading, steps
from backend.retention.models import RetentionRun
from backend.retention.runs import EXPIRE, advance, end, held, record
from backend.rules import service as rules
from backend.rules.shipped.flow import REASONS
from backend.work import Work

_LOOK_AGAIN = timedelta(minutes=10)
_LONGEST_COMMENT = 500
"""That Stripe takes."""
_NOT_RUNNING = ("incomplete", "paused")
"""Statuses in which there is no period to wait for the end of."""
State = dict[str, Any]


def conclude(work: Work, id: str) -> State:
    """Where the run stands, once what came of its change is taken in: Decided data."""
    run, subscription = held(work, id)
    settle(work, run, subscription)
    return reading.decided(work, run)


def conclude_change(work: Work, change_id: str) -> None:
    """The same for the run that waits for this change, if one does."""
    waiting = select(RetentionRun.id).where(
        RetentionRun.business_id == work.business_id,
        RetentionRun.change_id == change_id,
        RetentionRun.outcome.is_(None),
    )
    found = work.session.scalars(waiting).first()
    if found is not None:
        conclude(work, found)


def waits_for(work: Work, id: str) -> tuple[str, float] | None:
    """(change, seconds) to wait for before the customer is answered; None when nothing is pending."""
    run = work.get(RetentionRun, id, "run")
    if run.change_id is None or run.outcome is not None:
        return None
    return run.change_id, float(rules.current(work, flows.KIND).settings["waitSeconds"])


def expire(work: Work, id: str) -> None:
    """Its time is up: ABANDONED, unless something is decided or being carried out."""
    run, subscription = held(work, id)
    settle(work, run, subscription)
    if run.outcome is not None:
        return
    if reading.is_pending(run) or run.expires_at > work.now:
        at = max(run.expires_at, work.now + _LOOK_AGAIN) if reading.is_pending(run) else run.expires_at
        work.enqueue(EXPIRE, at=at, key=f"run:{run.id}", run_id=run.id)
        return
    end(work, run, "ABANDONED")


def settle(work: Work, run: RetentionRun, subscription: Subscription) -> None:
    """Take in what came of the change that the run waits for, if it waits for one and that is settled."""
    if run.outcome is not None or run.change_id is None:
        return
    change = work.session.get_one(SubscriptionChange, run.change_id)
    work.session.refresh(change)
    if change.state in changes.OPEN:
        return
    is_done = change.state == "DONE"
    if is_done and change.kind == "CANCEL":
        is_over = change.params.get("when") == "now"
        run.message = f"It is cancelled: {'it ends now' if is_over else 'you keep access until the end of the period'}."
        end(work, run, "CANCELLED")
    elif run.wants_cancel:
        run.wants_cancel, run.accepted_offer, run.change_id = False, None, None
        cancel(work, run, subscription)
    elif is_done:
        run.revenue_saved, run.message = _monthly_after(work, run, subscription), ""
        end(work, run, "SAVED")
    else:
        _go_on(work, run, subscription, change)


def cancel(work: Work, run: RetentionRun, subscription: Subscription) -> None:
    """Have it cancelled at the end of the period, with the reason in Stripe's words and the comment; at once when it is
    not running, and after whatever somebody else has done to it just now."""
    comment = run.comment and run.comment[:_LONGEST_COMMENT].strip()
    when = "now" if subscription.status in _NOT_RUNNING else "period_end"
    params = {"when": when, "feedback": _feedback(work, run), "comment": comment}
    tries = select(func.count()).where(SubscriptionChange.run_id == run.id, SubscriptionChange.kind == "CANCEL")
    key = f"cancel:{work.session.scalar(tries) or 0}"
    try:
        change = changes.ask(
            work, subscription, "CANCEL", params, key=key, run_id=run.id, incidence_id=run.incidence_id
        )
    except Conflict as busy:
        if busy.error_code != "CHANGE_OPEN":
            raise
        run.change_id, run.wants_cancel = str(busy.details["changeId"]), True
        run.message = "You will be cancelled as soon as what is being changed now is through."
        record(work, run, events.RunDecided, {"offer": steps.CANCEL, "accepted": True})
        return
    except Unprocessable as refused:
        if (
            refused.error_code == "SUBSCRIPTION_ENDED"
            or subscription.cancel_at_period_end
            or subscription.cancel_at
            or subscription.ended_at
        ):
            run.message = refused.message  # somebody was faster: it is what the customer wants
            end(work, run, "CANCELLED")
            return
        raise
    run.change_id = change.id
    record(work, run, events.RunDecided, {"offer": steps.CANCEL, "accepted": True})


def _go_on(work: Work, run: RetentionRun, subscription: Subscription, change: SubscriptionChange) -> None:
    """What was asked for is not there: say so, and show the next step. It counts as nothing saved."""
    what = "the cancellation" if change.kind == "CANCEL" else "what you accepted"
    if change.state == "MISMATCHED":
        said = f"We could not make sure that {what} was done as agreed. Somebody will look at it."
    else:
        said = f"The payment provider refused {what}. Nothing was changed."
    run.change_id, run.accepted_offer, run.message = None, None, said
    if change.kind != "CANCEL":
        run.step += 1
    advance(work, run, subscription)
    told = {"offer": change.kind, "refused": change.error or change.state}
    record(work, run, events.RunMoved, {"step": steps.current(run, reading.document_of(work, run))[0].id, **told})


def _monthly_after(work: Work, run: RetentionRun, subscription: Subscription) -> int:
    """What is billed a month after what was accepted, once it is billed again: with all discounts that hold by then."""
    taken = next((entry for entry in run.ranking if entry["offer"] == run.accepted_offer), None)
    params: State = taken["params"] if taken else {}
    amount = params.get("amount", subscription.amount)  # of the smaller plan, or of the same
    discounts, at = map(reduction, subscription.discounts), subscription.resumes_at or work.now
    return net_monthly(amount, subscription.interval, subscription.interval_count, discounts, at)


def _feedback(work: Work, run: RetentionRun) -> str | None:
    """The reason in Stripe's words."""
    if run.reason is None:
        return None
    reasons = {one["code"]: one for one in steps.reasons_of(reading.document_of(work, run))}
    told: str | None = reasons.get(run.reason, {}).get("feedback")
    return told or (run.reason if run.reason in REASONS else "other")
