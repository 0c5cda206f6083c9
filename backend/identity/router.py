"""/api/businesses and /api/keys; people themselves are in `account_router` and `invitation_router`."""

from typing import Any

from fastapi import Response

from backend.core.security import hash_password
from backend.core.wire import Page
from backend.identity import invitations, keys, service
from backend.identity.account_router import router as account
from backend.identity.google_router import router as google
from backend.identity.invitation_router import mail_of
from backend.identity.invitation_router import router as invited
from backend.identity.schemas import (
    BusinessChange,
    BusinessCreate,
    BusinessRead,
    InvitationRead,
    KeyCreate,
    KeyCreated,
    KeyRead,
    MemberAdd,
    MemberChange,
    MemberRead,
)
from backend.unit import Router, RuntimeOf, Unit

router = Router(prefix="/api", tags=["identity"])
router.take_in(account)
router.take_in(invited)
router.take_in(google)


@router.get("/businesses")
async def list_businesses(unit: Unit) -> Page[BusinessRead]:
    """The businesses that one works at."""
    return Page(items=await unit.read(service.list_businesses, unit.caller.user_id or ""))


@router.post("/businesses", status_code=201)
async def create_business(body: BusinessCreate, unit: Unit, runtime: RuntimeOf) -> BusinessRead:
    """Another business, whose owner one becomes."""
    runtime.sign_in_limit.hit("business", unit.caller.user_id or "")  # each has jobs of its own, and sends mails
    return await unit.write(service.create_business, unit.caller.user_id or "", body)


@router.get("/businesses/{business_id}")
async def read_business(business_id: str, unit: Unit) -> BusinessRead:
    """The business."""
    return await unit.read(service.read_business, business_id)


@router.patch("/businesses/{business_id}")
async def change_business(business_id: str, body: BusinessChange, unit: Unit) -> BusinessRead:
    """Change its name, currency or time zone."""
    return await unit.write(service.change_business, business_id, body)


@router.get("/businesses/{business_id}/members")
async def list_members(business_id: str, unit: Unit) -> Page[MemberRead]:
    """Everybody who works here."""
    return Page(items=await unit.read(service.list_members, business_id))


@router.post("/businesses/{business_id}/members", status_code=201, responses={202: {"model": InvitationRead}})
async def add_member(
    business_id: str, body: MemberAdd, unit: Unit, runtime: RuntimeOf, response: Response
) -> MemberRead | InvitationRead:
    """Add somebody: 201 and the member, or 202 and the invitation where the owner of the mailbox has to say so first."""
    runtime.sign_in_limit.hit("member", unit.business_id)  # hashes are made one at a time, and nobody likes many mails
    runtime.sign_in_limit.hit("member", unit.caller.user_id or "")  # who has many businesses sends no more of them
    hashed = await hash_password(body.password, runtime.settings.bcrypt_cost) if body.password else None
    answer: Any = await unit.write(invitations.add_member, business_id, body, hashed, mail_of(runtime))
    is_asked = isinstance(answer, InvitationRead) or "letterState" in answer  # plain data when it is said again
    response.status_code = 202 if is_asked else 201
    return answer  # type: ignore[no-any-return]


@router.patch("/businesses/{business_id}/members/{member_id}")
async def change_member(
    business_id: str, member_id: str, body: MemberChange, unit: Unit, runtime: RuntimeOf
) -> MemberRead:
    """Give somebody another role."""
    changed = await unit.write(service.change_member, business_id, member_id, body)
    runtime.gate.forget()
    return changed


@router.delete("/businesses/{business_id}/members/{member_id}", status_code=204)
async def remove_member(business_id: str, member_id: str, unit: Unit, runtime: RuntimeOf) -> None:
    """Take somebody's access away."""
    await unit.write(service.remove_member, business_id, member_id)
    runtime.gate.forget()


@router.get("/keys")
async def list_keys(unit: Unit) -> Page[KeyRead]:
    """All API keys, without their secrets."""
    return Page(items=await unit.read(keys.list_keys))


@router.post("/keys", status_code=201)
async def create_key(body: KeyCreate, unit: Unit, runtime: RuntimeOf) -> KeyCreated:
    """A new API key; it is shown this once."""
    return await unit.unkept.write(keys.create_key, body, runtime.gate.secret)


@router.post("/keys/{key_id}/rotate")
async def rotate_key(key_id: str, unit: Unit, runtime: RuntimeOf) -> KeyCreated:
    """Another secret for a key; the old one stops at once."""
    rotated = await unit.unkept.write(keys.rotate_key, key_id, runtime.gate.secret)
    runtime.gate.forget()
    return rotated


@router.delete("/keys/{key_id}", status_code=204)
async def revoke_key(key_id: str, unit: Unit, runtime: RuntimeOf) -> None:
    """End a key."""
    await unit.write(keys.revoke_key, key_id)
    runtime.gate.forget()
