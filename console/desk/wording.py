"""The words and roles that fields of an incidence are shown with, in the queue and in the workspace alike."""

import re
from collections.abc import Sequence
from typing import Any

Row = dict[str, Any]
Spans = list[tuple[str, str]]

PRIORITY_ROLES = {1: "priority-urgent", 2: "priority-high", 3: "priority-normal", 4: "priority-low"}
TIER_ROLES = {"GOLD": "mark", "SILVER": "text", "BRONZE": "muted"}
CHANNELS = {"IN_APP_CHAT": "chat", "CALL": "call", "WHATSAPP": "whatsapp", "CHAT": "chat"}
STATUS_SIGNS = {"OPEN": ("●", "info"), "WAITING": ("◐", "warning"), "SNOOZED": ("◌", "muted"), "CLOSED": ("✓", "ok")}
_SYMBOLS = {"INR": "₹", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
_CODE = re.compile(r"\b[A-Z][A-Z_]{3,}\b")
_BANDS = ((75, "critical"), (50, "high"), (25, "medium"), (0, "low"))


def priority(row: Row) -> Spans:
    """`P1`, in the colour of its urgency."""
    return [
        (f"P{row['priority']}", PRIORITY_ROLES.get(row["priority"], "") + (" bold" if row["priority"] == 1 else ""))
    ]


def customer(row: Row) -> str:
    """The customer's name, or the id they are known by."""
    return str(row["customer"]["name"] or row["customer"]["userId"])


def tier(row: Row) -> Spans:
    """The customer's tier in small letters."""
    name: str = row["customer"]["tier"]
    return [(name.lower(), TIER_ROLES.get(name, ""))]


def money(amount: float | int | None, currency: str) -> str:
    """An amount in major units, with thousands apart and its currency; nothing for none."""
    if amount is None:
        return ""
    number = f"{amount:,.2f}".removesuffix(".00")
    symbol = _SYMBOLS.get(currency)
    return f"{symbol}{number}" if symbol else f"{currency} {number}"


def channel(row: Row) -> str:
    """The channel the case came by."""
    return CHANNELS.get(row["channel"], str(row["channel"]).lower())


def channels(names: Sequence[str]) -> str:
    """The channels by which the customer may reach a person."""
    return " and ".join(CHANNELS.get(name, name.lower()) for name in names) or "self-service only"


def band(score: float) -> str:
    """The band of a score of 0 to 100: low, medium, high (from 50, where rules ask for help) or critical."""
    return next((name for least, name in _BANDS if score >= least), "low")


def friction(score: int | None) -> Spans:
    """A friction score with its band in a word's colour and a level; nothing for none."""
    if score is None:
        return []
    level = "▁▂▃▄▅▆▇█"[min(7, max(0, score) * 8 // 101)]
    return [(f"{score:>3} {level}", f"friction-{band(score)}")]


def status(row: Row) -> Spans:
    """A sign and a word for the status; a closed one says its outcome."""
    sign, role = STATUS_SIGNS.get(row["status"], ("?", "muted"))
    word = row["outcome"] if row["status"] == "CLOSED" and row["outcome"] else row["status"]
    return [(f"{sign} ", role), (word.lower(), role if row["status"] == "OPEN" else "muted")]


def spoken(text: str) -> str:
    """A sentence of the rules with its codes as words: `SILVER customer`, `HIGH_VALUE` as `silver customer`, `high value`."""
    return _CODE.sub(lambda code: code[0].lower().replace("_", " "), text)


def labels(row: Row, most: int | None = None) -> Spans:
    """`#vip #refund `; with `most`, that many and how many more."""
    names = row["labels"]
    shown = names if most is None else names[:most]
    more = f"+{len(names) - len(shown)} " if len(names) > len(shown) else ""
    return [(f"#{name} ", "mark") for name in shown] + ([(more, "mark")] if more else [])


def agent(row: Row, me: str) -> Spans:
    """Who has it: you, a name, or nobody."""
    if row["agentId"] is None:
        return [("self-service" if row["isSelfServe"] else "nobody", "muted")]
    return [("you", "agent bold")] if row["agentId"] == me else [(row["agentName"] or "somebody", "agent")]
