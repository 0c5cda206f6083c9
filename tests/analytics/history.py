"""What happened, written down while it was done, and the numbers of it in plain Python: the other side of every test."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

IDLE = 300
WITHIN = timedelta(hours=24)
HOUR, PRICES = 360, {"IN_APP_CHAT": (2, 0), "WHATSAPP": (3, 0), "CALL": (5, 1.5)}
Point = float | int | None


@dataclass
class Case:
    """One case and all that was done to it: (instant, what, who)."""

    id: str
    customer: str
    category: str | None
    channel: str
    is_self_serve: bool
    log: list[tuple[datetime, str, str]] = field(default_factory=list)
    kept: dict[datetime, bool] = field(default_factory=dict)
    """By the instant of each closing: whether no target was missed."""

    def at(self, what: str) -> list[datetime]:
        return [at for at, done, _ in self.log if done == what]

    @property
    def helped_at(self) -> datetime | None:
        return next((at for at, what, _ in self.log if what in ("take", "reply")), None)

    def turns(self) -> list[tuple[datetime, str]]:
        return [(at, what) for at, what, _ in self.log if what in ("open", "reopen", "close")]

    def is_open_at(self, at: datetime) -> bool:
        past = [what for when, what in self.turns() if when < at]
        return bool(past) and past[-1] != "close"

    def rounds(self) -> list[list[tuple[datetime, str, str]]]:
        """The log from each opening or reopening to the next."""
        found: list[list[tuple[datetime, str, str]]] = []
        for entry in self.log:
            if entry[1] in ("open", "reopen"):
                found.append([])
            found[-1].append(entry)
        return found

    def helps(self, at: datetime) -> bool:
        """Whether an order at `at` was placed with the help of this case."""
        past = [(when, what) for when, what in self.turns() if when <= at]
        if self.helped_at is None or self.helped_at > at:
            return False
        when, what = past[-1]
        return what != "close" or when >= at - WITHIN


@dataclass
class History:
    """Cases and orders: (customer, id, when)."""

    cases: list[Case] = field(default_factory=list)
    orders: list[tuple[str, str, datetime]] = field(default_factory=list)
    helped: list[str] = field(default_factory=list)
    """The ids of the cases that got help, in that order."""

    def helper(self, customer: str, at: datetime) -> Case | None:
        able = [case for case in self.cases if case.customer == customer and case.helps(at)]
        # Of those that were helped at the same instant, the one whose help came later in the log.
        return max(able, key=lambda case: (case.helped_at, self.helped.index(case.id)), default=None)


def told(history: History, first: date, last: date, zone: ZoneInfo, *, repeat_above: int = 3) -> dict[str, Point]:
    """Every metric over the days from `first` to `last` of `zone`, each computed in its own way."""

    def here(at: datetime) -> bool:
        return first <= at.astimezone(zone).date() <= last

    cases, people = history.cases, [case for case in history.cases if not case.is_self_serve]
    rounds = [(case, one) for case in cases for one in case.rounds()]
    closings = [
        (case, one, at)
        for case, one in rounds
        for at, what, _ in one
        if what == "close" and here(at) and not case.is_self_serve
    ]
    resolved = [seconds(at, one[0][0]) for _, one, at in closings]
    answers = [(next((at for at, what, _ in one if what == "reply"), None), one[0][0]) for _, one in rounds]
    answered = [seconds(at, start) for at, start in answers if at is not None and here(at)]
    orders = [(customer, at) for customer, _, at in history.orders if here(at)]
    assisted = [at for customer, at in orders if history.helper(customer, at)]
    helpers = {id(history.helper(customer, at)) for customer, _, at in history.orders}
    helped = [case for case in cases if case.helped_at and here(case.helped_at)]
    opened = [case for case in cases if here(case.at("open")[0])]
    named = [case for case in opened if case.category]
    escalations = sum(here(at) for case in cases for at in case.at("escalate"))
    cost = sum(price(case, one) for case, one, _ in closings)
    end = last + timedelta(days=1)
    is_before_end = [case for case in people if any(at.astimezone(zone).date() < end for at, _ in case.turns())]
    return {
        "self_serve_conversion": percent(len(orders) - len(assisted), len(orders)),
        "assisted_conversion": percent(sum(id(case) in helpers for case in helped), len(helped)),
        "orders": len(orders),
        "assisted_orders": len(assisted),
        "time_to_resolve": sum(resolved) / len(resolved) if resolved else None,
        "time_to_resolve_median": median(resolved) if resolved else None,
        "time_to_resolve_p90": nearest(resolved, 0.9),
        "first_response": sum(answered) / len(answered) if answered else None,
        "first_response_p90": nearest(answered, 0.9),
        "sla_met": percent(sum(case.kept[at] for case, _, at in closings), len(closings)),
        "cost_per_assisted_order": cost / len(assisted) if assisted else None,
        "service_cost": cost,
        "friction_reasons": len(named),
        "repeat_issues": repeats(named, last, zone, repeat_above),
        "backlog": sum(last_turn(case, end, zone) != "close" for case in is_before_end),
        "opened": sum(not case.is_self_serve for case in opened),
        "closed": len(closings),
        "reopened": sum(here(at) for case in people for at in case.at("reopen")),
        "escalation_rate": percent(escalations, sum(not case.is_self_serve for case in opened)),
        "deflection": percent(sum(case.is_self_serve for case in opened), len(opened)),
    }


def seconds(end: datetime, start: datetime) -> int:
    return round((end - start).total_seconds())


def percent(part: int, whole: int) -> Point:
    return 100 * part / whole if whole else None


def nearest(values: list[int], share: float) -> Point:
    """Nearest rank, by counting: the first value that at least `share` of all are not above."""
    return next((one for one in sorted(values) if sum(other <= one for other in values) >= share * len(values)), None)


def handled(one: list[tuple[datetime, str, str]]) -> float:
    end = next(index for index, entry in enumerate(one) if entry[1] == "close")
    acts = one[: end + 1]
    return sum(min((act[0] - before[0]).total_seconds(), IDLE) for before, act in pairwise(acts) if act[2] == "member")


def price(case: Case, one: list[tuple[datetime, str, str]]) -> float:
    contact, minute = PRICES[case.channel]
    time = round(handled(one))
    return HOUR * time / 3600 + contact + minute * time / 60


def repeats(named: list[Case], last: date, zone: ZoneInfo, above: int) -> int:
    weeks: Counter[tuple[str, int]] = Counter()
    for case in named:
        day = case.at("open")[0].astimezone(zone).date()
        weeks[str(case.category), (last - day).days // 7] += 1
    return len({category for (category, _), count in weeks.items() if count > above})


def last_turn(case: Case, end: date, zone: ZoneInfo) -> str:
    return [what for at, what in case.turns() if at.astimezone(zone).date() < end][-1]


def differences(wanted: dict[str, Point], kpis: list[Any]) -> dict[str, tuple[Point, Point]]:
    """Metrics that are told otherwise than wanted: {name: (wanted, told)}."""
    got = {kpi.name: kpi.value for kpi in kpis}
    assert got.keys() == wanted.keys()
    return {name: (wanted[name], got[name]) for name in wanted if not same(wanted[name], got[name])}


def same(one: Point, other: Point) -> bool:
    return one is other if one is None or other is None else abs(one - other) <= 0.0051
