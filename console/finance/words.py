"""Metrics, readiness and recommendations in words. Wire data in, tiles, lines and cells out."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from console.desk import ages
from console.desk.wording import money
from widgets.outline import Line
from widgets.paint import Cell, Span
from widgets.tiles import Tile

Row = Mapping[str, Any]
Pairs = list[tuple[str, Cell]]
UNKNOWN = "not known"
METRICS = {
    "revenueTotal": ("Revenue", "money", "more"),
    "revenueVolatility": ("Volatility", "ratio", "less"),
    "chargebackRatio": ("Chargebacks", "percent", "less"),
    "payoutReliability": ("Payouts on time", "percent", "more"),
    "averageTransactionSize": ("Average transaction", "money", "more"),
    "transactionCount": ("Transactions", "count", ""),
}
"""Label, unit, and which way is good."""
OF_FACTS = {
    "revenue_change": "revenueTotal",
    "revenue_change_percent": "revenueTotal",
    "revenue_total": "revenueTotal",
    "revenue_volatility": "revenueVolatility",
    "chargeback_percent": "chargebackRatio",
    "payout_on_time_percent": "payoutReliability",
    "average_transaction_size": "averageTransactionSize",
    "transaction_count": "transactionCount",
}
"""The metric behind a fact of the readiness rules."""
READINESS = "readiness"
RECOMMENDATION = "recommendation:"
"""Begins the keys of lines."""
TIERS = {
    "not_ready": ("✗", "danger", "Not ready"),
    "improving": ("▲", "warning", "Improving"),
    "funding_ready": ("✓", "ok", "Funding-ready"),
    "highly_attractive": ("★", "ok", "Highly attractive"),
}
PRIORITIES = {"high": ("▲", "danger"), "medium": ("■", "warning"), "low": ("·", "muted")}
STATUSES = {"pending": "waits for you", "accepted": "accepted", "dismissed": "dismissed", "resolved": "no longer so"}


def value(number: float | int | None, unit: str, currency: str) -> str:
    """A metric's value; shares are of 1 on the wire and of 100 here."""
    if number is None:
        return UNKNOWN
    match unit:
        case "money":
            return money(number, currency)
        case "percent":
            return f"{100 * number:,.2f}".rstrip("0").rstrip(".") + " %"
        case "ratio":
            return f"{number:,.2f}"
    return f"{number:,.0f}"


def tiles(metrics: Row, history: Sequence[Row], readiness: Row, scores: Sequence[Row]) -> list[Tile]:
    """The readiness and the six metrics, each with its curve of the last weeks."""
    sign, role, label = TIERS[readiness["tier"]]
    score = Tile(
        READINESS,
        "Readiness",
        f"{readiness['score']} of 100",
        (f"{sign} {label}", role),
        [float(one["score"]) for one in scores],
        f"bold {role}",
    )
    found = [score]
    for name, (title, unit, better) in METRICS.items():
        number = metrics[name]
        words = value(number, unit, metrics["currency"])
        series = [one[name] for one in history]
        found.append(
            Tile(
                name,
                title,
                words,
                _moved(history, name, unit, metrics, better),
                series,
                "bold" if number is not None else "muted",
            )
        )
    return found


def _moved(history: Sequence[Row], name: str, unit: str, metrics: Row, better: str) -> Span:
    """Against what was known at the beginning of the history, if that says anything."""
    was = next((one[name] for one in history if one[name] is not None), None)
    now = metrics[name]
    if was is None or now is None:
        return ("–", "muted")
    moved = now - was
    if abs(moved) < 1e-9:
        return ("= as before", "muted")
    size = value(abs(moved), unit, metrics["currency"])
    good = {"more": moved > 0, "less": moved < 0}.get(better)
    role = "muted" if good is None else "ok" if good else "danger"
    return (f"{'▲' if moved > 0 else '▼'} {size.replace(' %', ' points')}", role)


def about(key: str, metrics: Row, readiness: Row, now: datetime) -> tuple[str, Pairs, list[Cell]]:
    """What stands below the tiles: title, what it is made of, its definition."""
    if key == READINESS or key not in METRICS:
        lift = readiness["nextTier"]
        pairs: Pairs = [
            ("helps", ", ".join(f"{one['label']} {one['points']:+g}" for one in readiness["helps"]) or "nothing"),
            ("hurts", ", ".join(f"{one['label']} {one['points']:+g}" for one in readiness["hurts"]) or "nothing"),
        ]
        if lift:
            pairs.append((f"to {lift['label']}", _lift(lift)))
        return "Readiness", pairs, []
    currency = metrics["currency"]
    span = f"{ages.local(metrics['start'], now)} to {ages.local(metrics['end'], now)}, {currency}"
    made: Pairs = [("of", span)]
    if key == "chargebackRatio":
        made.append(("made of", f"{metrics['chargebackCount']:,} of {metrics['transactionCount']:,} charges"))
    elif key == "payoutReliability":
        made.append(("made of", f"{metrics['payoutCount']:,} payouts that were due"))
    elif key == "revenueTotal":
        before = value(metrics["revenueBefore"], "money", currency)
        made.append(("before", f"{before} in as many days"))
        made.append(("net", f"{value(metrics['revenueNet'], 'money', currency)} after refunds and chargebacks"))
    elif key == "transactionCount":
        made.append(("failed", f"{metrics['failedCount']:,} tries took nothing"))
    others = [f"{one['currency']} {value(one[key], METRICS[key][1], one['currency'])}" for one in metrics["others"]]
    if others:
        made.append(("other currencies", ", ".join(others)))
    return METRICS[key][0], made, [[(metrics["definitions"][key], "muted")]]


def _lift(lift: Row) -> Cell:
    if not lift["levers"]:
        return [(f"{lift['missing']} points are missing, and no number alone or together brings them", "warning")]
    words = " and ".join(one["words"] for one in lift["levers"])
    return [(f"{words}: {lift['score']}", "ok")]


def readiness_lines(one: Row) -> list[Line]:
    """The score line by line: what it is, what helps and hurts, and what would lift it."""
    sign, role, label = TIERS[one["tier"]]
    lines = [
        Line("score", "Readiness", [(f"{one['score']} of 100  ", "bold"), (f"{sign} {label}", role)]),
        Line("base", "Every business begins at", [(f"{one['base']:g}", "")], 1),
        Line("", "What helps"),
        *_factors(one["helps"], "ok"),
        Line("", "What hurts"),
        *_factors(one["hurts"], "danger"),
    ]
    lift = one["nextTier"]
    if lift:
        lines.append(Line("", f"To {lift['label']}: {lift['fromScore']} points, {lift['missing']} more"))
        lines += [_lever(lever, "lift:") for lever in lift["levers"]]
        if not lift["levers"]:
            lines.append(Line("lift", "No number brings that, alone or together", (), 1))
    else:
        lines.append(Line("", "There is no higher tier"))
    lines.append(Line("", "What each number could bring"))
    lines += [_lever(lever, "lever:") for lever in one["levers"]] or [Line("levers", "Nothing more", (), 1)]
    lines.append(Line("", "What does not count now"))
    lines += [
        Line(
            f"idle:{rule['rule']}",
            rule["label"],
            [(f"{rule['points']:+g} when {rule['condition']}", "muted")],
            1,
            width=30,
        )
        for rule in one["idle"]
    ] or [Line("idle", "Nothing", (), 1)]
    return lines


def _factors(rules: Sequence[Row], role: str) -> list[Line]:
    lines = [
        Line(
            f"rule:{one['rule']}",
            one["label"],
            [(f"{one['points']:+g}", f"bold {role}")],
            1,
            ((f"{one['text']}: {one['condition']}", "muted"),),
            width=30,
        )
        for one in rules
    ]
    return lines or [Line(f"none:{role}", "Nothing", (), 1)]


def _lever(one: Row, begins: str) -> Line:
    return Line(
        f"{begins}{one['fact']}",
        one["label"],
        [(f"+{one['points']}  ", "bold ok"), (f"{one['target']}  ", ""), (f"now {one['now']}", "muted")],
        1,
        width=30,
    )


def recommendation_lines(items: Sequence[Row]) -> list[Line]:
    """What waits first, each group what brings most first."""
    groups = (
        ("Recommended", [one for one in items if one["status"] == "pending"]),
        ("Decided", [one for one in items if one["status"] != "pending"]),
    )
    lines: list[Line] = []
    for title, rows in groups:
        lines += [Line("", ""), Line("", title)] if lines else [Line("", title)]
        for one in rows:
            sign, role = PRIORITIES[one["priority"]]
            words = [(f"{sign} {one['priority']:<7}", role), (f" +{one['impact']} points  ", "bold")]
            words.append((STATUSES[one["status"]] if one["status"] != "pending" else one["reason"], "muted"))
            lines.append(Line(RECOMMENDATION + one["id"], one["title"], words, 1, width=30))
        if not rows:
            none = "Nothing: no rule finds anything to do." if title == "Recommended" else "Nothing yet."
            lines.append(Line("", "", [(none, "muted")]))
    return lines


def recommendation(one: Row, now: datetime) -> tuple[Pairs, list[Cell]]:
    """One in full."""
    sign, role = PRIORITIES[one["priority"]]
    pairs: Pairs = [
        ("why", one["reason"]),
        ("brings", [(f"{one['impact']} points of readiness  ", "bold"), (f"{sign} {one['priority']}", role)]),
        ("state", STATUSES[one["status"]]),
        ("since", f"{ages.local(one['createdAt'], now)} by rules v{one['ruleVersion']}"),
    ]
    if one["decidedAt"]:
        pairs.append(("decided", ages.local(one["decidedAt"], now)))
    return pairs, [one["action"]]


def stripe(one: Row | None, url: str, now: datetime, key: str) -> tuple[Pairs, list[Cell]]:
    """The connection: whose account, how far it was read, and what to open when somebody connects one with `key`."""
    if one is None:
        return [], [[("Admins see the Stripe account and connect it.", "muted")]]
    pairs: Pairs = []
    lines: list[Cell] = []
    if one["isConnected"]:
        mode = {"settings": "the server's key", "key": "a key of its own", "connect": "Stripe Connect"}[one["mode"]]
        kind = {True: "live", False: "test", None: "not read yet"}[one["isLive"]]
        name = titled(one) if one["accountId"] else "?"
        pairs.append(("account", [(f"{name}  ", "bold"), (f"{kind}, by {mode}", "muted")]))
        pairs.append(("read", _read(one, now)))
        pairs.append(("last sync", ages.local(one["lastSyncedAt"], now) if one["lastSyncedAt"] else "never"))
        pairs.append(("known", f"{one['charges']:,} charges, {one['subscriptions']:,} subscriptions"))
        if one["missingScopes"]:
            pairs.append(("the key lacks", [(", ".join(one["missingScopes"]), "warning")]))
        if one["unprocessed"]:
            pairs.append(("events waiting", f"{one['unprocessed']:,}"))
    else:
        ended = f", since {ages.local(one['disconnectedAt'], now)}" if one["disconnectedAt"] else ""
        pairs.append(("account", [(f"none is connected{ended}", "warning")]))
    for former in one["former"]:
        kept = f"{former['subscriptions']:,} subscriptions, {former['charges']:,} charges"
        left = f"until {ages.local(former['leftAt'], now)}: {kept}, which count for nothing any more"
        pairs.append(("before", [(f"{titled(former)}  ", ""), (left, "muted")]))
    if one["error"]:
        pairs.append(("last error", [(one["error"], "danger")]))
    waiting = one["connecting"]
    if waiting and waiting["by"] and not one["isConnected"]:
        lines += ["", [(f"! {titled(waiting['by'])} waits, and is another account than before.", "warning")]]
        lines += ["", [(f"{key} asks whether it takes the place of {titled(waiting['replaces'])}.", "muted")]]
    elif waiting and waiting["error"] and not one["isConnected"]:
        lines += ["", [(f"✗ {waiting['error']}", "danger")]]
    elif waiting and url and not one["isConnected"]:
        lines += ["", [("Open this in a browser, as somebody who owns the Stripe account:", "")], "", [(url, "accent")]]
        lines += ["", [(f"Waiting until {ages.local(waiting['expiresAt'], now)} …", "muted")]]
    if not one["isConnected"] and not url and not (waiting and waiting["by"]):
        lines += ["", [(f"{key} makes an address to open in a browser, where the account's owner agrees.", "muted")]]
    return pairs, lines


def titled(account: Row) -> str:
    """An account by its name and id."""
    return f"{account['name']} ({account['accountId']})" if account["name"] else str(account["accountId"])


def replacing(waiting: Row) -> tuple[Pairs, list[Cell]]:
    """What one agrees to when another account takes the place of the last one."""
    pairs: Pairs = [("Before", titled(waiting["replaces"])), ("From now on", titled(waiting["by"]))]
    lines: list[Cell] = [
        "Subscriptions, charges and payouts of the account before stay to be read, under its name, but count for nothing"
        " any more: neither in metrics nor in monthly revenue. Connecting that one again brings them back."
    ]
    return pairs, lines


def _read(one: Row, now: datetime) -> Cell:
    relist, share = one["relist"], one["progress"] or 0.0
    if relist is None and one["relistedAt"]:
        return f"whole, {ages.since(one['relistedAt'], now)} ago"
    share = relist["progress"] if relist else share
    full = round(20 * share)
    bar = "█" * full + "░" * (20 - full)
    what = f"  {relist['what']}, {relist['done']:,} objects" if relist else "  begins soon"
    return [(bar, "accent"), (f" {100 * share:.0f} %", "bold"), (what, "muted")]
