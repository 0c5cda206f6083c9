"""The Churn panel of a case: score, reasons, what to do, the prediction; and that it goes on by itself."""

from datetime import UTC, datetime
from typing import Any

import pytest

from backend.client import ApiError
from backend.risk.schemas import PredictionRead, RiskShown
from console.customers.churn import churn
from console.customers.leaving import Known
from tests.console.customers.world import tells, upsets
from tests.console.desk.floor import Floor, until
from tests.console.incidences.test_workspace import opened
from tests.widgets.stage import text_of

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
RISK: dict[str, Any] = {
    "customerId": "c",
    "userId": "CUST-1",
    "score": 70,
    "level": "high",
    "factors": [],
    "reasons": [{"rule": str(points), "points": points, "text": f"because of {points}"} for points in (40, 20, 8, 2)],
    "suggestedAction": "Call them",
    "calculatedAt": "2026-03-04T11:55:00Z",
    "ruleVersion": 4,
}
PREDICTION: dict[str, Any] = {
    "customerId": "c",
    "userId": "CUST-1",
    "churnProbability": 0.42,
    "low": 0.31,
    "high": 0.55,
    "riskLevel": "high",
    "topCauses": [{"cause": "2 failed payments", "impact": 0.21, "feature": "failed", "label": "failed payments"}],
    "predictionDate": "2026-03-04T11:58:00Z",
    "model": {"kind": "logistic", "label": "logistic regression", "versions": {"voluntary": 3, "involuntary": 2}},
}


def told(known: Known | None, trouble: str = "") -> tuple[str, str]:
    """The lines of the panel as text, and what stands in its lower border."""
    shown = churn(known, trouble, NOW)
    lines = [line if isinstance(line, str) else "".join(text for text, _ in line) for line in shown.lines]
    return "\n".join(lines), shown.freshness


def test_a_prediction_stands_with_its_band_its_causes_and_the_version_that_made_it() -> None:
    said, fresh = told(Known(RiskShown.model_validate(RISK), PredictionRead.model_validate(PREDICTION)))
    assert "risk 70 of 100 · high" in said
    assert "because of 8" in said
    assert "because of 2\n" not in said
    assert "and 1 more" in said
    assert "42 % within a month · 31 % to 55 %" in said
    assert "+ 21  2 failed payments" in said
    assert "Call them" in said
    assert fresh == "rules v4 · model v2+3 · as of 5m ago"


def test_what_could_not_be_read_is_said_and_never_looks_like_no_risk() -> None:
    assert told(None) == ("Reading …", "")
    assert told(None, "It could not be read.")[0] == "It could not be read."
    said, _ = told(Known(RiskShown.model_validate(RISK), nothing="Nothing to leave."), "It could not be read.")
    assert said.endswith("Nothing to leave.\nIt could not be read.")


@pytest.mark.parametrize("size", [(80, 24), (140, 45)], ids=["80x24", "140x45"])
async def test_the_panel_follows_what_the_customer_does(floor: Floor, size: tuple[int, int]) -> None:
    row = await floor.incidence("CUST-1", "Priya")
    await tells(floor, "CUST-1", billing_page_view=2)
    async with floor.console(size=size) as (app, pilot):
        await opened(app, pilot, row, "4")
        await until(lambda: "20 of 100 · low" in text_of(app))
        assert "Rules, not a model" in text_of(app)
        await upsets(floor, "CUST-1")
        await until(lambda: "of 100 · high" in text_of(app))
        assert "rules v1" in text_of(app)
        assert "+ 40" in text_of(app)


async def test_a_refusal_is_said_in_the_panel(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    row = await floor.incidence("CUST-1", "Priya")
    async with floor.console() as (app, pilot):

        async def refused(_id: str) -> RiskShown:
            raise ApiError(503, "UNAVAILABLE", "Not now.", {})

        monkeypatch.setattr(app.api.customers, "risk", refused)
        await opened(app, pilot, row, "4")
        await until(lambda: "could not be read" in text_of(app))
        monkeypatch.undo()
        await pilot.press("ctrl+r")
        await until(lambda: "of 100 · low" in text_of(app))
