"""Predictions of our own customers: by rules at first, by a model as soon as there is something to learn from."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from backend.billing.events import PaymentFailed
from backend.billing.models import Subscription
from backend.client.transport import ApiError
from backend.risk import churn
from backend.risk.lives import page
from backend.risk.models import ChurnPrediction
from backend.risk.schemas import ModelPut
from backend.risk.training import learned, read_rows
from backend.signals.models import Signal
from backend.work import Work
from tests.risk.conftest import Growth
from tests.risk.population import populate

pytestmark = pytest.mark.alike


async def test_at_first_there_are_rules_and_they_say_so(growth: Growth) -> None:
    await growth.tell_ago("asha", "payment_failed", 1)
    await growth.tell_ago("asha", "billing_page_view", 1)
    await growth.tell_ago("ravi", "feature_used", 1)
    app = await growth.backend.key("predictions")
    body = await app.transport.call("POST", "/api/v1/churn/predict", None, {"customerId": "asha"})
    assert body["churnProbability"] == 0.6
    assert body["riskLevel"] == "medium"
    assert (body["low"], body["high"]) == (0, 1)  # nothing tells how far to trust rules
    assert body["topCauses"][0] | {"cause": "Recent payment failure", "impact": 0.4} == body["topCauses"][0]
    assert body["predictionDate"] == "2026-03-02T09:00:00.000000Z"
    assert (body["model"]["kind"], body["model"]["label"][:21]) == ("rules", "rules, not a model: t")
    await growth.backend.drain()  # significant signals had predicted it, too
    found = await growth.owner.churn.causes()
    assert (found.at_risk, found.predicted) == (1, 1)
    assert [(one.cause, one.count, one.percent, one.impact) for one in found.items] == [
        ("Payment failed", 1, 100, "high"),
        ("Billing page viewed", 1, 100, "high"),
    ]
    timeline = await growth.owner.customers.timeline("asha", limit=50)
    told = [(entry.data or {})["level"] for entry in timeline.items if entry.type == "churn.changed"]
    assert told == [["low", "medium"]]
    with pytest.raises(ApiError, match="no customer"):
        await app.churn.predict("nobody")
    with pytest.raises(ApiError) as refused:
        await (await growth.backend.key("track")).churn.predict("asha")
    assert refused.value.status == 403


async def test_a_model_is_learned_predicts_is_learned_again_and_taken_back(growth: Growth) -> None:
    units = await growth.backend.units()
    await units.write(populate, 420)
    with pytest.raises(ApiError) as refused:
        await (await growth.backend.member("agent")).churn.train()
    assert refused.value.status == 403
    await growth.owner.churn.train()
    await growth.backend.drain()
    models = {one.target: one for one in (await growth.owner.churn.models()).items}
    voluntary, involuntary = models["voluntary"], models["involuntary"]
    assert (voluntary.number, voluntary.is_active, voluntary.kind) == (1, True, "logistic")
    assert voluntary.report["validation"] == "the last 3 times, each predicted from those before it"
    assert voluntary.report["measures"]["auc"] > 0.65
    assert voluntary.drift is not None
    assert "does not say who can be persuaded" in voluntary.card
    assert (involuntary.kind, involuntary.is_active) == ("rules", False)
    assert "needs 20" in involuntary.why

    def predicted(work: Work) -> list[tuple[str, float]]:
        rows = select(ChurnPrediction.customer_id, ChurnPrediction.probability)
        return [(row[0], row[1]) for row in work.session.execute(rows.order_by(ChurnPrediction.probability))]

    everybody = await units.read(predicted)
    assert 100 < len(everybody) < 420  # who has left has no prediction
    likely, unlikely = everybody[-1][0], everybody[0][0]
    told = await growth.owner.churn.explain(likely)
    assert told.churn_probability == pytest.approx(everybody[-1][1], abs=1e-4)
    assert told.low <= told.churn_probability <= told.high
    assert (told.model.kind, told.model.versions) == ("logistic", {"voluntary": 1})
    assert told.voluntary == told.churn_probability
    assert [one.impact for one in told.causes] == sorted((one.impact for one in told.causes), reverse=True)
    assert {"uses", "use_change", "logins", "months_since_login"} & {one.feature for one in told.top_causes}
    calm = await growth.owner.churn.explain(unlikely)
    assert calm.churn_probability < told.churn_probability / 3
    assert {"uses", "logins"} & {one.feature for one in calm.protections}
    causes = await growth.owner.churn.causes()
    assert causes.predicted == len(everybody)
    assert causes.items[0].count <= causes.at_risk
    shown = await growth.owner.customers.list(sort="churn", limit=2)
    assert shown.items[0].id == likely
    assert shown.items[0].churn is not None
    assert shown.items[0].churn.probability == told.churn_probability

    await growth.owner.churn.train()
    await growth.backend.drain()
    again = (await growth.owner.churn.models()).items[1]
    assert (again.target, again.number) == ("voluntary", 2)
    assert "log-loss on the latest month" in again.why
    in_force = 2 if again.is_active else 1
    with pytest.raises(ApiError) as stale:
        await growth.owner.churn.put_back("voluntary", ModelPut(version=3 - in_force, to=1, reason="It was better."))
    assert (stale.value.status, stale.value.code) == (409, "STALE_VERSION")
    back = await growth.owner.churn.put_back("voluntary", ModelPut(version=in_force, to=1, reason="It was better."))
    assert (back.number, back.is_active) == (1, True)
    assert [one.number for one in (await growth.owner.churn.models()).items if one.is_active] == [1]
    with pytest.raises(ApiError, match="holds no model"):
        await growth.owner.churn.put_back("involuntary", ModelPut(version=0, to=1, reason="Try."))
    assert (await growth.owner.audit.verify())["isWhole"]


async def test_who_has_left_has_nothing_to_predict(growth: Growth) -> None:
    units = await growth.backend.units()
    await units.write(populate, 420)
    await growth.owner.churn.train()
    await growth.backend.drain()

    def one_who_left(work: Work) -> Any:
        query = select(Subscription.customer_id).where(Subscription.canceled_at.is_not(None)).limit(1)
        return work.session.scalars(query).one()

    gone = await units.read(one_who_left)
    with pytest.raises(ApiError) as refused:
        await growth.owner.churn.predict(gone)
    assert (refused.value.status, refused.value.code) == (409, "NOTHING_TO_LEAVE")
    here = (await growth.owner.customers.list(sort="churn", limit=1)).items[0].id
    await growth.owner.customers.erase(here)
    await churn.predict_everybody(units)

    def kept(work: Work) -> Any:
        query = select(func.count()).select_from(ChurnPrediction)
        return work.session.scalar(query.where(ChurnPrediction.customer_id.in_([gone, here])))

    assert await units.read(kept) == 0


async def test_a_worse_model_is_not_taken(growth: Growth) -> None:
    units = await growth.backend.units()

    def all_rows(work: Work) -> Any:
        populate(work, 300, leaving=0.5)
        return read_rows(work, page(work, "", 1_000))

    rows = await units.write(all_rows)
    good, _, is_better, _ = learned("voluntary", rows, None)
    assert is_better
    latest = max(month for _, month, _, _ in rows)
    spoilt = [
        (customer, month, known, left if month == latest else "voluntary" if known["uses"] > 12 else None)
        for customer, month, known, left in rows
    ]
    _, _, is_better, why = learned("voluntary", spoilt, good)
    assert not is_better
    assert "not taken, the one in force is better" in why


async def test_failed_payments_tell_who_is_lost_without_wanting_to(growth: Growth) -> None:
    units = await growth.backend.units()

    def all_rows(work: Work) -> Any:
        populate(work, 300, failing=0.2)
        return read_rows(work, page(work, "", 1_000))

    rows = await units.write(all_rows)
    for target, first in (("involuntary", "failed_payments"), ("voluntary", None)):
        model, report, is_better, _ = learned(target, rows, None)  # type: ignore[arg-type]
        assert model is not None
        assert is_better
        assert (next(iter(report["importance"])) == "failed_payments") is (first is not None)
    assert {how for *_, how in rows} == {None, "voluntary", "involuntary"}


async def test_a_payment_that_failed_at_stripe_counts_once_for_each_try(growth: Growth) -> None:
    await growth.tell_ago("asha", "feature_used", 1)
    id = (await growth.risk("asha")).customer_id
    units = await growth.backend.units()

    def fail(work: Work, attempts: int) -> None:
        data = {"amount": 499, "currency": "INR", "invoice": "in_1", "attempts": attempts}
        work.emit(PaymentFailed(subject_id="sub", customer_id=id, data=data, occurred_at=work.now - timedelta(hours=1)))

    for attempts in (1, 1, 2):
        await units.write(fail, attempts)
    await growth.backend.drain()
    assert [one.rule for one in (await growth.risk("asha")).reasons] == ["payment_failed"]

    def stored(work: Work) -> list[str]:
        query = select(Signal.id).where(Signal.customer_id == id, Signal.type == "payment_failed")
        return list(work.session.scalars(query.order_by(Signal.id)))

    assert await units.read(stored) == ["stripe:in_1:1", "stripe:in_1:2"]
