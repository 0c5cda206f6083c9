"""Risk scores and churn predictions. `{customer_id}` and `customerId` are our id or the external one."""

from typing import Annotated

from fastapi import Path

from backend.core.rows import to_micros
from backend.risk import churn, service, store
from backend.risk.predictions import explanation_of, read_of
from backend.risk.schemas import (
    CausesRead,
    CustomerAsked,
    ExplanationRead,
    ModelList,
    ModelPut,
    ModelRead,
    PredictionRead,
    RiskShown,
    Target,
)
from backend.unit import Router, RuntimeOf, Unit

router = Router(tags=["risk"])


@router.get("/api/customers/{customer_id}/risk")
async def show_risk(customer_id: str, unit: Unit) -> RiskShown:
    """The risk score as of now: the factors in words, what to do, and the scores of before, the latest first."""
    found, is_kept = await unit.read(service.find_risk, customer_id)
    return found if is_kept else await unit.write(service.refresh_risk, customer_id)


@router.post("/api/v1/churn/predict")
async def predict_churn(body: CustomerAsked, unit: Unit, runtime: RuntimeOf) -> PredictionRead:
    """How likely a customer is to leave within a month, as of now."""
    return read_of(await churn.predict_one(unit, body.customer_id), to_micros(runtime.clock.now()))


@router.post("/api/v1/causes/explain")
async def explain_causes(body: CustomerAsked, unit: Unit, runtime: RuntimeOf) -> ExplanationRead:
    """The same with everything that speaks for leaving and against it."""
    return explanation_of(await churn.predict_one(unit, body.customer_id), to_micros(runtime.clock.now()))


@router.get("/api/churn-causes")
async def list_causes(unit: Unit) -> CausesRead:
    """The causes among all customers at risk, the most frequent first."""
    return await unit.read(churn.causes_of_all)


@router.get("/api/v1/churn/models")
async def list_models(unit: Unit) -> ModelList:
    """Every version that was learned, the latest first, with its report and its card."""
    return ModelList(items=await unit.read(store.list_models))


@router.post("/api/v1/churn/models/train", status_code=202)
async def train_models(unit: Unit) -> None:
    """Learn anew now, and not only on Sunday; the better of old and new predicts afterwards."""
    await unit.write(churn.ask_for_training)


@router.post("/api/v1/churn/models/{target}/rollback")
async def put_model_back(target: Annotated[Target, Path()], body: ModelPut, unit: Unit) -> ModelRead:
    """Let an earlier version predict again."""
    return await unit.write(store.put_back, target, body)
