"""Offering help outside a signal, and leaving a customer alone: what notifications do to a visit."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import select, update

from backend.core.clock import instant
from backend.core.errors import NotFound, Unprocessable
from backend.core.rows import to_micros
from backend.customers import service as customers
from backend.customers.models import Customer
from backend.rules import service as rules
from backend.signals import contexts, events, friction, help
from backend.signals.contexts import Live
from backend.signals.models import Context
from backend.work import Work

NOT_IN_APP, LEFT_ALONE, PROMPTED, NOTHING_DUE = "NOT_IN_APP", "SUPPRESSED", "ALREADY_PROMPTED", "NO_RULE_FIRES"


def hold(work: Work, user_id: str) -> Live:
    """The customer by id, and their visit, which nobody else changes until the end; NotFound for one we do not know."""
    customer = customers.find_customer(work, user_id)
    query = select(Customer.erased_at).where(Customer.id == customer.id).with_for_update(key_share=True)
    if work.session.execute(query).scalar_one() is not None:  # erased while we waited
        raise NotFound(f"There is no customer {user_id!r} here.", id=user_id)
    return contexts.live_of(work.session, work.business_id, [customer])[customer.id]


def trigger(work: Work, live: Live, cause: str | None) -> help.Offer | str:
    """Offer what the notification rules have for a held customer, of one `cause` if given: the first that was not
    offered in this visit. Otherwise why nothing is. Unprocessable for a cause of no rule."""
    scoring, prompts = rules.current_of(work, "friction", "notification")
    if cause is not None and all(rule.then["cause"] != cause for rule in prompts.document.rules):
        raise Unprocessable(f"No notification rule has the cause {cause!r}.", code="UNKNOWN_CAUSE", field="cause")
    now = to_micros(work.now)
    if not live.visit.is_live(now):
        return NOT_IN_APP
    if live.visit.is_left_alone(now):
        return LEFT_ALONE
    judgement = friction.judge_visit(scoring, live.visit, live.person, prompts=prompts)
    due = [one for one in help.prompts_of(judgement) if cause in (None, one.cause)]
    new = [one for one in due if one.cause not in live.visit.prompts]
    if not new:
        return PROMPTED if due else NOTHING_DUE
    made = help.offer_one(live, judgement, new[0])
    contexts.store(work.session, work.business_id, [live])
    help.record_offer(work, made)
    return made


def mark_shown(work: Work, live: Live, ids: Collection[str]) -> None:
    """These prompts of a held customer were shown somewhere: no answer to a signal shows them again."""
    fresh = [one for one in live.visit.prompts.values() if one["id"] in ids and not one["isShown"]]
    for one in fresh:
        one["isShown"] = True
    if fresh:
        contexts.store(work.session, work.business_id, [live])


def leave_alone(work: Work, live: Live, seconds: int | None) -> datetime:
    """Offer nothing to a held customer for some seconds (None: as the rules say). The instant at which that ends."""
    if seconds is None:
        seconds = int(rules.current(work, "notification").settings["suppressSeconds"])
    until, customer_id = work.now + timedelta(seconds=seconds), live.person.customer_id
    contexts.store(work.session, work.business_id, [live])  # there may be no row yet
    mine = (Context.business_id == work.business_id) & (Context.customer_id == customer_id)
    query = update(Context).where(mine).values(suppressed_until=until)
    work.session.execute(query.execution_options(synchronize_session=False))
    data = {"until": instant(until), "seconds": seconds}
    work.emit(events.HelpSuppressed(subject_id=customer_id, customer_id=customer_id, data=data))
    return until


def prompts_now(work: Work, customer: Customer) -> tuple[frozenset[str], bool]:
    """The ids of the prompts of the customer's visit, none when it is over; and whether to leave them alone now."""
    visit, now = contexts.live_of(work.session, work.business_id, [customer])[customer.id].visit, to_micros(work.now)
    ids = frozenset(one["id"] for one in visit.prompts.values()) if visit.is_live(now) else frozenset()
    return ids, visit.is_left_alone(now)
