"""How fast customers are rated and predicted."""

import time
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.load import row

TELCO = Path(__file__).parents[1] / "risk" / "data" / "telco_churn_ibm.csv.gz"
MOST_MS = 100.0


def bench_risk() -> list[dict[str, Any]]:
    """Rows of milliseconds, each with the most it may take."""
    from backend.risk.learning import choosing
    from backend.risk.learning.reading import read_csv

    table = read_csv(TELCO, "Churn")
    thousand = table.where(np.arange(1_000)).columns
    rows = []
    for kind in ("logistic", "trees"):
        model = choosing._fitted(table, kind)
        predicted = choosing._predict_ms(model, table)
        began = time.perf_counter()
        model.reasons(thousand)
        explained = (time.perf_counter() - began) * 1_000
        for name, value, most in (("predicted", predicted, MOST_MS), ("explained", explained, MOST_MS * 3)):
            rows.append(row(f"{kind}: 1,000 rows {name}", value, "ms", target=most, at_least=False))
    return rows
