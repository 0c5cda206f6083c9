"""Offering help: once for each cause in a visit, and the bands of the score."""

from collections.abc import Callable
from typing import Any, NamedTuple

from sqlalchemy import select

from backend.core.ids import new_id
from backend.customers.models import Customer
from backend.identity.service import currency_of
from backend.rules.engine import Firing
from backend.signals import events, friction
from backend.signals.contexts import Live
from backend.signals.friction import Judgement
from backend.signals.models import Context
from backend.signals.schemas import Prompt
from backend.signals.snapshot import snapshot
from backend.signals.visit import Visit
from backend.work import Work


class Due(NamedTuple):
    """Help that is due: what to say, and the rule that says so."""

    cause: str
    action: str
    text: str
    kind: str
    """The kind of rule set."""
    rule: str
    version: int
    why: str


class Offer:
    """Help that was offered for the first time in this visit."""

    __slots__ = ("due", "judgement", "live", "prompt")

    def __init__(self, live: Live, judgement: Judgement, due: Due) -> None:
        self.live, self.judgement, self.due = live, judgement, due
        self.prompt = Prompt(id=new_id(), cause=due.cause, action=due.action, text=due.text)


Teller = Callable[[Work, Offer], None]
TELLERS: list[Teller] = []


def also_tells(teller: Teller) -> Teller:
    """Run `teller` in the transaction that offers help, after its event: a slice above keeps offers of its own."""
    TELLERS.append(teller)
    return teller


def causes_of(judgement: Judgement) -> list[Due]:
    """All help that is due now; the special before the general."""
    due = _due("friction", judgement.verdict.version, judgement.signals)
    if judgement.prompts is not None and judgement.prompts.fired:
        due += prompts_of(judgement)
    if judgement.is_help_due:
        action, text, version = friction.SCORE_ACTION, friction.SCORE_PROMPT, judgement.verdict.version
        why = f"friction score {judgement.score}"
        due.append(Due(friction.SCORE_CAUSE, action, text, "friction", friction.SCORE_CAUSE, version, why))
    return due


def prompts_of(judgement: Judgement) -> list[Due]:
    """What the notification rules have to offer now."""
    found = judgement.prompts
    return [] if found is None else _due("notification", found.version, found.fired)


def _due(kind: str, version: int, fired: list[Firing]) -> list[Due]:
    return [
        Due(str(then["cause"]), str(then["action"]), str(then["prompt"]), kind, rule, version, why)
        for rule, then, _, why in fired
    ]


def offer(live: Live, judgement: Judgement, now: int) -> list[Offer]:
    """Note in the visit what help is due for the first time, and answer it. Nothing while the customer said no."""
    if live.visit.is_left_alone(now):
        return []
    return [offer_one(live, judgement, due) for due in causes_of(judgement) if due.cause not in live.visit.prompts]


def offer_one(live: Live, judgement: Judgement, due: Due) -> Offer:
    """Note in the visit that this help is offered."""
    made = Offer(live, judgement, due)
    live.visit.prompts[due.cause] = {"id": made.prompt.id, "isShown": False}
    return made


def show(visit: Visit, judgement: Judgement, now: int) -> Prompt | None:
    """The prompt to show now, if one is due that was not shown in this visit. The general one goes with a special one."""
    if visit.is_left_alone(now):
        return None
    for cause, action, text, *_ in causes_of(judgement):
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
                "by": {"kind": offer.due.kind, "rule": offer.due.rule, "version": offer.due.version},
                "context": {
                    "orderValue": offer.live.person.cart_value,
                    "currency": currency_of(work),
                    "eventType": offer.live.person.event_type,
                    "screen": offer.live.visit.screen,
                    "cartItems": row.cart_items,
                    "userInputs": {name: value for name, value in inputs.items() if value is not None},
                },
            },
        )
    )
    for teller in TELLERS:
        teller(work, offer)


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
