"""The order of offers: by the operator's rules, until outcomes say otherwise (see `ranking`)."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from backend.retention.eligibility import History
from backend.retention.facts import Facts
from backend.retention.models import OfferArm
from backend.retention.offering import Candidate, Offers, consider, placed
from backend.retention.ranking.arms import Counts, Numbers, Statistics
from backend.retention.ranking.explain import explain
from backend.retention.ranking.policy import Ranked, rank
from backend.retention.ranking.segments import segment_of
from backend.rules.engine import Compiled
from backend.work import Work

_MONTHS = 3
"""Rewards are of 90 days."""
UNTOLD = "untold"
"""The reason of those who gave none, in segments."""


def segment_for(facts: Facts) -> str:
    """Which customers are alike, as far as learning goes."""
    return segment_of(facts.get("reason") or UNTOLD, facts["interval"], facts["tenure_months"])


def ranked(
    work: Work,
    offers: Sequence[Candidate],
    facts: Facts,
    history: History,
    compiled: Compiled,
    currency: str,
    seed: str,
) -> Offers:
    """The offers that the customer may have, in their order, and those that limits forbid. `seed` names the run."""
    allowed = consider(offers, facts, history, compiled, currency)
    if not allowed.ranked:
        return allowed
    entries = {entry["offer"]: entry for entry in allowed.ranked}
    statistics = Statistics(counts_of(work), numbers_of(compiled))
    found = rank(statistics, segment_for(facts), list(entries), seed, compiled.settings["learning"])
    ordered = [entries[offer.arm] | _worth(offer, facts) for offer in found.offers]
    first = ordered[0] | {"why": [explain(found, numbers=statistics.numbers), *ordered[0]["why"]]}
    return Offers(placed([first, *ordered[1:]], [offer.propensity for offer in found.offers]), allowed.refused)


def _worth(offer: Ranked, facts: Facts) -> dict[str, Any]:
    """How much of the list price of the next 90 days is thought to be paid, as a share and in major units."""
    if offer.known is None:
        return {}
    share = offer.known.belief.mean
    return {"expected": round(share, 4), "expectedValue": round(share * _MONTHS * facts["monthly_value"], 2)}


def counts_of(work: Work) -> dict[tuple[str, str], Counts]:
    """All that is known of the business's offers: a few rows for each reason."""
    rows = work.session.scalars(select(OfferArm).where(OfferArm.business_id == work.business_id))
    return {(row.segment, row.offer): Counts(row.wins, row.losses, row.value) for row in rows}


def numbers_of(compiled: Compiled) -> Numbers:
    settings = compiled.settings
    return Numbers(
        gate=settings["gate"],
        explore=settings["explore"],
        prior_rule=settings["priorRule"],
        prior_other=settings["priorOther"],
        prior_strength=settings["priorStrength"],
        enough=settings["backoffBelow"],
        borrowed_strength=settings["backoffStrength"],
    )
