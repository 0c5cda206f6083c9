"""/api/customers. `{customer_id}` is our id or the external one."""

from typing import Annotated, Any

from fastapi import Query, Response

from backend.core.http import JsonResponse
from backend.core.wire import Page
from backend.customers import export, service
from backend.customers.opting_out_router import router as opting_out
from backend.customers.schemas import CustomerChange, CustomerExport, CustomerRead
from backend.unit import Router, Unit

router = Router(prefix="/api/customers", tags=["customers"])
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=1000)]


@router.get("")
async def list_customers(
    unit: Unit,
    q: Annotated[str, Query(max_length=200)] = "",
    sort: Annotated[str, Query(max_length=32)] = "name",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[CustomerRead]:
    """Customers by `name`, `created` (newest first), `last_activity` (latest first), `risk`, `churn`
    or `mrr` (highest first)."""
    return await unit.read(service.list_customers, q=q, sort=sort, cursor=cursor, limit=limit)


@router.get("/{customer_id}")
async def show_customer(customer_id: str, unit: Unit, reveal: bool = False) -> CustomerRead:
    """One customer; with `reveal`, e-mail and phone in full, which is recorded."""
    if reveal:
        return await unit.write(service.reveal_customer, customer_id)
    return await unit.read(service.show_customer, customer_id)


@router.get("/{customer_id}/export", response_model=CustomerExport)
async def export_customer(customer_id: str, unit: Unit) -> Response:
    """Everything that is held of the customer as one document; that it was taken is recorded."""
    document = await unit.read(export.export_customer, customer_id)
    await unit.write(export.record_export, document["customerId"], document["rows"])
    return JsonResponse(document)


@router.patch("/{customer_id}")
async def change_customer(customer_id: str, body: CustomerChange, unit: Unit) -> CustomerRead:
    """Change the fields given."""
    return await unit.write(service.change_customer, customer_id, body)


@router.delete("/{customer_id}", status_code=204)
async def erase_customer(customer_id: str, unit: Unit) -> None:
    """Erase every personal field, for good."""
    await unit.write(service.erase_customer, customer_id)


@router.get("/{customer_id}/timeline")
async def read_timeline(customer_id: str, unit: Unit, limit: Limit = 50, cursor: Cursor = None) -> Page[dict[str, Any]]:
    """What happened with the customer, newest first, as /live tells it."""
    return await unit.read(service.read_timeline, customer_id, cursor=cursor, limit=limit)


router.take_in(opting_out)
