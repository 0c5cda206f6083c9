"""/api/customers/{id}/risk. `{customer_id}` is our id or the external one."""

from backend.risk import service
from backend.risk.schemas import RiskShown
from backend.unit import Router, Unit

router = Router(tags=["risk"])


@router.get("/api/customers/{customer_id}/risk")
async def show_risk(customer_id: str, unit: Unit) -> RiskShown:
    """The risk score as of now: the factors in words, what to do, and the scores of before, the latest first."""
    found, is_kept = await unit.read(service.find_risk, customer_id)
    return found if is_kept else await unit.write(service.refresh_risk, customer_id)
