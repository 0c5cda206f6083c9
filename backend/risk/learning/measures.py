"""How good probabilities are, measured on rows that were not learned from. Each is tested against scikit-learn's."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from backend.risk.learning.table import Floats

_BINS = 10
_Z = 1.96


@dataclass(frozen=True, slots=True)
class Measures:
    """auc: how often one who left was ranked above one who stayed. prAuc: average precision. brier: mean squared error.
    ece: mean distance of probability and frequency over ten equal widths. lift: of the top tenth over the base rate."""

    rows: int
    events: int
    auc: float
    pr_auc: float
    brier: float
    log_loss: float
    ece: float
    lift: float

    def as_data(self) -> dict[str, Any]:
        return {name: round(value, 6) for name, value in asdict(self).items()}


def measure(chance: Floats, target: Floats) -> Measures:
    """All measures. Those that need both outcomes are NaN when there is only one."""
    events = int(target.sum())
    both = 0 < events < len(target)
    return Measures(
        rows=len(target),
        events=events,
        auc=auc(chance, target) if both else float("nan"),
        pr_auc=_average_precision(chance, target) if both else float("nan"),
        brier=float(np.mean((chance - target) ** 2)),
        log_loss=float(losses(chance, target).mean()),
        ece=_calibration_error(chance, target),
        lift=_lift(chance, target) if events else float("nan"),
    )


def losses(chance: Floats, target: Floats) -> Floats:
    """The log-loss of each row."""
    sure = np.clip(chance, 1e-12, 1 - 1e-12)
    found: Floats = -(target * np.log(sure) + (1 - target) * np.log(1 - sure))
    return found


def auc(chance: Floats, target: Floats) -> float:
    """The area under the ROC curve, by the ranks of those it happened to; ties count half."""
    _, inverse, counts = np.unique(chance, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    events = target.sum()
    others = len(target) - events
    return float((ranks[target == 1].sum() - events * (events + 1) / 2) / (events * others))


def _average_precision(chance: Floats, target: Floats) -> float:
    order = np.argsort(-chance, kind="stable")
    hits = np.cumsum(target[order])
    ends = np.append(np.nonzero(np.diff(chance[order]))[0], len(chance) - 1)  # of equal ones, all or none
    precision, recall = hits[ends] / (ends + 1), hits[ends] / hits[-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def _calibration_error(chance: Floats, target: Floats) -> float:
    bins = np.minimum((chance * _BINS).astype(int), _BINS - 1)
    counts = np.bincount(bins, minlength=_BINS)
    gaps = np.abs(np.bincount(bins, chance, _BINS) - np.bincount(bins, target, _BINS))
    return float(gaps[counts > 0].sum() / len(target))


def _lift(chance: Floats, target: Floats) -> float:
    most = max(len(target) // 10, 1)
    top = np.argsort(-chance, kind="stable")[:most]
    return float(target[top].mean() / target.mean())


def reliability(chance: Floats, target: Floats) -> list[dict[str, float]]:
    """Ten bins with as many rows each: up to which probability, what was said, what was seen, and between which bounds
    the truth is with 95 % (Wilson's interval)."""
    order = np.argsort(chance, kind="stable")
    found = []
    for part in np.array_split(order, _BINS):
        if not len(part):
            continue
        count, share = len(part), float(target[part].mean())
        centre = (share + _Z**2 / (2 * count)) / (1 + _Z**2 / count)
        half = _Z / (1 + _Z**2 / count) * np.sqrt(share * (1 - share) / count + _Z**2 / (4 * count**2))
        found.append(
            {
                "upTo": float(chance[part].max()),
                "said": float(chance[part].mean()),
                "seen": share,
                "low": max(float(centre - half), 0.0),
                "high": min(float(centre + half), 1.0),
                "rows": count,
            }
        )
    return found
