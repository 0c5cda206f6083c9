"""What reaches one outside of the console: hours and zone, and the kinds one wants to hear nothing of. Words, and answers read."""

from collections.abc import Collection, Mapping
from typing import Any

from console.rules.reading import Reading
from widgets.outline import Line

Row = Mapping[str, Any]

ZONE, QUIET, DIGEST = "zone", "quiet", "digest"
KIND = "kind:"
"""Begins the keys of the kinds of alerts."""
ABOUT = {
    ZONE: "In whose hours you are told outside. Enter changes it.",
    QUIET: "Between them only what the rules call loud comes by mail; the rest waits for their end. Enter changes them.",
    DIGEST: "When what the rules keep for once a day comes by mail. Enter changes it.",
}
ABOUT_KINDS = (
    "What is off reaches you nowhere: not here, and not outside. Who is told of what, and by which way, is in the rules "
    "(alert). Enter turns it on or off."
)
KINDS = {
    "ESCALATED": "cases handed up",
    "ESCALATION_ANSWERED": "answers to what you handed up",
    "APPROVAL_REQUESTED": "approvals asked for",
    "APPROVAL_DECIDED": "approvals decided",
    "SLA_WARNED": "targets due soon",
    "SLA_BREACHED": "targets missed",
    "ASSIGNED": "cases given to you",
    "MENTIONED": "notes that name you",
    "WATCHED": "what happens in watched cases",
    "SUBSCRIPTION_CHANGE": "changes of subscriptions",
    "INTERVENTION_OVERDUE": "interventions overdue",
    "RISK_CHANGED": "customers in another level of risk",
    "CHURN_CROSSED": "customers who may leave",
    "PAYMENT_FAILED": "payments that failed",
    "PLAYBOOK_FAILED": "playbooks that failed",
    "INTEGRATION_FAILING": "integrations that fail",
    "PLAYBOOK": "words of playbooks",
}
"""Kinds of alerts, in the order in which they are listed."""


def lines(times: Row, muted: Collection[str]) -> list[Line]:
    """When one is told outside, and of what at all."""
    calm = f"{times['quietFrom']} to {times['quietTo']}" if times["quietFrom"] else "none"
    found = [
        Line("", ""),
        Line("", "What reaches you"),
        Line(ZONE, "Time zone", [(times["zone"], "")], 1, width=14),
        Line(QUIET, "Quiet hours", [(calm, "" if times["quietFrom"] else "muted")], 1, width=14),
        Line(DIGEST, "Daily digest", [(times["digestAt"], "")], 1, width=14),
    ]
    for kind, words in KINDS.items():
        said = ("○ off", "muted") if kind in muted else ("● on", "ok")
        found.append(Line(KIND + kind, words, [said], 1, width=36))
    return found


def read_quiet(text: str) -> Reading:
    """`21:00-08:00`, or none; the value is (from, to), both empty for none."""
    word = text.strip().lower()
    if word in ("none", "never", "-"):
        return Reading(("", ""), said="No quiet hours: mail comes at any time.")
    begin, _, end = (part.strip() for part in word.replace(" to ", "-").partition("-"))
    problem = _clock(begin) or _clock(end)
    if problem or begin == end:
        return Reading(None, problem or "They end when they begin; `none` is no quiet hours.")
    return Reading((_full(begin), _full(end)), said=f"Quiet from {_full(begin)} to {_full(end)}.")


def read_clock(text: str) -> Reading:
    """`08:30`."""
    word = text.strip()
    return Reading(_full(word), _clock(word))


def read_zone(text: str) -> Reading:
    """An IANA time zone, such as Asia/Kolkata, in any case."""
    from zoneinfo import available_timezones

    known = {name.casefold(): name for name in available_timezones()}
    name = known.get(text.strip().casefold().replace(" ", "_"))
    return Reading(name, "" if name else "An IANA time zone, such as Asia/Kolkata.")


def _clock(word: str) -> str:
    hours, colon, minutes = word.partition(":")
    is_right = bool(colon) and hours.isdecimal() and len(minutes) == 2 and minutes.isdecimal()
    return (
        "" if is_right and int(hours) < 24 and int(minutes) < 60 else f"{word or 'Nothing'!r} is no time such as 08:30."
    )


def _full(word: str) -> str:
    return word.rjust(5, "0")
