"""Why an offer stands first, in words and numbers."""

from collections.abc import Mapping

from backend.retention.ranking.arms import AS_SHIPPED, Numbers
from backend.retention.ranking.policy import Ranked, Ranking
from backend.retention.ranking.segments import in_words

_KINDS = {"PAUSE": "pause", "DOWNGRADE": "smaller plan", "DISCOUNT": "discount", "TRIAL_EXTENSION": "longer trial"}
_UNITS = {"PAUSE": "month", "TRIAL_EXTENSION": "day"}


def offer_in_words(arm: str) -> str:
    """Such as “discount of 20 %” or “pause of 2 months”."""
    kind, _, depth = arm.partition(":")
    name = _KINDS.get(kind, kind.replace("_", " ").lower())
    if not depth:
        return name
    if kind == "DISCOUNT":
        return f"{name} of {depth} %"
    unit = _UNITS.get(kind)
    return f"{name} of {depth} {unit}{'' if depth == '1' else 's'}" if unit else f"{name} ({depth})"


def explain(ranking: Ranking, reasons: Mapping[str, str] | None = None, numbers: Numbers = AS_SHIPPED) -> str:
    """A sentence or two about the first offer; `reasons` are the texts of the flow's reasons."""
    if not ranking.offers:
        return "No offer is open to this customer."
    first, *others = ranking.offers
    name = offer_in_words(first.arm)
    if ranking.why == "rules":
        return f"{_capital(name)} first: {'so your flow has it' if others else 'no other offer is open'}."
    rule = next(offer for offer in ranking.offers if offer.is_rule)
    rival = max(others, key=_odds) if first is rule else rule
    told = [f"{_capital(name)} first: {_outcomes(first, reasons)}", _against(rival)]
    if first is rule:
        told.append(
            f"your rule puts it first, the odds that the {offer_in_words(rival.arm)} is better are {_odds(rival):.2f}"
        )
    else:
        told.append(
            f"your rule puts the {offer_in_words(rule.arm)} first, the odds that the {name} is better are {_odds(first):.2f}"
        )
    return "; ".join(told) + _ending(ranking, numbers)


def _ending(ranking: Ranking, numbers: Numbers) -> str:
    if ranking.why == "exploring":
        chance = ranking.offers[0].propensity
        return f". Tried out by chance, as {_percent(numbers.explore)} of the runs are: this offer came first with {chance:.2f}."
    return f", and it takes {numbers.gate:.2f}." if ranking.why == "rule" else "."


def _outcomes(offer: Ranked, reasons: Mapping[str, str] | None) -> str:
    known = offer.known
    if known is None or not (known.counts.n or known.borrowed_from is not None):
        return "there are no outcomes of it yet"
    lender = None if known.borrowed_from is None else in_words(known.borrowed_from, reasons)
    expected = f"{_percent(known.belief.mean)} expected by what it brought with {lender}"
    many = round(known.counts.n)
    if not many:
        return f"no outcomes in like cases yet, {expected}"
    cases = "1 like case" if many == 1 else f"{many} like cases"
    told = f"in {cases} {_percent(known.counts.paid)} of the list price was still paid after 90 days"
    return told if lender is None else f"{told} ({expected} as well)"


def _against(offer: Ranked) -> str:
    counts = offer.known.counts if offer.known else None
    name = offer_in_words(offer.arm)
    if counts is None or not counts.n:
        return f"the {name} has no outcomes here yet"
    return f"the {name} {_percent(counts.paid)} in {round(counts.n)}"


def _odds(offer: Ranked) -> float:
    return offer.better_than_rule or 0.0


def _percent(share: float | None) -> str:
    return f"{100 * (share or 0):.0f} %"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
