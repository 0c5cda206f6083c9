"""Why customers leave and what learned it, in words. Wire data in, lines and cells out."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from console.desk import ages
from widgets.outline import Line
from widgets.paint import Cell

Row = Mapping[str, Any]
Pairs = list[tuple[str, Cell]]

CAUSE, MODEL = "cause:", "model:"
"""Begin the keys of lines."""
IMPACTS = {"low": "info", "medium": "warning", "high": "danger"}
TARGETS = {"voluntary": "by choice", "involuntary": "by failed payments"}
MOST = 6
"""Features that are named of a model."""
MOVED, MUCH = 0.1, 0.25
"""Population stability index: from where on it is worth a look, and from where on it is much (Siddiqi, 2006)."""
_BAR = 12


def of_all(causes: Row, models: Sequence[Row], now: datetime) -> list[Line]:
    """The causes among who may leave, and the versions of both models, the latest first."""
    found = causes["items"]
    lines = [Line("", f"At risk: {causes['atRisk']:,} of {causes['predicted']:,} customers{_as_of(causes, now)}")]
    wide = min(44, max((len(one["cause"]) for one in found), default=0))
    lines += [Line(CAUSE + one["feature"], one["cause"], _cause(one), 1, width=wide + 2) for one in found]
    lines += [] if found else [Line("", "  Nothing is said of anybody yet.")]
    for target, how in TARGETS.items():
        some = [one for one in models if one["target"] == target]
        lines += [Line("", ""), Line("", f"Who leaves {how}")]
        lines += [Line(MODEL + one["id"], f"version {one['number']}", _model(one, now), 1, width=14) for one in some]
        lines += [] if some else [Line("", "  Nothing was learned yet: rules speak, and say that they are rules.")]
    return lines


def _as_of(causes: Row, now: datetime) -> str:
    at = causes["predictedAt"]
    return f", as of {ages.since(at, now)} ago" if at else ""


def _cause(one: Row) -> list[tuple[str, str]]:
    role = IMPACTS[one["impact"]]
    some = f"{one['count']:>6,} {'customer ' if one['count'] == 1 else 'customers'}"
    return [(some, ""), (f"  {one['percent']:>3} %", "muted"), (f"  {one['impact']}", role)]


def _model(one: Row, now: datetime) -> list[tuple[str, str]]:
    measures = one["report"].get("measures") or {}
    kind = {"rules": "no model", "logistic": "logistic regression", "trees": "boosted trees"}[one["kind"]]
    words = [(f"{kind:<20}", "" if one["kind"] != "rules" else "muted")]
    words += [(f"AUC {measures['auc']:.3f}  ", "muted")] if measures else []
    words += [(ages.local(one["trainedAt"], now), "muted")]
    words += [(f"  moved {_most(one)[1]:.2f}", _moved(_most(one)[1]))] if one["drift"] else []
    return [*words, ("  in force", "ok bold")] if one["isActive"] else words


def of_cause(one: Row) -> tuple[Pairs, list[Cell]]:
    """One cause in full."""
    pairs: Pairs = [
        ("Customers", f"{one['count']:,}"),
        ("Share", f"{one['percent']} % of who is at risk"),
        ("Impact", [(one["impact"], IMPACTS[one["impact"]])]),
        ("On average", f"{one['points'] * 100:+.1f} points of the probability"),
    ]
    words = "It is among the first three of so many. It goes together with leaving, which is no proof that it is why."
    return pairs, [[("", "")], [(words, "muted")]]


def of_model(one: Row, now: datetime) -> tuple[Pairs, list[Cell]]:
    """One version: what was measured, its card, what weighs, and how far customers have moved since."""
    report = one["report"]
    pairs: Pairs = [("Predicts", [("yes", "ok")] if one["isActive"] else "no")]
    pairs += [("Learned", ages.local(one["trainedAt"], now))]
    if measures := report.get("measures"):
        named = (("AUC", "auc"), ("PR-AUC", "pr_auc"), ("Brier", "brier"), ("ECE", "ece"))
        pairs += [(label, f"{measures[name]:.4f}") for label, name in named]
        pairs += [("Top tenth", f"{measures['lift']:.1f} times the average")]
    lines: list[Cell] = [[("", "")]]
    for words in one["card"].split("\n"):
        lines += [[(words, "")], [("", "")]]
    if weights := report.get("importance"):
        lines += [[("What weighs most", "accent bold")]]
        lines += [_bar(name, share) for name, share in list(weights.items())[:MOST]]
    if drift := one["drift"]:
        most = sorted(drift.items(), key=lambda named: -named[1])[:MOST]
        lines += [[("", "")], [("How far customers have moved (stability index)", "accent bold")]]
        lines += [[(f"{value:>6.2f}  ", _moved(value)), (_plain(name), "")] for name, value in most]
    lines += [[(f"Beware: {warning}.", "warning")] for warning in report.get("warnings") or ()]
    return pairs, lines


def _bar(name: str, share: float) -> Cell:
    full = round(share * _BAR)
    return [(f"{share:>5.0%}  ", "muted"), ("█" * full + "·" * (_BAR - full), "info"), (f"  {_plain(name)}", "")]


def _most(one: Row) -> tuple[str, float]:
    found: tuple[str, float] = max(one["drift"].items(), key=lambda named: named[1])
    return found


def _moved(value: float) -> str:
    return "danger" if value > MUCH else "warning" if value > MOVED else "muted"


def _plain(name: str) -> str:
    return name.replace("_", " ")
