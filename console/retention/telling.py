"""What offers brought, line by line: each number in words beside its definition, then offers, then reasons."""

from collections.abc import Mapping
from typing import Any

from console.desk import ages, wording
from console.retention.words import Row
from widgets.outline import Line
from widgets.paint import cut
from widgets.plain import plain

HORIZONS = (30, 90, 180)
_BY_HORIZON = ("gross", "incremental")
_LABEL = 34
"""Cells of the first column."""
_STATES = {
    "known": ("", "bold"),
    "pending": ("◔ ", "warning"),
    "not_enough": ("△ ", "warning"),
    "none": ("– ", "muted"),
}
"""Sign and role of how sure a number is; its words say the rest."""
Answers = Mapping[str, Any]
"""`summary`, `offers` and `reasons` of one horizon, and `horizons`: the summaries by horizon."""


def head(summary: Row) -> str:
    """Which runs the numbers are about."""
    other = f" · {summary['otherCurrencies']} in other currencies" if summary["otherCurrencies"] else ""
    holdout = "" if summary["hasHoldout"] else " · nobody is in the holdout"
    return (
        f"{summary['runs']:,} runs in {summary['days']} days ({summary['zone']}) · {summary['mature']:,} of them at least "
        f"{summary['horizon']} days old · {summary['currency']}{other}{holdout}"
    )


def lines(answers: Answers) -> list[Line]:
    """Everything, in the order in which it is read."""
    summary = answers["summary"]
    told = [Line("", "What offers brought"), *map(_figure, summary["figures"])]
    told += [Line("", ""), *_horizons(answers["horizons"], summary["currency"])]
    told += [Line("", ""), *_offers(answers["offers"]), Line("", ""), *_reasons(answers["reasons"])]
    return told


def _figure(figure: Row) -> Line:
    sign, role = _STATES[figure["state"]]
    said = [(f"{sign}{figure['words']}", role)]
    always = figure["always"]
    if always is not None and figure["state"] == "known":
        said.append((f"  however often you look: {always['low']:,.0f} to {always['high']:,.0f}", "muted"))
    notes = [(figure["definition"], "muted")]
    return Line(f"figure:{figure['name']}", figure["label"], said, notes=notes, width=_LABEL)


def _horizons(by: Mapping[int, Row], currency: str) -> list[Line]:
    """Gross and incremental as they stand after 30, 90 and 180 days; what is pending is said, never filled in."""
    told = [Line("", "After 30, 90 and 180 days")]
    for horizon, summary in sorted(by.items()):
        for figure in (one for one in summary["figures"] if one["name"] in _BY_HORIZON):
            sign, role = _STATES[figure["state"]]
            waiting = f"  {figure['pending']:,} runs pending" if figure["pending"] else ""
            said = [(f"{sign}{figure['words']}", role), (waiting if "pending" not in figure["words"] else "", "muted")]
            label = "gross, not incremental" if figure["name"] == "gross" else "incremental"
            told.append(Line(f"horizon:{horizon}:{figure['name']}", f"{horizon:>3} days  {label}", said, width=_LABEL))
    return told


def _offers(answer: Row) -> list[Line]:
    currency = answer["currency"]
    told = [Line("", "Offers"), _columns("", ("shown", "yes", "rate", "paid", "gross"))]
    for one in answer["items"]:
        gross = wording.money(one["gross"], currency)
        cells = (f"{one['shown']:,}", f"{one['accepted']:,}", share(one["acceptance"]), share(one["paidShare"]), gross)
        told.append(_columns(f"offer:{one['offer']}", cells, one["words"]))
    return told + _definitions(answer, "No offer was shown in these days.")


def _reasons(answer: Row) -> list[Line]:
    currency = answer["currency"]
    told = [Line("", "Why they leave"), _columns("", ("asked", "saved", "gone", "rate", "lost a month"))]
    for one in answer["items"]:
        lost = wording.money(one["monthlyLost"], currency)
        counts = (f"{one['attempts']:,}", f"{one['saved']:,}", f"{one['cancelled']:,}")
        closer = ", ".join(f"{code.replace('_', ' ')} {count}" for code, count in one["followUps"].items())
        row = _columns(f"reason:{one['reason']}", (*counts, share(one["saveRate"]), lost), one["label"])
        told.append(Line(row.key, row.label, row.words, notes=[(closer, "muted")] if closer else (), width=row.width))
    return told + _definitions(answer, "Nobody wanted to cancel in these days.")


def _columns(key: str, cells: tuple[str, ...], label: str = "") -> Line:
    widths = (6, 6, 6, 6, 12)
    said = " ".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
    return Line(key, cut(plain(label), _LABEL), [(said, "" if key else "muted")], width=_LABEL)


def _definitions(answer: Row, otherwise: str) -> list[Line]:
    if not answer["items"]:
        return [Line("", "", [(otherwise, "muted")])]
    return [Line("", "", [(f"{_spaced(name)}: {words}", "muted")]) for name, words in answer["definitions"].items()]


def _spaced(name: str) -> str:
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)


def share(value: float | None) -> str:
    """A share as a percentage."""
    return ages.NOTHING if value is None else f"{100 * value:.0f} %"


def drill(key: str) -> tuple[str, dict[str, str], str]:
    """(title, query of the runs behind a line, the offer they accepted)."""
    kind, _, name = key.partition(":")
    if kind == "offer":
        return "runs that accepted the offer", {"outcome": "SAVED"}, name
    if kind == "reason":
        return f"runs whose reason is {name.replace('_', ' ')}", {} if name == "none" else {"reason": name}, ""
    figure = name.partition(":")[2] or name
    if figure in ("saved", "gross", "worth", "discount", "pauseCost", "cannibalised"):
        return "runs that were saved", {"outcome": "SAVED"}, ""
    if figure == "holdout":
        return "runs of the holdout", {"group": "HOLDOUT"}, ""
    if figure == "saveRate":
        return "runs that were decided", {"open": "false"}, ""
    return "runs", {}, ""


def short(figures: list[Row]) -> str:
    """How a flow does, in a few words: of the decided ones, how many were saved; and how many met it."""
    by = {figure["name"]: figure for figure in figures}
    attempts, rate = (by.get(name, {}).get("value") for name in ("attempts", "saveRate"))
    if not attempts:
        return "nobody met it yet"
    kept = "none decided" if rate is None else f"{share(rate)} saved"
    return f"{kept} · {attempts:,.0f} met it"
