"""The numbers of Retention, each with what it means: counted from a cohort, without a database."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from backend.core.days import days_between
from backend.core.money import to_major
from backend.retention import cohort as cohorts
from backend.retention.cohort import Cohort, Money, Run
from backend.retention.estimating import power
from backend.retention.estimating.costs import costs
from backend.retention.estimating.lift import Interval, Lift, Stratum, bootstrapped, lift
from backend.retention.estimating.peeking import always_valid
from backend.retention.estimating.schedule import share_after
from backend.retention.estimating.survival import worth
from backend.retention.holdout import HOLDOUT, TREATED
from backend.retention.ranking.explain import offer_in_words

State = dict[str, Any]

DEFINITIONS = {
    "attempts": "Runs that began: somebody wanted to cancel, or an agent made an offer. Of one subscription within 14 days "
    "only the last one counts.",
    "saved": "Runs that ended with the customer staying.",
    "saveRate": "Saved, of the runs that have an outcome. Some of them would have stayed anyway.",
    "gross": "NOT incremental. What saved customers paid in the {horizon} days after: paid invoices, net of discounts, "
    "refunds, disputes and tax. It holds what people would have paid without any offer.",
    "incremental": "Customers who could be offered something x (what each paid on average - what each in the holdout "
    "paid), net, in {horizon} days; everybody assigned counts, shown an offer or not. Runs that an "
    "agent's offer began are left out, for nobody in the holdout can be made one. Amounts over the 99th percentile of "
    "payers count as that. The interval is a bootstrap over customers; the second one stays valid however often you look.",
    "discount": "Given to customers who could be offered something, in {horizon} days. Missing from what they paid already.",
    "pauseCost": "Invoices that were not collected because of a pause, in {horizon} days. Missing from what was paid already.",
    "cannibalised": "Of the discounts, what went to people who would have stayed: by how many of the holdout stayed.",
    "worth": "What a saved customer pays in 12 months at most: months paid by saved customers themselves (Kaplan-Meier), "
    "no further than anybody was seen, times what a paid month brought, net.",
    "acceptance": "Accepted, of the times it was shown.",
    "paidShare": "Paid of the list price in {horizon} days, net, by customers to whom it came first. The ranking goes by this.",
    "monthlyLost": "What the cancelled subscriptions brought a month when the customer asked to cancel.",
    "reason": "What customers said in the survey.",
    "holdout": "Customers drawn to be offered nothing. A share of it costs as much of what offers bring, so 20 % are enough until "
    "the always valid interval excludes 0 or 700 customers are mature, then 10 %, and 5 % from 1,400 on.",
}


def definition(name: str, horizon: int) -> str:
    return DEFINITIONS[name].format(horizon=horizon)


def summary(cohort: Cohort) -> State:
    """Summary data."""
    return cohorts.told(cohort) | {
        "figures": [*_people(cohort), *money_figures(cohort), _worth(cohort), _holdout(cohort)]
    }


def saved_revenue(cohort: Cohort) -> State:
    """SavedRevenue data."""
    series = []
    for day, runs in _by_day(cohort):
        saved = [run for run in runs if run.outcome == "SAVED" and run.currency == cohort.currency]
        gross = sum(run.money.net for run in saved if run.money)
        waiting = sum(run.money is None for run in saved)
        series.append(
            {
                "day": day.isoformat(),
                "saved": len(saved),
                "gross": to_major(gross, cohort.currency),
                "pending": waiting,
            }
        )
    return cohorts.told(cohort) | {"figures": money_figures(cohort), "series": series}


def saved_users(cohort: Cohort) -> State:
    """SavedUsers data."""
    series = []
    for day, runs in _by_day(cohort):
        ends = Counter(run.outcome for run in runs)
        counts = {name.lower(): ends[name] for name in ("SAVED", "CANCELLED", "ABANDONED")}
        series.append({"day": day.isoformat(), "attempts": len(runs), **counts})
    return cohorts.told(cohort) | {"figures": _people(cohort), "series": series}


def offers(cohort: Cohort) -> State:
    """Offers data."""
    return cohorts.told(cohort) | {"items": offer_lines(cohort), "definitions": offer_definitions(cohort.horizon)}


def offer_definitions(horizon: int) -> dict[str, str]:
    names = ("acceptance", "paidShare", "gross", "discount", "pauseCost")
    return {name: definition(name, horizon) for name in names}


def offer_lines(cohort: Cohort) -> list[State]:
    """One for each offer that was shown or could have come first: OfferLine data, the most shown first."""
    shown = Counter(offer for run in cohort.runs for offer in run.shown)
    accepted = Counter(offer for run in cohort.runs for offer in run.accepted)
    first: dict[str, list[Money]] = defaultdict(list)
    taken: dict[str, list[Money]] = defaultdict(list)
    for run in cohort.mature:
        assert run.money is not None
        if run.ranking and run.group == TREATED:
            first[run.ranking[0]["offer"]].append(run.money)
        if run.outcome == "SAVED" and run.accepted:
            taken[run.accepted[-1]].append(run.money)
    names = {*shown, *accepted, *first}
    return [
        {
            "offer": offer,
            "words": offer_in_words(offer),
            "shown": shown[offer],
            "accepted": accepted[offer],
            "acceptance": accepted[offer] / shown[offer] if shown[offer] else None,
            "first": len(first[offer]),
            "paidShare": _share_paid(first[offer]),
            "gross": to_major(sum(one.net for one in taken[offer]), cohort.currency),
            "discount": to_major(sum(one.discount for one in taken[offer]), cohort.currency),
            "pauseCost": to_major(sum(one.pause_cost for one in taken[offer]), cohort.currency),
        }
        for offer in sorted(names, key=lambda name: (-shown[name], name))
    ]


def reasons(cohort: Cohort, labels: dict[str, str]) -> State:
    """Reasons data, the most frequent first; `labels` are what customers read."""
    by: dict[str | None, list[Run]] = defaultdict(list)
    for run in cohort.runs:
        by[run.reason].append(run)
    items = []
    for reason, runs in sorted(by.items(), key=lambda one: (-len(one[1]), one[0] or "")):
        ends = Counter(run.outcome for run in runs)
        ended = sum(many for outcome, many in ends.items() if outcome)
        lost = sum(run.mrr for run in runs if run.outcome == "CANCELLED" and run.currency == cohort.currency)
        items.append(
            {
                "reason": reason or "none",
                "label": labels.get(reason, reason.replace("_", " ")) if reason else "No reason told",
                "attempts": len(runs),
                "saved": ends["SAVED"],
                "cancelled": ends["CANCELLED"],
                "saveRate": ends["SAVED"] / ended if ended else None,
                "monthlyLost": to_major(lost, cohort.currency),
                "followUps": dict(Counter(run.follow_up for run in runs if run.follow_up).most_common()),
            }
        )
    names = ("reason", "attempts", "saveRate", "monthlyLost")
    definitions = {name: definition(name, cohort.horizon) for name in names}
    return cohorts.told(cohort) | {"items": items, "definitions": definitions}


def money_figures(cohort: Cohort) -> list[State]:
    """What was saved, gross and against the holdout, and what it cost."""
    saved = [run for run in cohort.runs if run.outcome == "SAVED" and run.currency == cohort.currency]
    ready = [run.money for run in saved if run.money]
    waiting = len(saved) - len(ready)
    gross = _money(cohort, "gross", "Gross saved (not incremental)", sum(one.net for one in ready), len(ready), waiting)
    return [gross, _incremental(cohort), *_costs(cohort)]


def strata_of(runs: Iterable[Run]) -> list[Stratum]:
    """What each customer paid, by the share of holdout that they were assigned with and by group."""
    paid: dict[tuple[float, str, str], int] = defaultdict(int)
    for run in runs:
        if run.money is not None:
            paid[round(run.share, 4), run.group, run.customer_id] += run.money.net
    groups: dict[float, dict[str, list[float]]] = defaultdict(lambda: {TREATED: [], HOLDOUT: []})
    for (share, group, _), net in sorted(paid.items()):
        groups[share][group].append(float(net))
    return [Stratum(group[TREATED], group[HOLDOUT]) for group in groups.values()]


def _incremental(cohort: Cohort) -> State:
    label, name = "Incremental saved", "incremental"
    waiting = sum(not run.is_mature for run in cohort.entered)
    have = len({run.customer_id for run in cohort.entered if run.money is not None})
    need = power.needed(cohort.holdout_share) if 0 < cohort.holdout_share < 1 else None
    base = _figure(cohort, name, label, "money") | {"have": have, "need": need, "pending": waiting}
    if not any(run.group == HOLDOUT for run in cohort.entered):
        return base | {"state": "none", "words": "no causal estimate: nobody is in the holdout"}
    strata = strata_of(cohort.entered)
    estimate = lift(strata)
    if estimate is None:
        state = "pending" if waiting else "not_enough"
        return base | {"state": state, "words": _words_of_need(have, need, waiting)}
    interval = bootstrapped(strata, estimate).times(estimate.treated)
    always = always_valid(estimate)
    told = _interval_in_words(cohort, estimate, interval)
    is_enough = need is not None and have >= need
    return base | {
        "value": _major(estimate.total, cohort),
        "state": "known" if is_enough else "not_enough",
        "words": told if is_enough else f"{_words_of_need(have, need, waiting)}; so far {told}",
        "interval": _range(interval, cohort),
        "always": None if always is None else _range(always.times(estimate.treated), cohort),
    }


def _costs(cohort: Cohort) -> list[State]:
    treated = [run for run in cohort.mature if run.group == TREATED]
    waiting = sum(not run.is_mature for run in cohort.runs if run.group == TREATED)
    money = [run.money for run in treated if run.money]
    stays = [_stay_rate(cohort, group) for group in (HOLDOUT, TREATED)]
    total = costs(sum(one.discount for one in money), sum(one.pause_cost for one in money), *stays)
    rows = (
        ("discount", "Discounts given", total.discount),
        ("pauseCost", "Not billed in pauses", total.pause),
        ("cannibalised", "Discounts that were not needed", total.cannibalised),
    )
    return [_money(cohort, name, label, amount, len(money), waiting) for name, label, amount in rows]


def _stay_rate(cohort: Cohort, group: str) -> float | None:
    runs = [run for run in cohort.entered if run.money is not None and run.group == group]
    return sum(run.is_kept for run in runs) / len(runs) if runs else None


def _worth(cohort: Cohort) -> State:
    base = _figure(cohort, "worth", "A saved customer is worth", "money") | {"have": len(cohort.lives)}
    paid = sum(life.months for life in cohort.lives)
    found = worth(cohort.lives, cohort.paid_by_saved / paid if paid else 0.0)
    if found is None or not found.months:
        return base | {"state": "none", "words": "nobody who was saved has paid a month since"}
    value = _major(found.value, cohort)
    months = "1 month" if found.months == 1 else f"{found.months} months"
    words = f"{value:,.2f} {cohort.currency} over {months}, as {found.saved} saved customers were seen"
    return base | {"value": value, "state": "known", "words": words}


def _holdout(cohort: Cohort) -> State:
    """The share that is drawn with, and the one that would be enough by now."""
    estimate, now = lift(strata_of(cohort.entered)), cohort.holdout_share
    always = None if estimate is None else always_valid(estimate)
    mature = len({run.customer_id for run in cohort.mature})
    enough = share_after(mature, always is not None and always.excludes_zero, now)
    words = f"{now:.0%} now".replace("%", " %")
    if enough < now:
        words += f"; {enough:.0%} would be enough: set it in the flow rules".replace("%", " %")
    return _figure(cohort, "holdout", "Holdout", "share") | _known(now, words) | {"have": mature}


def _people(cohort: Cohort) -> list[State]:
    ends = Counter(run.outcome for run in cohort.runs)
    ended = sum(many for outcome, many in ends.items() if outcome)
    still_open = ends[None]
    rate = ends["SAVED"] / ended if ended else None
    figures = [
        _figure(cohort, "attempts", "Wanted to cancel", "count") | _known(len(cohort.runs), f"{len(cohort.runs)}"),
        _figure(cohort, "saved", "Stayed", "count") | _known(ends["SAVED"], f"{ends['SAVED']} of {ended}"),
    ]
    told = "nobody has decided yet" if rate is None else f"{rate:.0%} of {ended}".replace("%", " %")
    shown = {"value": rate, "state": "none" if rate is None else "known", "words": told, "pending": still_open}
    return [*figures, _figure(cohort, "saveRate", "Save rate", "share") | shown | {"have": ended}]


def _money(cohort: Cohort, name: str, label: str, amount: float, many: int, waiting: int) -> State:
    state = "known" if many else "pending" if waiting else "none"
    value = _major(amount, cohort) if many else None
    told = "nothing yet" if value is None else f"{value:,.2f} {cohort.currency} of {many} run{'' if many == 1 else 's'}"
    words = f"{told}, {waiting} pending" if waiting else told
    return _figure(cohort, name, label, "money") | {"value": value, "state": state, "words": words, "pending": waiting}


def _figure(cohort: Cohort, name: str, label: str, unit: str) -> State:
    return {
        "name": name,
        "label": label,
        "unit": unit,
        "value": None,
        "state": "none",
        "words": "",
        "definition": definition(name, cohort.horizon),
        "interval": None,
        "always": None,
        "have": None,
        "need": None,
        "pending": 0,
    }


def _known(value: float, words: str) -> State:
    return {"value": value, "state": "known", "words": words}


def _words_of_need(have: int, need: int | None, waiting: int) -> str:
    told = f"not enough data (have {have}, need {need})" if need is not None else "the holdout is switched off"
    return f"{told}, {waiting} pending" if waiting else told


def _interval_in_words(cohort: Cohort, estimate: Lift, interval: Interval) -> str:
    value, low, high = (_major(amount, cohort) for amount in (estimate.total, interval.low, interval.high))
    return f"{value:,.0f} {cohort.currency} (95 %: {low:,.0f} to {high:,.0f})"


def _range(interval: Interval, cohort: Cohort) -> State:
    return {"low": _major(interval.low, cohort), "high": _major(interval.high, cohort)}


def _major(amount: float, cohort: Cohort) -> float:
    return float(to_major(round(amount), cohort.currency))


def _share_paid(money: Sequence[Money]) -> float | None:
    price = sum(one.list_price for one in money)
    return sum(one.net for one in money) / price if price else None


def _by_day(cohort: Cohort) -> list[tuple[date, list[Run]]]:
    found: dict[date, list[Run]] = {day: [] for day in days_between(cohort.first, cohort.last)}
    for run in cohort.runs:
        found[run.day].append(run)
    return list(found.items())
