"""Offering help: once for each cause in a visit, and the bands of the score."""

from typing import Any

from sqlalchemy import select

from backend.core.ids import new_id
from backend.customers.models import Customer
from backend.signals import events, friction
from backend.signals.contexts import Live, currency_of
from backend.signals.friction import Judgement
from backend.signals.models import Context
from backend.signals.schemas import Prompt
from backend.signals.snapshot import snapshot
from backend.signals.visit import Visit
from backend.work import Work


class Offer:
    """Help that was offered for the first time in this visit."""

    __slots__ = ("judgement", "live", "prompt")

    def __init__(self, live: Live, judgement: Judgement, prompt: Prompt) -> None:
        self.live, self.judgement, self.prompt = live, judgement, prompt


def causes_of(judgement: Judgement) -> list[tuple[str, str, str]]:
    """(cause, action, text) of all help that is due now; the special before the general."""
    causes = [(str(then["cause"]), str(then["action"]), str(then["prompt"])) for _, then, _, _ in judgement.signals]
    if judgement.is_help_due:
        causes.append((friction.SCORE_CAUSE, friction.SCORE_ACTION, friction.SCORE_PROMPT))
    return causes


def offer(live: Live, judgement: Judgement, now: int) -> list[Offer]:
    """Note in the visit what help is due for the first time, and answer it. Nothing while the customer said no."""
    visit = live.visit
    if visit.suppressed_until is not None and now < visit.suppressed_until:
        return []
    offers = []
    for cause, action, text in causes_of(judgement):
        if cause not in visit.prompts:
            prompt = Prompt(id=new_id(), cause=cause, action=action, text=text)
            visit.prompts[cause] = {"id": prompt.id, "isShown": False}
            offers.append(Offer(live, judgement, prompt))
    return offers


def show(visit: Visit, judgement: Judgement, now: int) -> Prompt | None:
    """The prompt to show now, if one is due that was not shown in this visit. The general one goes with a special one."""
    if visit.suppressed_until is not None and now < visit.suppressed_until:
        return None
    for cause, action, text in causes_of(judgement):
        noted = visit.prompts.get(cause)
        if noted is not None and not noted["isShown"]:
            noted["isShown"] = True
            if judgement.is_help_due and friction.SCORE_CAUSE in visit.prompts:
                visit.prompts[friction.SCORE_CAUSE]["isShown"] = True
            return Prompt(id=noted["id"], cause=cause, action=action, text=text)
    return None


def record_offer(work: Work, offer: Offer) -> None:
    """Tell the rest of the house that help was offered."""
    customer_id = offer.live.person.customer_id
    row = work.session.execute(
        select(Context.cart_items, Context.selected_platter, Context.guest_count, Context.event_date).where(
            Context.business_id == work.business_id, Context.customer_id == customer_id
        )
    ).one()
    inputs: dict[str, Any] = {"guestCount": row.guest_count, "selectedPlatter": row.selected_platter}
    inputs["eventDate"] = row.event_date.isoformat() if row.event_date else None
    verdict = friction.verdict_of(offer.judgement)
    work.emit(
        events.HelpOffered(
            subject_id=customer_id,
            customer_id=customer_id,
            data={
                "score": verdict.score,
                "reasons": [reason.model_dump() for reason in verdict.reasons],
                "cause": offer.prompt.cause,
                "prompt": offer.prompt.model_dump(),
                "ruleVersion": verdict.rule_version,
                "context": {
                    "orderValue": offer.live.person.cart_value,
                    "currency": currency_of(work.session, work.business_id),
                    "eventType": offer.live.person.event_type,
                    "screen": offer.live.visit.screen,
                    "cartItems": row.cart_items,
                    "userInputs": {name: value for name, value in inputs.items() if value is not None},
                },
            },
        )
    )


def record_band(work: Work, live: Live, before: int) -> None:
    """An event when the score has entered another band since it was `before`: never one for each signal."""
    score = live.visit.score
    if friction.band(before) == friction.band(score):
        return
    customer = work.session.get_one(Customer, live.person.customer_id)
    work.emit(
        events.FrictionChanged(
            subject_id=customer.id,
            customer_id=customer.id,
            state=snapshot(work, customer).model_dump(mode="json", by_alias=True),
            data={"score": [before, score]},
        )
    )
