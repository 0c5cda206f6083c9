"""What the copilot knows of the business itself: its profile, its numbers, how ready they make it, what would help."""

from typing import Annotated, Any, Literal

from pydantic import Field

from backend.agent import approvals
from backend.analytics import service as analytics
from backend.analytics.asked import asked_of
from backend.copilot.tool import TOOLS, Arguments, Told
from backend.copilot.wording import amount, bullets, plural, share
from backend.core.wire import Wire
from backend.finance import service as finance
from backend.identity.service import business_of
from backend.incidences import queue
from backend.rules.wording import duration_in_words
from backend.work import Work

_BUSINESS = "/api/businesses/{business_id}"


class Recommended(Arguments):
    """How many, and which."""

    limit: Annotated[int, Field(ge=1, le=20)] = 5
    status: Literal["pending", "accepted", "dismissed", "resolved"] = "pending"


@TOOLS.add(("GET", f"{_BUSINESS}/readiness"))
def readiness_breakdown(work: Work, _asked: Any) -> Told:
    """The funding readiness score of the business (0 to 100), its tier, what helps, what hurts, and what would lift it."""
    one = finance.read_readiness(work)
    lines = [f"**Readiness {one.score} of 100** – {one.label} (rules v{one.rule_version})."]
    helps = [f"{factor.label} **{factor.points:+g}**: {factor.text}" for factor in one.helps]
    hurts = [f"{factor.label} **{factor.points:+g}**: {factor.text}" for factor in one.hurts]
    lines += ["What helps:", bullets(helps or ["nothing so far"]), "What hurts:", bullets(hurts or ["nothing"])]
    if one.next_tier:
        lift = [f"{lever.words} (+{lever.points})" for lever in one.next_tier.levers]
        lines += [
            f"To {one.next_tier.label}, {plural(one.next_tier.missing, 'point')} more:",
            bullets(lift or ["no number alone or together brings that"]),
        ]
    return Told(_plain(one), "\n\n".join(lines))


@TOOLS.add(("GET", f"{_BUSINESS}/recommendations"), Recommended)
def top_recommendations(work: Work, asked: Recommended) -> Told:
    """What is recommended to improve the business's readiness, what would bring most first."""
    page = finance.list_recommendations(work, status=asked.status, limit=asked.limit)
    items = [f"**{one.title}** (+{one.impact}, {one.priority}): {one.reason} {one.action}" for one in page.items]
    none = f"No recommendation is {asked.status}."
    return Told({"items": [_plain(one) for one in page.items]}, bullets(items) if items else none)


@TOOLS.add(("GET", f"{_BUSINESS}/metrics"))
def metric_summary(work: Work, _asked: Any) -> Told:
    """The business's financial metrics of the last 30 days: revenue, volatility, chargebacks, payouts on time, average
    transaction, transaction count, refunds."""
    one = finance.read_metrics(work)
    lines = [
        f"revenue **{amount(one.revenue_total, one.currency)}**, net {amount(one.revenue_net, one.currency)} "
        f"after {amount(one.refund_total, one.currency)} of refunds",
        f"volatility **{'not known' if one.revenue_volatility is None else f'{one.revenue_volatility:.2f}'}**",
        f"chargebacks **{share(one.chargeback_ratio)}** ({one.chargeback_count:,} of {one.transaction_count:,} charges)",
        f"payouts on time **{share(one.payout_reliability)}**",
        f"average transaction **{amount(one.average_transaction_size, one.currency)}**",
        f"transactions **{one.transaction_count:,}**, {one.failed_count:,} failed",
    ]
    head = f"From {one.start:%Y-%m-%d} to {one.end:%Y-%m-%d} in {one.currency}:"
    return Told(_plain(one), f"{head}\n\n{bullets(lines)}")


@TOOLS.add(("GET", _BUSINESS))
def business_context(work: Work, _asked: Any) -> Told:
    """The business's profile: name, currency, time zone, and what it took in the last 30 days."""
    business, metrics = business_of(work), finance.read_metrics(work)
    data = {
        "name": business.name,
        "currency": business.currency,
        "timeZone": business.time_zone,
        "revenueLast30Days": metrics.revenue_total if metrics.transaction_count else None,
    }
    taken = f"It took {amount(metrics.revenue_total, metrics.currency)} in the last 30 days."
    known = taken if metrics.transaction_count else "No payments are known yet."
    text = f"**{business.name}**: works in {business.currency}, time zone {business.time_zone}. {known}"
    return Told(data, text)


@TOOLS.add(("GET", "/incidences/counts"))
def queue_counts(work: Work, _asked: Any) -> Told:
    """How many cases are open now: mine, unassigned, at risk of missing their deadline, escalated, snoozed."""
    found = queue.counts(work)
    lines = [
        f"**{found['all']:,}** open, {found['mine']:,} of them yours, {found['unassigned']:,} without an owner",
        f"**{found['sla_risk']:,}** at risk of missing a deadline, {found['escalated']:,} escalated",
        f"{found['high_churn']:,} of customers who may leave, {found['high_friction']:,} with high friction",
        f"{found['snoozed']:,} snoozed",
    ]
    return Told(found, bullets(lines))


@TOOLS.add(("GET", "/analytics/kpis"))
def desk_figures(work: Work, _asked: Any) -> Told:
    """The desk's figures of the last seven days (such as cases, time to resolve, first response, conversion) against
    the seven days before."""
    found = analytics.kpis(work, asked_of(work, None, None, None))
    lines = [f"{one['label']}: **{one['words']}**" for one in _figures(found)]
    return Told({"items": _figures(found)}, bullets(lines) if lines else "There are no figures yet.")


def _figures(found: dict[str, Any]) -> list[dict[str, Any]]:
    items = []
    for one in found["kpis"]:
        value, unit = one["value"], one["unit"]
        words = "not enough to say" if value is None else _measured(value, unit, found["currency"])
        items.append(
            {"metric": one["name"], "label": one["label"], "value": value, "before": one["before"], "words": words}
        )
    return items


@TOOLS.add(("GET", "/approvals"))
def waiting_approvals(work: Work, _asked: Any) -> Told:
    """The requests of agents that wait for a supervisor's decision."""
    found = approvals.list_approvals(work, status="PENDING", limit=20, cursor=None)["items"]
    keep = ("ref", "customerName", "action", "reason", "requestedByName", "requestedAt", "diff")
    items = [{name: one[name] for name in keep} for one in found]
    said = [
        f"**{one['ref']}**, {one['customerName']}: {one['action']}, asked by {one['requestedByName']}" for one in items
    ]
    return Told({"items": items}, bullets(said) if said else "No approval waits.")


def _measured(value: float | int, unit: str, currency: str) -> str:
    match unit:
        case "money":
            return amount(value, currency)
        case "percent":
            return f"{value:g} %"
        case "seconds":
            return duration_in_words(value)
    return f"{value:,}"


def _plain(one: Wire) -> dict[str, Any]:
    return one.model_dump(mode="json", by_alias=True)
