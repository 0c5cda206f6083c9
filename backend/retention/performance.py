"""How a flow does, and how its offers are ranked for the kinds of customers who met it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from backend.retention import cohort as cohorts
from backend.retention import figures, flows
from backend.retention.flow_schemas import FlowDocument
from backend.retention.ordering import counts_of, numbers_of
from backend.retention.ranking.arms import Statistics
from backend.retention.ranking.explain import explain, offer_in_words
from backend.retention.ranking.policy import Ranked, rank
from backend.retention.ranking.segments import in_words
from backend.retention.shipped_flows import BASE_TAXONOMY
from backend.rules import service as rules
from backend.work import Work

State = dict[str, Any]
_SEGMENTS = 50
"""The most frequent ones."""


def labels(work: Work) -> dict[str, str]:
    """What customers read for each reason, in any flow."""
    documents = [flows.document_of(flow) for flow in flows.all_of(work)]
    return {reason.code: reason.label for reason in BASE_TAXONOMY} | {
        code: label for document in documents for code, label in _reasons_of(document).items()
    }


def ranking(work: Work, flow_id: str, days: int, horizon: int) -> State:
    """FlowRanking data. NotFound when there is no such flow."""
    flow = flows.flow_of(work, flow_id)
    found = cohorts.read(work, days, horizon, flow_id=flow.id)
    compiled = rules.current(work, flows.KIND)
    is_learning, numbers = compiled.settings["learning"], numbers_of(compiled)
    known = Statistics(counts_of(work), numbers)
    settled = Statistics(known.counts, replace(numbers, explore=0.0))
    texts = _reasons_of(flows.document_of(flow))
    met = Counter(run.segment for run in found.runs if run.segment)
    segments = []
    for segment, runs in met.most_common(_SEGMENTS):
        arms = _order_of(found.runs, segment)
        order = rank(settled, segment, arms, segment, is_learning)
        chances = {one.arm: one.propensity for one in rank(known, segment, arms, segment, is_learning).offers}
        told = [_told(one, known, segment) | {"propensity": chances[one.arm]} for one in order.offers]
        words = explain(order, texts, numbers)
        segments.append(
            {"segment": segment, "words": in_words(segment, texts), "runs": runs, "arms": told, "why": words}
        )
    return cohorts.told(found) | {
        "flowId": flow.id,
        "flowName": flow.name,
        "isLearning": is_learning,
        "figures": [*figures.saved_users(found)["figures"], figures.money_figures(found)[0]],
        "offers": figures.offer_lines(found),
        "segments": segments,
        "definitions": figures.offer_definitions(horizon),
    }


def _order_of(runs: Iterable[cohorts.Run], segment: str) -> list[str]:
    """The offers that the newest run of the segment could have had, as the operator would order them."""
    newest = [run.ranking for run in runs if run.segment == segment and run.ranking]
    offers = {one["offer"]: one.get("points", 0) for one in newest[-1]} if newest else {}
    return sorted(offers, key=lambda offer: -offers[offer])


def _told(one: Ranked, known: Statistics, segment: str) -> State:
    beliefs = one.known or known.known(segment, one.arm, one.is_rule)
    low, high = beliefs.belief.interval(0.9)
    return {
        "offer": one.arm,
        "words": offer_in_words(one.arm),
        "isRule": one.is_rule,
        "outcomes": beliefs.counts.n,
        "paidShare": beliefs.counts.paid,
        "mean": beliefs.belief.mean,
        "low": low,
        "high": high,
        "betterThanRule": one.better_than_rule,
        "borrowedFrom": beliefs.borrowed_from,
    }


def _reasons_of(document: FlowDocument) -> dict[str, str]:
    return {reason.code: reason.label for step in document.steps if step.kind == "survey" for reason in step.reasons}
