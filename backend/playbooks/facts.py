"""What playbooks may ask about a customer: the catalogue, and the values of many customers at once.

Expected loss a month is p × MRR × margin: how likely they leave, what they bring in a month, and what of that is left
after serving them (`1 − costShare` of the flow rules). Whoever is more likely to leave is not dearer for that alone.
"""

from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from backend.billing.models import Subscription
from backend.core.clock import instant
from backend.core.money import to_major
from backend.core.rows import to_micros
from backend.customers.models import Customer
from backend.identity.service import currency_of
from backend.incidences.models import Incidence
from backend.interventions.models import Intervention
from backend.interventions.repository import UNFINISHED
from backend.notifications.models import Notification
from backend.playbooks.models import PlaybookExecution
from backend.retention.models import RetentionRun
from backend.risk.models import ChurnPrediction, CustomerRisk
from backend.risk.scoring import facts_of as risk_facts
from backend.rules import service as rules
from backend.rules.facts import Catalogue, Fact
from backend.rules.shipped.flow import STATUSES
from backend.signals.activity import Activity
from backend.signals.models import Context
from backend.work import Work

LEVELS = ("low", "medium", "high")
LATELY = timedelta(days=30)
"""How far back what happened lately goes before an execution begins; in one, since it began."""
Facts = dict[str, Any]

CATALOGUE = Catalogue(
    "playbook",
    Fact("churn_probability", "number", "probability to leave", "Within a month, from 0 to 1.", minimum=0),
    Fact("churn_level", "choice", "likely to leave", "Of the probability to leave.", choices=LEVELS),
    Fact("risk_score", "integer", "risk score", "By the rules of risk, from 0 to 100.", minimum=0),
    Fact("risk_level", "choice", "risk", "Of the risk score.", choices=LEVELS),
    Fact(
        "mrr",
        "money_major",
        "monthly value",
        "What they bring in a month, net of discounts, in the business's currency.",
        minimum=0,
    ),
    Fact("expected_loss", "money_major", "expected loss", "A month: probability × monthly value × margin.", minimum=0),
    Fact("tier", "choice", "tier", "The customer's tier.", choices=("GOLD", "SILVER", "BRONZE")),
    Fact("region", "text", "region", "Such as IN or IN-KA; unknown unless their profile says."),
    Fact("language", "text", "language", "A language tag, such as en or ta."),
    Fact("past_orders", "integer", "past orders", "How many they placed.", minimum=0),
    Fact("days_since_login", "integer", "days since login", "Unknown when they never signed in.", minimum=0),
    Fact("days_since_seen", "integer", "days since seen", "Since the last signal; unknown without one.", minimum=0),
    Fact("usage_drop", "number", "usage down", "The last 14 days against the 14 before.", unit="%"),
    Fact("has_subscription", "boolean", "has a subscription", "One that goes on."),
    Fact("subscription_status", "choice", "subscription", "Of the one that brings most.", choices=STATUSES),
    Fact("payment_failing", "boolean", "a payment is failing", "An invoice is unpaid, or a subscription past due."),
    Fact("is_leaving", "boolean", "has cancelled", "A subscription ends with its period."),
    Fact("has_open_incidence", "boolean", "has an open incidence", "One that is not closed."),
    Fact("has_agent", "boolean", "has an agent", "Somebody has their open incidence."),
    Fact("customer_wrote", "boolean", "the customer wrote", "Since the execution began."),
    Fact("came_back", "boolean", "came back", "Was in the app since the execution began."),
    Fact("accepted_offer", "boolean", "accepted an offer", "A retention offer, since the execution began."),
    Fact(
        "notification",
        "choice",
        "the notification was",
        "What became of the last one of this execution.",
        choices=("OFFERED", "SEEN", "DISMISSED", "ACCEPTED"),
    ),
    Fact(
        "intervention_outcome",
        "choice",
        "the intervention",
        "What came of the last one that this execution began: unfinished, cancelled, or how it was completed.",
        choices=("unfinished", "cancelled", "completed", "helped", "no_change", "not_reached", "lost"),
    ),
)
_ENDED = ("canceled", "incomplete_expired")
_AT_ONCE = 500


def facts_of(work: Work, ids: Collection[str], execution: PlaybookExecution | None = None) -> dict[str, Facts]:
    """The facts of these customers, erased ones aside. `execution` says since when things count; else LATELY."""
    since = execution.started_at if execution is not None else work.now - LATELY
    found: dict[str, Facts] = {}
    every = list(ids)
    for start in range(0, len(every), _AT_ONCE):
        found |= _page(work, every[start : start + _AT_ONCE], since)
    if execution is not None and execution.customer_id in found:
        found[execution.customer_id] |= {
            "notification": _notification(work, execution),
            "intervention_outcome": _intervention(work, execution),
        }
    return found


def _page(work: Work, ids: list[str], since: datetime) -> dict[str, Facts]:
    query = select(Customer).where(
        Customer.business_id == work.business_id, Customer.id.in_(ids), Customer.erased_at.is_(None)
    )
    found: dict[str, Facts] = {row.id: _of_profile(row) for row in work.session.scalars(query)}
    _paid(work, found)
    _risks(work, found)
    _behaviour(work, found, since)
    _cases(work, found, since)
    _offers(work, found, since)
    return found


def _of_profile(row: Customer) -> Facts:
    """What is known of everybody; what stands here as no is so unless something says otherwise."""
    profile = {"tier": row.tier, "region": row.region, "language": row.language, "past_orders": row.past_order_count}
    nots = ("has_subscription", "payment_failing", "is_leaving", "has_open_incidence", "has_agent")
    return profile | {"mrr": 0} | dict.fromkeys((*nots, "customer_wrote", "came_back", "accepted_offer"), False)


def _paid(work: Work, found: dict[str, Facts]) -> None:
    """Of their subscriptions; what one in another currency brings cannot be added."""
    currency = currency_of(work)
    query = (
        select(Subscription)
        .where(Subscription.business_id == work.business_id, Subscription.customer_id.in_(found))
        .where(Subscription.gone_at.is_(None), Subscription.ended_at.is_(None), Subscription.status.not_in(_ENDED))
        .order_by(Subscription.mrr, Subscription.id)
    )
    totals: Counter[str] = Counter()
    for row in work.session.scalars(query):
        facts = found[row.customer_id]
        facts["has_subscription"], facts["subscription_status"] = True, row.status
        facts["payment_failing"] |= row.has_unpaid_invoice or row.status in ("past_due", "unpaid")
        facts["is_leaving"] |= row.cancel_at_period_end or row.cancel_at is not None
        if row.currency.upper() == currency.upper():
            totals[row.customer_id] += row.mrr
    for id, total in totals.items():
        found[id]["mrr"] = to_major(total, currency)


def _risks(work: Work, found: dict[str, Facts]) -> None:
    scores = select(CustomerRisk.customer_id, CustomerRisk.score, CustomerRisk.level).where(
        CustomerRisk.business_id == work.business_id, CustomerRisk.customer_id.in_(found)
    )
    for id, score, level in work.session.execute(scores):
        found[id] |= {"risk_score": score, "risk_level": level}
    churn = select(ChurnPrediction.customer_id, ChurnPrediction.probability, ChurnPrediction.level).where(
        ChurnPrediction.business_id == work.business_id, ChurnPrediction.customer_id.in_(found)
    )
    margin = 1 - float(rules.current(work, "flow").settings["costShare"])
    for id, probability, level in work.session.execute(churn):
        loss = round(probability * float(found[id]["mrr"]) * margin, 2)
        found[id] |= {"churn_probability": round(probability, 4), "churn_level": level, "expected_loss": loss}


def _behaviour(work: Work, found: dict[str, Facts], since: datetime) -> None:
    query = select(Context.customer_id, Context.activity, Context.last_activity).where(
        Context.business_id == work.business_id, Context.customer_id.in_(found)
    )
    for id, activity, seen in work.session.execute(query):
        facts, told = found[id], risk_facts(Activity(activity), to_micros(work.now), {})
        facts |= {"days_since_login": told.get("days_since_login"), "usage_drop": told.get("usage_drop_percent")}
        if seen is not None:
            facts |= {"days_since_seen": max((work.now - seen).days, 0), "came_back": seen > since}


def _cases(work: Work, found: dict[str, Facts], since: datetime) -> None:
    query = select(Incidence.customer_id, Incidence.agent_id, Incidence.last_message).where(
        Incidence.business_id == work.business_id, Incidence.customer_id.in_(found), Incidence.status != "CLOSED"
    )
    for id, agent, last in work.session.execute(query):
        facts = found[id]
        facts["has_open_incidence"] = True
        facts["has_agent"] |= agent is not None
        facts["customer_wrote"] |= bool(last) and last["by"] == "customer" and last["at"] > instant(since)


def _offers(work: Work, found: dict[str, Facts], since: datetime) -> None:
    run = RetentionRun
    query = select(run.customer_id).where(run.business_id == work.business_id, run.customer_id.in_(found))
    for id in work.session.scalars(query.where(run.outcome == "SAVED", run.decided_at > since)):
        found[id]["accepted_offer"] = True


def _notification(work: Work, execution: PlaybookExecution) -> str | None:
    own = (Notification.business_id == work.business_id) & (Notification.customer_id == execution.customer_id)
    query = select(Notification.state).where(own, Notification.rule == execution.id)
    return work.session.scalar(query.order_by(Notification.seq.desc()).limit(1))


def _intervention(work: Work, execution: PlaybookExecution) -> str | None:
    own = (Intervention.business_id == work.business_id) & (Intervention.cause_id == execution.id)
    query = select(Intervention.status, Intervention.outcome).where(own).order_by(Intervention.id.desc())
    found = work.session.execute(query.limit(1)).first()
    if found is None:
        return None
    return "unfinished" if found.status in UNFINISHED else str(found.outcome or found.status)
