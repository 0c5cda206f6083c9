"""What a customer makes of a step. The same decision twice is one; another one about the same step is refused."""

from collections.abc import Mapping
from typing import Any, NoReturn

from sqlalchemy import select

from backend.billing import changes
from backend.billing.models import Subscription, SubscriptionChange
from backend.core.errors import Conflict, Invalid, Unprocessable
from backend.core.money import to_minor
from backend.customers.models import Customer
from backend.retention import events, flows, reading, steps
from backend.retention.concluding import cancel, settle
from backend.retention.eligibility import refusal
from backend.retention.facts import history_of
from backend.retention.flow_schemas import FlowStep
from backend.retention.models import OfferEvent, RetentionRun
from backend.retention.offering import Candidate, Entry, candidates, change_params
from backend.retention.runs import advance, end, held, note, record, tell_reason
from backend.retention.schemas import DecisionAsked
from backend.rules import service as rules
from backend.work import Work

_ACCEPTED, _DECLINED = "ACCEPTED", "DECLINED"
_NOT_POSSIBLE = "You cannot have this offer now: {why}. Nothing was changed."
_STRIPE_REFUSES = "That could not be done: {why} Nothing was changed."
State = dict[str, Any]


def decide(work: Work, id: str, body: DecisionAsked) -> State:
    """Take a decision: Decided data. An accepted offer and a cancellation are pending until Stripe shows them.

    Conflict for another decision than the one made about a step, for a step that is not shown, and for a run that is
    over; details tell what was decided. Unprocessable for a reason that the flow does not have.
    """
    run, subscription = held(work, id)
    settle(work, run, subscription)
    is_cancel = body.offer_type in ("CANCEL", "CONFIRM") and body.accepted
    if body.offer_type == "CANCEL" and not body.accepted:
        raise Invalid("offerType CANCEL is to cancel: send accepted true, or decide about the step.", field="accepted")
    if _is_repeated(work, run, body, is_cancel):
        return reading.decided(work, run)
    if run.outcome is not None:
        _refuse(work, run, "RUN_ENDED", f"This is over: {_in_words(run)}.")
    _keep_words(work, run, body)
    if reading.is_pending(run):
        if not is_cancel:
            _refuse(work, run, "CHANGE_PENDING", "What was decided before is being carried out; wait for its outcome.")
        run.wants_cancel = True
        note(work, run, _ACCEPTED, about=steps.CANCEL)
        run.message = "You will be cancelled as soon as what you accepted before is through."
        record(work, run, events.RunDecided, {"offer": steps.CANCEL, "accepted": True})
        return reading.decided(work, run)
    run.message = ""
    step, entry = steps.current(run, reading.document_of(work, run))
    if body.offer_type != "CANCEL":
        _expect_shown(work, run, step, body)
    if is_cancel:
        note(work, run, _ACCEPTED, about=steps.CANCEL)
        cancel(work, run, subscription)
    elif step.kind == "confirm":
        note(work, run, _DECLINED, about=steps.CANCEL)
        run.message = "Good to have you. Nothing was changed."
        end(work, run, "ABANDONED")
    elif entry is not None and body.accepted:
        _accept(work, run, subscription, entry)
    else:
        _pass(work, run, subscription, step, entry, body)
    return reading.decided(work, run)


def _pass(
    work: Work,
    run: RetentionRun,
    subscription: Subscription,
    step: FlowStep,
    entry: Entry | None,
    body: DecisionAsked,
) -> None:
    """On to the next step: a survey answered or skipped, a message seen, an offer declined."""
    label = "" if entry else steps.label_of(step)
    if step.kind == "survey" and body.accepted and run.reason is None:
        raise Invalid(
            "reason: say why, with one of the survey's codes, or skip it with accepted false.", field="reason"
        )
    told = {"reason": run.reason, "followUp": run.follow_up} if step.kind == "survey" and body.accepted else {}
    note(work, run, _ACCEPTED if body.accepted else _DECLINED, entry=entry, about=label, **told)
    run.step += 1
    advance(work, run, subscription)
    if entry is not None:
        record(work, run, events.RunDecided, {"offer": entry["offer"], "accepted": False})
    else:
        record(work, run, events.RunMoved, {"step": step.id, "reason": run.reason})


def _accept(work: Work, run: RetentionRun, subscription: Subscription, entry: Entry) -> None:
    """Have an offer carried out, if the limits still allow it and Stripe can; or say why not, and go on."""
    why_not = _why_not(work, run, subscription, entry)
    if why_not is None:
        try:
            params = change_params(entry["offerType"], entry["params"])
            key = f"offer:{run.step}"
            change = changes.ask(
                work, subscription, entry["offerType"], params, key=key, run_id=run.id, incidence_id=run.incidence_id
            )
        except Conflict as busy:  # without what is being done: this may be a page that asks
            words = "Something else is being changed just now. Wait a moment, then decide again."
            _refuse(work, run, busy.error_code, words)
        except Unprocessable as refused:  # it says no before it writes anything
            why_not = _STRIPE_REFUSES.format(why=refused.message)
    if why_not is not None:
        note(work, run, _ACCEPTED, entry=entry, refused=why_not)
        run.message, run.step = why_not[:400], run.step + 1
        advance(work, run, subscription)
        record(work, run, events.RunDecided, {"offer": entry["offer"], "accepted": True, "refused": why_not})
        return
    note(work, run, _ACCEPTED, entry=entry)
    run.change_id, run.accepted_offer = change.id, entry["offer"]
    record(work, run, events.RunDecided, {"offer": entry["offer"], "accepted": True})


def _why_not(work: Work, run: RetentionRun, subscription: Subscription, entry: Entry) -> str | None:
    """What forbids the offer by now: what was given meanwhile counts."""
    compiled = rules.current(work, flows.KIND)
    offer = _again(work, run, subscription, entry)
    if offer is None:
        return _NOT_POSSIBLE.format(why="it is not there any more")
    history = history_of(work, subscription, run.group, compiled.settings)
    budget = compiled.settings["discountBudget"]
    cap = None if budget is None else to_minor(budget, run.currency)
    found = refusal(offer.wish, history, compiled.settings, cap)
    return None if found is None else _NOT_POSSIBLE.format(why=found.why)


def _again(work: Work, run: RetentionRun, subscription: Subscription, entry: Entry) -> Candidate | None:
    """The offer as it would be made now; None when it would be another one, such as one of a plan that is gone."""
    document = reading.document_of(work, run)
    only = document.model_copy(
        update={
            "steps": [
                step.model_copy(update={"when": None} if step.kind == "offer" else {})
                for step in document.steps
                if step.id == entry["stepId"] or step.kind == "confirm"
            ]
        }
    )
    found = candidates(work, only, subscription, run.facts)
    return next((offer for offer in found if offer.params == entry["params"]), None)


def _keep_words(work: Work, run: RetentionRun, body: DecisionAsked) -> None:
    """The reason and the comment, of who was not erased, may come with any decision. Unprocessable for a reason that the flow does not have."""
    if body.comment is not None and work.session.get_one(Customer, run.customer_id).erased_at is None:
        run.comment = body.comment
    if body.reason is None or body.reason == run.reason:
        if body.follow_up is not None and run.reason is not None:
            run.follow_up = _follow_up(work, run, run.reason, body.follow_up)
        return
    reasons = {one["code"]: one for one in steps.reasons_of(reading.document_of(work, run))}
    if body.reason not in reasons:
        known = ", ".join(reasons)
        raise Unprocessable(f"reason: must be one of {known}", code="UNKNOWN_REASON", field="reason")
    follow_up = body.follow_up and _follow_up(work, run, body.reason, body.follow_up)
    tell_reason(run, body.reason, follow_up)


def _follow_up(work: Work, run: RetentionRun, reason: str, given: str) -> str:
    reasons = {one["code"]: one for one in steps.reasons_of(reading.document_of(work, run))}
    known = [one["code"] for one in reasons.get(reason, {}).get("followUps", ())]
    if given not in known:
        words = f"followUp: must be one of {', '.join(known)}" if known else "followUp: this reason has none"
        raise Unprocessable(words, code="UNKNOWN_FOLLOW_UP", field="followUp")
    return given


# -- told twice


def _is_repeated(work: Work, run: RetentionRun, body: DecisionAsked, is_cancel: bool) -> bool:
    """Whether this was decided before, alike; Conflict when it was decided otherwise."""
    if is_cancel:
        return run.outcome == "CANCELLED" or run.wants_cancel or _is_cancelling(work, run)
    made = _made_about(work, run, body)
    if made is None:
        return False
    same = (made.kind == _ACCEPTED) == body.accepted
    told = made.params.get("reason")
    if not same or (body.offer_type == "SURVEY" and body.reason is not None and body.reason != told):
        was = "accepted" if made.kind == _ACCEPTED else "declined"
        said = f"; the reason was {told}" if told else ""
        _refuse(work, run, "ALREADY_DECIDED", f"This step was {was} already{said}.", decided=_told(made))
    return True


def _is_cancelling(work: Work, run: RetentionRun) -> bool:
    if run.change_id is None or run.outcome is not None:
        return False
    return work.session.get_one(SubscriptionChange, run.change_id).kind == "CANCEL"


def _made_about(work: Work, run: RetentionRun, body: DecisionAsked) -> OfferEvent | None:
    """The decision that was made about the same step: by its number, or the last one about such an offer if the step
    that is shown now is about something else."""
    about = {"CONFIRM": steps.CANCEL}.get(body.offer_type, body.offer_type)
    query = select(OfferEvent).where(
        OfferEvent.business_id == work.business_id,
        OfferEvent.run_id == run.id,
        OfferEvent.kind.in_((_ACCEPTED, _DECLINED)),
        OfferEvent.offer_type == about,
    )
    if body.step is not None:
        return work.session.scalars(query.where(OfferEvent.step == body.step)).first()
    if run.outcome is None and not reading.is_pending(run):
        step, _ = steps.current(run, reading.document_of(work, run))
        if steps.label_of(step) == body.offer_type:
            return None
    return work.session.scalars(query.order_by(OfferEvent.step.desc())).first()


def _expect_shown(work: Work, run: RetentionRun, step: FlowStep, body: DecisionAsked) -> None:
    label = steps.label_of(step)
    if body.offer_type != label or body.step not in (None, run.step):
        words = f"The step that is shown now is number {run.step}, about {label}: decide about that one."
        _refuse(work, run, "NOT_SHOWN", words)


def _refuse(work: Work, run: RetentionRun, code: str, words: str, **more: Any) -> NoReturn:
    raise Conflict(words, code=code, current=reading.decided(work, run), **more)


def _told(made: OfferEvent) -> Mapping[str, Any]:
    return {"offerType": made.offer_type, "accepted": made.kind == _ACCEPTED, "step": made.step, **made.params}


def _in_words(run: RetentionRun) -> str:
    match run.outcome:
        case "SAVED":
            return f"{run.accepted_offer} was accepted, and is done"
        case "CANCELLED":
            return "it is cancelled at the end of the period"
    return "the customer stays, and nothing was accepted"
