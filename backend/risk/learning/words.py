"""Reasons and reports as people say them."""

from collections.abc import Mapping
from typing import Any

from backend.risk.learning.feature import Feature
from backend.risk.learning.model import Reason
from backend.rules.wording import number_in_words


def value_in_words(feature: Feature, value: Any) -> str:
    """`tenure: 2 months`, `Contract: Month-to-month`; what is not known says so."""
    if feature.is_choice:
        return f"{feature.label}: {value or 'unknown'}"
    number = float(value)
    if number != number:
        return f"{feature.label}: unknown"
    rounded = round(number, 2) if abs(number) < 100 else round(number)
    return f"{feature.label}: {number_in_words(rounded)} {feature.unit}".rstrip()


def reason_in_words(reason: Reason) -> str:
    """`Contract: Month-to-month (+12 points)`."""
    return f"{value_in_words(reason.feature, reason.value)} ({reason.points * 100:+.0f} points)"


def report_in_words(report: Mapping[str, Any]) -> str:
    """A backtest as a few lines."""
    lines = [
        f"{report['rows']:,} rows, {report['events']:,} events.",
        f"{report['why'][:1].upper()}{report['why'][1:]}.",
    ]
    if report["model"] == "rules":
        return "\n".join(lines)
    measures = report["measures"]
    lines += [
        f"Judged by {report['validation']}:",
        f"  AUC {measures['auc']:.4f}, PR-AUC {measures['pr_auc']:.4f}, Brier {measures['brier']:.4f}, "
        f"log-loss {measures['log_loss']:.4f}, ECE {measures['ece']:.4f}, lift of the top tenth {measures['lift']:.2f}",
        f"  fitted in {report['fitSeconds']:.2f} s; a thousand rows are predicted in {report['predictMsPer1000']:.1f} ms",
        "What weighs most: "
        + ", ".join(f"{name} {share:.0%}" for name, share in list(report["importance"].items())[:5]),
        *(f"Left out: {name}, {why}" for name, why in report["leftOut"].items()),
        *(f"Beware: {warning}." for warning in report["warnings"]),
    ]
    return "\n".join(lines)
