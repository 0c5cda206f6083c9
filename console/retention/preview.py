"""What stands beside the table: a run with all that is known of it, or a flow with its steps."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from console.analytics.telling import heading
from console.desk import ages, wording
from console.retention import words
from console.retention.words import Row
from widgets.paint import Cell


class Shown(NamedTuple):
    """What a panel shows."""

    title: str
    pairs: list[tuple[str, Cell]]
    lines: list[Cell]
    freshness: str = ""


def of_run(row: Row, whole: Row | None, now: datetime) -> Shown:
    """A run. `whole` has its log too, and is None while it is on its way."""
    flow = row["flowName"] or "none"
    by = f" · by the rule {row['flowRule'].replace('_', ' ')}" if row["flowRule"] else ""
    document = f" · document {row['flowVersion']}" if row["flowVersion"] is not None else ""
    month = [(wording.money(row["mrr"], row["currency"]), "money"), (" a month", "muted")]
    pairs: list[tuple[str, Cell]] = [
        ("customer", [(words.customer(row), "customer"), (f"  {row['userId']}", "muted")]),
        ("plan", [(f"{row['facts'].get('plan') or 'no plan'}  ", ""), *month]),
        ("stands", words.standing(row)),
        ("group", _group(row)),
        ("flow", [(flow, ""), (f"{document}{by}", "muted")]),
        *_told(row),
    ]
    if row["revenueSaved"]:
        kept = wording.money(row["revenueSaved"], row["currency"])
        pairs.append(
            ("goes on at", [(kept, "money"), (" a month · what is billed, not what an offer brought", "muted")])
        )
    if words.is_live(row):
        pairs.append(("open until", ages.local(row["expiresAt"], now)))
    lines: list[Cell] = []
    if row["message"]:
        pairs.append(("told them", [(f"“{row['message']}”", "note")]))
    lines += [*_log(row, whole, now), *_offers(row), *_facts(row)]
    began = ages.local(row["startedAt"], now)
    return Shown(f"Run of {words.customer(row)}", pairs, lines, f"began {began} · version {row['version']}")


def _group(row: Row) -> Cell:
    share = f"{row['holdoutShare']:.0%}"
    if row["group"] == "HOLDOUT":
        return [("holdout", "mark bold"), (f"  {words.ABOUT_HOLDOUT} ({share} of all)", "muted")]
    others = f"{share} by chance get none" if row["holdoutShare"] else "so does everybody: nothing to compare with"
    return [("gets offers", ""), (f"  {others}", "muted")]


def _told(row: Row) -> list[tuple[str, Cell]]:
    if row["reason"] is None:
        return [("why", [("not told", "muted")])]
    why = row["reasonLabel"] or row["reason"]
    closer = f" · {row['followUp'].replace('_', ' ')}" if row["followUp"] else ""
    told: list[tuple[str, Cell]] = [("why", [(why, ""), (closer, "muted")])]
    return [*told, ("in words", [(f"“{row['comment']}”", "note")])] if row["comment"] else told


def _log(row: Row, whole: Row | None, now: datetime) -> list[Cell]:
    lines: list[Cell] = ["", heading("Steps")]
    if whole is None:
        return [*lines, [("on their way …", "muted")]]
    offers = {offer["offerType"]: str(offer["words"]) for offer in reversed(row["ranking"])}
    return lines + [words.logged(entry, offers, now) for entry in whole["log"]]


def _offers(row: Row) -> list[Cell]:
    lines: list[Cell] = ["", heading("Offers, the best first")]
    for offer in row["ranking"]:
        chance = f" · {offer['propensity']:.0%} likely to come first" if offer["propensity"] is not None else ""
        points = f"  {offer['points']:g} points{chance}"
        lines.append([(f"{offer['place']}  ", "bold"), (offer["words"], ""), (points, "muted")])
        lines += [[(f"   {why}", "muted")] for why in offer["why"]]
    if not row["ranking"]:
        lines.append([(_why_none(row), "muted")])
    if row["refused"]:
        lines += ["", heading("Kept back by limits")]
        for offer in row["refused"]:
            lines.append([("✗ ", "warning"), (offer["words"], ""), (f"  {offer['why']}", "muted")])
    return lines


def _why_none(row: Row) -> str:
    if row["group"] == "HOLDOUT":
        return "None: the holdout gets none."
    return (
        "They are ranked when the first one is due." if words.is_live(row) else "None was due, or none could be made."
    )


def _facts(row: Row) -> list[Cell]:
    told = [words.fact(name, value, row["currency"]) for name, value in sorted(row["facts"].items())]
    width = max((len(name) for name, _ in told), default=0)
    lines: list[Cell] = ["", heading("What was known at the beginning")]
    return lines + [[(f"{name:<{width}}  ", "muted"), (value, "")] for name, value in told]


def of_flow(row: Row, whole: Row | None, performance: str) -> Shown:
    """A flow. `whole` has its steps in words too."""
    pairs: list[tuple[str, Cell]] = [
        ("status", [*words.status(row), (f" · {words.met(row)}", "muted")]),
        ("led to by", ", ".join(row["segments"]) or [("no rule of the flow rules leads to it", "muted")]),
        ("how it does", performance or [("not known yet", "muted")]),
    ]
    lines: list[Cell] = ["", heading("Steps")]
    lines += steps(whole) if whole is not None else [[("on their way …", "muted")]]
    shipped = "as it is shipped · " if row["isShipped"] else ""
    return Shown(row["name"], pairs, lines, f"{shipped}version {row['version']}")


def steps(whole: Mapping[str, Any]) -> list[Cell]:
    """The steps of a flow, a line each."""
    ids = [step["id"] for step in whole["document"]["steps"]]
    width = min(16, max(map(len, ids), default=0))
    return [
        [(f"{place:>2}  ", "muted"), (f"{id:<{width}}  ", "accent"), (said, "")]
        for place, (id, said) in enumerate(zip(ids, whole["words"], strict=True), 1)
    ]
