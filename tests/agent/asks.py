"""Actions for tests: asked for, allowed, refused."""

from typing import Any

import pytest

from backend.agent.schemas import ActionAnswer, ActionAsk, ApprovalDecision, ApprovalRead
from backend.client import ApiError, Client
from backend.incidences.schemas import IncidenceRead


async def act(
    client: Client, case: IncidenceRead, type: str, version: int | None = None, **params: Any
) -> ActionAnswer:
    """Do an action, at the version the case has now unless one is given."""
    at = version or (await client.incidences.show(case.incidence_id)).version
    return await client.agent.act(case.incidence_id, ActionAsk(type=type, version=at, params=params))  # type: ignore[arg-type]


async def refused(doing: Any) -> ApiError:
    """The error of a call that must fail."""
    with pytest.raises(ApiError) as caught:
        await doing
    return caught.value


async def ask(client: Client, case: IncidenceRead, type: str = "APPLY_DISCOUNT", **params: Any) -> str:
    """Ask for what needs approval: the approval's id."""
    error = await refused(act(client, case, type, **(params or {"percent": 15})))
    assert (error.status, error.code) == (403, "APPROVAL_REQUIRED")
    return str(error.details["approvalId"])


async def pending(client: Client) -> list[ApprovalRead]:
    return (await client.approvals.list(status="PENDING")).items


async def one(client: Client, id: str) -> ApprovalRead:
    """An approval as a supervisor sees it."""
    return next(found for found in (await client.approvals.list()).items if found.approval_id == id)


async def decide(client: Client, id: str, verb: str = "approve", **fields: Any) -> ApprovalRead:
    """Approve or deny it, at the version that is there unless one is given."""
    version = fields.pop("version", None) or (await one(client, id)).version
    body = ApprovalDecision(version=version, **fields)
    answer: ApprovalRead = await getattr(client.approvals, verb)(id, body)
    return answer


async def kinds(client: Client, case: IncidenceRead) -> list[str]:
    """The types of what happened in a case, without their slice."""
    page = await client.incidences.timeline(case.incidence_id)
    return [entry.type for entry in page.items]


async def denied(client: Client) -> list[dict[str, Any]]:
    """The denied tries in the audit, the newest first."""
    items: list[dict[str, Any]] = (await client.audit.list(type="incidence.action_denied"))["items"]
    return items
