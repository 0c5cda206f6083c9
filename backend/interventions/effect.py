"""Did interventions help? Customers who got one against customers alike who got none: what is read, and what it says."""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from backend.identity.service import currency_of, time_zone_of
from backend.interventions import reading
from backend.interventions.estimating import Difference, Stratum, difference, needed, usable
from backend.interventions.reading import Past
from backend.interventions.schemas import Effect, Effects
from backend.work import Work

MEASURES = ("risk", "revenue")
MOST_ALIKE = 20_000
BACK = timedelta(days=365)
_BAND = 4
"""A band of monthly revenue reaches to four times where it begins."""
ALIKE = (
    "Alike are customers without any intervention until then who, in the middle of the same month's interventions, had "
    "the same risk level, billing interval and band of monthly revenue (a band reaches to four times where it begins). "
    "Every customer counts once, with their first intervention, cancelled ones too. It is a comparison and no "
    "experiment: whoever chose whom to help may have known more. 95 % interval (Welch, over the groups), for one look."
)
DEFINITIONS = {
    "risk": "Risk score (0 to 100) {horizon} days after an intervention began, less the score when it began; the same of "
    "customers alike, subtracted. Below zero the risk fell further. ",
    "revenue": "Paid in the {horizon} days after it began, net of refunds, disputes and tax, less what was paid in the "
    "{horizon} days before, in {currency}; the same of customers alike, subtracted. ",
}
_LABELS = {"risk": "Risk score", "revenue": "Revenue"}
Kind = tuple[str, str, str, int]
"""Month, risk level, billing interval, band: what customers have to share."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A customer around an instant: what they were like, and both measures before and after."""

    kind: Kind
    risk: tuple[float, float]
    revenue: tuple[float, float]


def seen_at(past: Past, at: datetime, month: str, span: timedelta) -> Seen | None:
    """A customer at an instant; None when there was no score yet."""
    before, after = past.score(at), past.score(at + span)
    if before is None or after is None or past.since > at:
        return None
    running = [one for one in past.subscriptions if one[0] <= at and (one[1] is None or one[1] > at)]
    _, _, interval, worth = max(running, key=lambda one: one[3], default=(at, None, "none", 0.0))
    paid = (past.paid(at) - past.paid(at - span), past.paid(at + span) - past.paid(at))
    return Seen((month, before[1], interval, band_of(worth)), (before[0], after[0]), paid)


def band_of(worth: float) -> int:
    """The band of a monthly amount: 0 is nothing."""
    band, top = 0, 1.0
    while worth >= top:
        band, top = band + 1, top * _BAND
    return band


class Side:
    """The customers of one group on one side: both measures before and after, as bare numbers, for there may be many."""

    def __init__(self, seen: Iterable[Seen] = ()) -> None:
        self._kept = {measure: (array("d"), array("d")) for measure in MEASURES}
        for one in seen:
            self.add(one)

    def add(self, seen: Seen) -> None:
        """Count one in."""
        for measure, (befores, afters) in self._kept.items():
            before, after = getattr(seen, measure)
            befores.append(before)
            afters.append(after)

    def pairs(self, measure: str) -> list[tuple[float, float]]:
        """(before, after) of each."""
        return list(zip(*self._kept[measure], strict=True))


def effects(work: Work, *, horizon: int) -> Effects:
    """What became of risk and revenue `horizon` days after interventions of the last year began.

    What is read is bounded: of the pasts only those days, of customers alike at most about MOST_ALIKE, drawn by chance.
    """
    span, first, zone = timedelta(days=horizon), work.now - BACK, ZoneInfo(time_zone_of(work))
    lately = reading.begun_since(work, first)
    ready = {id: at for id, at in lately.items() if at + span <= work.now}
    months: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for id, at in ready.items():
        months[f"{at.astimezone(zone):%Y-%m}"].append((at, id))
    groups: dict[Kind, tuple[Side, Side]] = defaultdict(lambda: (Side(), Side()))
    month_of = {id: month for month, theirs in months.items() for _, id in theirs}
    for pasts in reading.pasts(work, sorted(ready), first, span):
        for id, past in pasts.items():
            if (seen := seen_at(past, ready[id], month_of[id], span)) is not None:
                groups[seen.kind][0].add(seen)
    middles = {month: sorted(at for at, _ in theirs)[len(theirs) // 2] for month, theirs in months.items()}
    drawn = reading.draw(work, MOST_ALIKE) if groups else None
    for pasts in reading.pasts(work, drawn.ids, first, span) if drawn else ():
        begun = reading.begun_of(work, pasts)
        for id, past in pasts.items():
            for month, middle in middles.items():
                if id in begun and begun[id] <= middle + span:
                    continue
                seen = seen_at(past, middle, month, span)
                if seen is not None and seen.kind in groups:
                    groups[seen.kind][1].add(seen)
    pending, currency, chance = len(lately) - len(ready), currency_of(work), drawn.words if drawn else ""
    return Effects(
        horizon=horizon,
        first=first,
        measures=[
            told("risk", "points", groups.values(), len(ready), pending, horizon, chance),
            told("revenue", currency, groups.values(), len(ready), pending, horizon, chance),
        ],
    )


def told(
    measure: Any,
    unit: str,
    groups: Iterable[tuple[Side, Side]],
    helped: int,
    pending: int,
    horizon: int,
    chance: str = "",
) -> Effect:
    """What one measure says; pure. `helped` customers got one long enough ago; `chance` says how others were drawn."""
    pairs = [(mine.pairs(measure), other.pairs(measure)) for mine, other in groups]
    strata = [Stratum(_changes(mine), _changes(other)) for mine, other in pairs]
    found, need = difference(strata), needed()
    matched = sum(len(one.helped) for one in usable(strata))
    base = Effect(
        measure=measure,
        label=_LABELS[measure],
        unit=unit,
        state="none" if found is None else "not_enough",
        words="",
        helped=matched,
        alike=0 if found is None else found.alike,
        need=need,
        pending=pending,
        unmatched=helped - matched,
        definition=DEFINITIONS[measure].format(horizon=horizon, currency=unit) + ALIKE + chance,
    )
    waiting = f", {pending} pending" if pending else ""
    if found is None:
        return base.model_copy(update={"words": f"not enough data (have 0, need {need} of each){waiting}"})
    have = min(found.helped, found.alike)
    shown = _in_words(found, unit)
    words = (
        f"{shown}{waiting}"
        if have >= need
        else f"not enough data (have {have}, need {need} of each){waiting}; so far {shown}"
    )
    compared = [pair for pair, stratum in zip(pairs, strata, strict=True) if usable([stratum])]
    weights = [len(mine) / matched for mine, _ in compared]
    update: dict[str, Any] = {"words": words, "state": "known" if have >= need else "not_enough"}
    for at, moment in enumerate(("before", "after")):
        for group, name in enumerate(("helped", "alike")):
            means = [_mean([one[at] for one in pair[group]]) for pair in compared]
            update[f"{name}_{moment}"] = round(sum(w * m for w, m in zip(weights, means, strict=True)), 2)
    update |= {"difference": round(found.value, 2), "low": round(found.low, 2), "high": round(found.high, 2)}
    return base.model_copy(update=update)


def _changes(pairs: Iterable[tuple[float, float]]) -> list[float]:
    return [after - before for before, after in pairs]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _in_words(found: Difference, unit: str) -> str:
    return f"{found.value:+,.1f} {unit} (95 %: {found.low:+,.1f} to {found.high:+,.1f})"
