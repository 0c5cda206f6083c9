"""The values that arguments can have: what completion offers, menus list, and the command line checks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from console.actions import Argument
from widgets.prompt import Option


@dataclass(frozen=True, slots=True)
class Values:
    """What can be chosen: (value, label, detail) each. A kind with none is free text."""

    members: Mapping[str, Mapping[str, Any]]
    member_id: str
    themes: Sequence[str] = ()
    labels: Callable[[], Mapping[str, int]] = dict
    """How many cases have each; counted when it is asked for."""

    def of(self, kind: str) -> list[Option]:
        """The options of a kind; empty for free text."""
        match kind:
            case "member":
                return self._members()
            case "theme":
                return [Option(name, name.removeprefix("holdfast-")) for name in self.themes]
            case "label":
                ranked = sorted(self.labels().items(), key=lambda one: (-one[1], one[0]))
                return [Option(name, name, f"{count} open") for name, count in ranked]
        return [Option(value, label, detail) for value, label, detail in FIXED.get(kind, ())]

    def _members(self) -> list[Option]:
        people = sorted(
            self.members.values(), key=lambda member: (member["id"] != self.member_id, member["name"].casefold())
        )
        me = [
            Option(person["id"], f"{person['name']} (me)", person["email"])
            for person in people
            if person["id"] == self.member_id
        ]
        others = [
            Option(person["id"], person["name"], person["email"]) for person in people if person["id"] != self.member_id
        ]
        return [*me, *others, Option("none", "Nobody", "gives it back to the queue")]


FIXED: dict[str, tuple[tuple[str, str, str], ...]] = {
    "status": (("OPEN", "Open", "it waits for us"), ("WAITING", "Waiting", "it waits for the customer")),
    "outcome": (
        ("RESOLVED", "Resolved", "the customer was helped"),
        ("CONVERTED", "Converted", "the order was placed"),
        ("DROPPED", "Dropped", "the customer went away"),
    ),
    "reason": (
        ("HIGH_VALUE", "High value", "much depends on it"),
        ("SYSTEM_BUG", "System bug", "the app or a system is wrong"),
        ("POLICY_EXCEPTION", "Policy exception", "needs a yes from above"),
        ("EMOTIONAL", "Emotional", "upset or critical"),
        ("UNRESOLVED", "Unresolved", "it goes nowhere"),
    ),
    "priority": (("1", "1", "first"), ("2", "2", "soon"), ("3", "3", "normal"), ("4", "4", "last")),
    "until": (
        ("30m", "30 minutes", ""),
        ("2h", "2 hours", ""),
        ("4h", "4 hours", ""),
        ("tomorrow", "Tomorrow", "at 09:00"),
        ("monday", "Monday", "at 09:00"),
        ("7d", "A week", ""),
    ),
    "availability": (
        ("ONLINE", "Available", "at the desk; work may come"),
        ("AWAY", "Away", "from the desk"),
        ("AWAY break back 15m", "Break", "back in 15 minutes"),
        ("AWAY lunch back 1h", "Lunch", "back in an hour"),
        ("AWAY meeting", "Meeting", ""),
        ("AWAY training", "Training", ""),
        ("AWAY end of shift", "End of shift", "what waits for you goes to others"),
    ),
    "days": (
        ("7", "7 days", "up to today"),
        ("30", "30 days", "up to today"),
        ("90", "90 days", "up to today"),
        ("custom", "Other days", "from a day to a day, or any number of days"),
    ),
    "by": (("day", "Day", ""), ("week", "Week", "from Monday on"), ("hour", "Hour", "of 31 days at most")),
    "horizon": (
        ("30", "30 days", "after the run"),
        ("90", "90 days", "after the run"),
        ("180", "180 days", "after the run"),
    ),
    "paying_state": (
        ("all", "All", ""),
        ("active", "Active", ""),
        ("trialing", "In trial", ""),
        ("past_due", "Past due", "a payment failed"),
        ("unpaid", "Unpaid", "nothing is tried any more"),
        ("paused", "Paused", "at Stripe, after a trial"),
        ("canceled", "Ended", ""),
        ("incomplete", "First payment open", ""),
    ),
    "paying_order": (
        ("-mrr", "Most a month", ""),
        ("mrr", "Least a month", ""),
        ("renewal", "Next renewal", ""),
        ("-renewal", "Last renewal", ""),
        ("newest", "Newest", ""),
    ),
    "plan_status": (
        ("open", "Open", "planned"),
        ("active", "Active", "somebody is at it"),
        ("cancelled", "Cancelled", "it will not be done"),
    ),
    "plan_outcome": (
        ("helped", "It helped", ""),
        ("no_change", "Nothing changed", ""),
        ("not_reached", "Not reached", ""),
        ("lost", "They left", ""),
    ),
    "plan_priority": (("high", "High", ""), ("medium", "Medium", ""), ("low", "Low", "")),
    "format": (("csv", "CSV", "for spreadsheets"), ("parquet", "Parquet", "for data tools")),
    "keymap": (("default", "default", "letters, as in vim"), ("arrows", "arrows", "arrow keys instead of h j k l")),
    "sort": (
        ("queue", "Queue order", "priority, then who waits longest"),
        ("sla", "SLA", "what is due or missed first"),
        ("updated", "Last changed", ""),
        ("created", "Newest", ""),
        ("value", "Order value", ""),
        ("friction", "Friction", ""),
    ),
}


OWN_WORDS = ("until", "label", "days", "availability")
"""Kinds whose options are the usual answers; whoever asked reads other words too."""


def resolve(argument: Argument, text: str, values: Values) -> tuple[str, str]:
    """(value, "") for what was typed, or ("", why not). Names may be cut short as long as they are clear."""
    options = values.of(argument.kind)
    word = text.strip().casefold()
    if not word:
        return ("", f"{argument.name.capitalize()}? {_known(options)}".strip()) if argument.required else ("", "")
    if argument.kind in OWN_WORDS or not options:
        return text.strip(), ""
    if argument.kind == "member" and word.removeprefix("@") == "me":
        return values.member_id, ""
    word = word.removeprefix("@") if argument.kind == "member" else word
    if argument.kind == "reason" and (found := _reason(text, options)):
        return found, ""
    exact = [
        option
        for option in options
        if word in (option.key.casefold(), option.label.casefold(), option.detail.casefold())
    ]
    near = exact or [option for option in options if option.matches([word]) and _starts(option, word)]
    if len(near) == 1:
        return near[0].key, ""
    if near:
        return "", f"{text.strip()!r} could be {' or '.join(option.label for option in near[:4])}."
    return "", f"There is no {argument.name} {text.strip()!r}. {_known(options)}"


def _reason(text: str, options: Sequence[Option]) -> str:
    """`REASON note` for `policy-exception she asks for a refund`; the note may be missing. Empty when it is unclear."""
    first, _, rest = text.strip().partition(" ")
    words = [*first.replace("-", " ").replace("_", " ").split(), *rest.split()]
    for count in (2, 1):
        near = [option for option in options if option.label.casefold().startswith(" ".join(words[:count]).casefold())]
        if len(near) == 1 and words[:count]:
            return f"{near[0].key} {' '.join(words[count:])}".strip()
    return ""


def complete(argument: Argument, text: str, values: Values) -> list[str]:
    """What the text could become."""
    before, word = "", text.casefold().removeprefix("@")
    if argument.kind == "label":  # each word is one; what is taken off may be anything it has
        before, _, word = text.rpartition(" ")
        before, word = f"{before} " if before else "", word.casefold().lstrip("#")
        if word.startswith("-"):
            before, word = f"{before}-", word[1:]
    return [before + option.label for option in values.of(argument.kind) if _starts(option, word)]


def _starts(option: Option, word: str) -> bool:
    parts = (option.key, option.label, option.detail, *option.label.split())
    return any(part.casefold().startswith(word) for part in parts)


def _known(options: Sequence[Option]) -> str:
    return f"There are {', '.join(option.label for option in options[:8])}." if options else ""
