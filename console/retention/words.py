"""The words for runs, their steps and offers, and for flows."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from console.desk import ages, wording
from widgets.paint import Cell, Span

Row = Mapping[str, Any]
Spans = list[Span]

OUTCOMES = {
    "SAVED": ("✓", "ok", "saved"),
    "CANCELLED": ("✗", "danger", "cancelled"),
    "ABANDONED": ("◌", "muted", "left without an answer"),
}
"""Sign, role and words of what became of a run."""
STATUSES = {"ACTIVE": ("●", "ok", "active"), "DRAFT": ("✎", "draft", "draft"), "ARCHIVED": ("▪", "muted", "archived")}
"""Sign, role and word of a flow's status."""
KINDS = {"PAUSE": "pause", "DOWNGRADE": "downgrade", "DISCOUNT": "discount", "TRIAL_EXTENSION": "longer trial"}
HOLDOUT = "holdout"
ABOUT_HOLDOUT = "by chance in the group that gets no offers: it shows what would happen without them"
_LOG = {
    "ATTEMPT": ("▸", "accent", "wants to cancel"),
    "SHOWN": ("·", "muted", "shown"),
    "ACCEPTED": ("✓", "ok", "yes to"),
    "DECLINED": ("✗", "warning", "no to"),
}
_STEPS = {"SURVEY": "why they leave", "MESSAGE": "a message", "CONFIRM": "the last question", "CANCEL": "cancel now"}


def customer(row: Row) -> str:
    """The customer's name, or the id they are known by."""
    return str(row["customerName"] or row["userId"])


def is_live(row: Row) -> bool:
    """Whether it has no outcome yet."""
    return row["outcome"] is None


def standing(row: Row) -> Spans:
    """A sign and words: what became of it, or what the customer looks at now."""
    if row["outcome"] is not None:
        sign, role, word = OUTCOMES.get(row["outcome"], ("?", "warning", str(row["outcome"]).lower()))
        said: Spans = [(f"{sign} ", role), (word, role)]
        if row["outcome"] == "SAVED" and (what := accepted(row)):
            said.append((f": {what}", ""))
        if row["supersededBy"] is not None:
            said.append(("  a later run counts", "muted"))
        return said
    if row["pending"]:
        return [("⟳ ", "info"), ("being carried out at Stripe", "info")]
    return [("● ", "info"), (now_shown(row), "")]


def now_shown(row: Row) -> str:
    """What the customer looks at."""
    step = row["step"]
    if step is None:
        return "nothing is shown"
    if step["kind"] == "offer" and step["offer"] is not None:
        return f"sees {step['offer']['words']}"
    return {"survey": "is asked why", "message": "reads a message", "confirm": "at the last question"}[step["kind"]]


def accepted(row: Row) -> str:
    """The accepted offer in words, as it was ranked; its code when it is not there any more."""
    code = row["acceptedOffer"]
    if code is None:
        return ""
    found = next((offer["words"] for offer in row["ranking"] if offer["offer"] == code), None)
    return str(found or offer_code(code))


def offer_code(code: str) -> str:
    """`DISCOUNT:20` as `discount 20`."""
    kind, _, depth = code.partition(":")
    return f"{KINDS.get(kind, kind.lower())} {depth}".strip()


def grouped(row: Row) -> Spans:
    """Where it stands, and whether it is in the holdout, for what happens there is no fault of an offer."""
    return [*standing(row), *([(f"  {HOLDOUT}", "mark")] if row["group"] == "HOLDOUT" else [])]


def logged(entry: Row, offers: Mapping[str, str], now: datetime) -> Cell:
    """A line of a run's log. `offers` are the words of the run's offers by `type` and by `type:params`."""
    sign, role, verb = _LOG[entry["kind"]]
    what = entry["offerType"]
    name = offers.get(what) or _STEPS.get(what) or KINDS.get(what, what.lower())
    if entry["kind"] == "ATTEMPT":
        name = ""
    elif not what:
        name = f"step {entry['step'] + 1}"
    rank = f"  in place {entry['place']}" if entry["place"] else ""
    chance = f", {entry['propensity']:.0%} likely to come first" if entry["propensity"] is not None else ""
    return [
        (f"{ages.local(entry['at'], now):>9}  ", "muted"),
        (f"{sign} ", role),
        (f"{verb} {name}".rstrip(), role if entry["kind"] in ("ACCEPTED", "DECLINED") else ""),
        (f"{rank}{chance}", "muted"),
    ]


def fact(name: str, value: Any, currency: str) -> tuple[str, str]:
    """A fact as a label and a value: `has_discount`, True as `has discount`, `yes`; a value of money is in `currency`."""
    label = name.removesuffix("_months").replace("_", " ")
    if value is None or value == "":
        said = ages.NOTHING
    elif name == "monthly_value":
        said = wording.money(value, currency)
    elif name.endswith("_months"):
        said = f"{value:g} {'month' if value == 1 else 'months'}"
    elif name == "tier":
        said = str(value).lower()
    elif isinstance(value, bool):
        said = "yes" if value else "no"
    elif isinstance(value, float):
        said = f"{value:,.2f}".removesuffix(".00")
    elif isinstance(value, list):
        said = ", ".join(str(one) for one in value) or ages.NOTHING
    else:
        said = f"{value:,}" if isinstance(value, int) else str(value)
    return label, said


def status(flow: Row) -> Spans:
    """A flow's status, and whether customers meet another document than the newest."""
    sign, role, word = STATUSES.get(flow["status"], ("?", "warning", flow["status"].lower()))
    return [(f"{sign} ", role), (word, role)]


def met(flow: Row) -> str:
    """Which document customers meet."""
    if flow["activeNumber"] is None:
        return "customers meet none"
    if flow["activeNumber"] == flow["number"]:
        return f"customers meet document {flow['number']}"
    return f"customers meet document {flow['activeNumber']}; {flow['number']} is newer"
