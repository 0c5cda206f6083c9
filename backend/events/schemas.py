"""Wire types of the audit."""

from typing import Any

from backend.core.wire import UtcInstant, Wire


class AuditActor(Wire):
    kind: str
    id: str | None = None
    name: str = ""


class AuditSubject(Wire):
    type: str
    id: str


class AuditEntry(Wire):
    """One event. `data` is empty when it was erased; `hash` covers everything here and the hash before it."""

    seq: int
    id: str
    type: str
    subject: AuditSubject
    incidence_id: str | None = None
    customer_id: str | None = None
    actor: AuditActor
    at: UtcInstant
    recorded_at: UtcInstant
    request_id: str | None = None
    data: dict[str, Any] | None = None
    hash: str


class AuditVerdict(Wire):
    """Whether the chain is whole; if not, the first seq that does not fit, and why."""

    is_whole: bool
    events: int
    first_broken: int | None = None
    reason: str | None = None
