"""Everything that is held of a customer, as one document."""

import base64
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from backend.core.clock import instant
from backend.customers import events
from backend.customers.holdings import LEFT_OUT, rows_of
from backend.customers.service import find_customer
from backend.identity.service import business_of
from backend.work import Work

NOTE = (
    "Every row that is held of this customer, by table, as it is stored: instants are UTC, amounts are integers of minor "
    "units of the currency beside them, or else of the business's. Tables without a row are not listed."
)


def export_customer(work: Work, id: str) -> dict[str, Any]:
    """The document, plain JSON. It may be long, so it is read beside whoever writes; `record_export` comes after it."""
    customer = find_customer(work, id)
    held, business = rows_of(work, customer), business_of(work)
    counts = {name: len(rows) for name, rows in held.items()}
    return {
        "customerId": customer.id,
        "userId": customer.external_id,
        "business": {"id": business.id, "name": business.name, "currency": business.currency},
        "exportedAt": instant(work.now),
        "note": NOTE,
        "leftOut": LEFT_OUT,
        "rows": counts,
        "tables": {name: [_plain(row) for row in held.pop(name)] for name in counts},
    }


def record_export(work: Work, id: str, counts: Mapping[str, int]) -> None:
    """Record that the document was made, by whom, and of how many rows. NotFound when the customer was erased meanwhile:
    then it must not be handed out."""
    customer = find_customer(work, id)
    work.emit(events.CustomerExported(subject_id=customer.id, customer_id=customer.id, data={"rows": dict(counts)}))


def _plain(value: Any) -> Any:
    """As JSON takes it; bytes as text where they are text."""
    match value:
        case dict():
            return {str(key): _plain(one) for key, one in value.items()}
        case list() | tuple():
            return [_plain(one) for one in value]
        case datetime():
            return instant(value)
        case date():
            return value.isoformat()
        case bytes() | memoryview():
            raw = bytes(value)
            try:
                return raw.decode()
            except UnicodeDecodeError:
                return base64.b64encode(raw).decode()
    return value
