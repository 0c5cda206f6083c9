"""/api/auth, /api/users/me, /api/businesses, /api/keys."""

from fastapi import Request

from backend.core.errors import Unauthenticated
from backend.core.security import hash_password, password_matches
from backend.core.wire import Page
from backend.identity import keys, service
from backend.identity.schemas import (
    BusinessChange,
    BusinessCreate,
    BusinessRead,
    Credentials,
    KeyCreate,
    KeyCreated,
    KeyRead,
    MemberAdd,
    MemberChange,
    MemberRead,
    MeRead,
    RefreshRequest,
    SignInRead,
    SignUp,
    UserChange,
    UserRead,
)
from backend.unit import Router, RuntimeOf, Unit, Units

router = Router(prefix="/api", tags=["identity"])
NOWHERE = ""  # the business of a unit whose caller has none yet


def _units(request: Request, runtime: RuntimeOf) -> Units:
    return Units(runtime, NOWHERE, request_id=request.state.request_id)


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


@router.post("/auth/signup", status_code=201)
async def sign_up(body: SignUp, request: Request, runtime: RuntimeOf) -> SignInRead:
    """A new account, and a business whose owner it is."""
    runtime.sign_in_limit.hit("signup", _address(request))
    hashed = await hash_password(body.password, runtime.settings.bcrypt_cost)
    return await _units(request, runtime).write(service.sign_up, body, hashed, runtime.settings)


@router.post("/auth/login")
async def sign_in(body: Credentials, request: Request, runtime: RuntimeOf) -> SignInRead:
    """Sign in with e-mail and password."""
    runtime.sign_in_limit.hit("address", _address(request))
    runtime.sign_in_limit.hit("account", body.email)
    found = await runtime.database.read(lambda session: service.find_user(session, body.email))
    hashed = found[1] if found else None
    if not await password_matches(body.password, hashed, runtime.settings.bcrypt_cost) or found is None:
        raise Unauthenticated("E-mail or password is wrong.", code="INVALID_CREDENTIALS")
    return await _units(request, runtime).write(service.sign_in, found[0], runtime.settings)


@router.post("/auth/refresh")
async def refresh(body: RefreshRequest, request: Request, runtime: RuntimeOf) -> SignInRead:
    """New tokens for a refresh token, which is used up by this. Seen again, it ends the sign-in."""
    answer = await _units(request, runtime).write(service.refresh, body.refresh_token, runtime.settings)
    if answer is None:
        runtime.gate.forget()
        raise Unauthenticated(
            "This refresh token was used before, so the sign-in has been ended. Sign in again.",
            code="REFRESH_TOKEN_REUSED",
        )
    return answer


@router.post("/auth/logout", status_code=204)
async def sign_out(unit: Unit, runtime: RuntimeOf) -> None:
    """End this sign-in."""
    await unit.write(service.sign_out, unit.caller.sign_in_id or "")
    runtime.gate.forget()


@router.get("/auth/me")
async def me(unit: Unit) -> MeRead:
    """Who is signed in."""
    return await unit.read(service.me, unit.caller.user_id or "")


@router.get("/users/me")
async def own_profile(unit: Unit) -> UserRead:
    """One's own profile."""
    return (await unit.read(service.me, unit.caller.user_id or "")).user


@router.patch("/users/me")
async def change_own_profile(body: UserChange, unit: Unit, runtime: RuntimeOf) -> UserRead:
    """Change one's own name or picture."""
    changed = await unit.write(service.change_user, unit.caller.user_id or "", body)
    runtime.gate.forget()
    return changed


@router.get("/businesses")
async def list_businesses(unit: Unit) -> Page[BusinessRead]:
    """The businesses that one works at."""
    return Page(items=await unit.read(service.list_businesses, unit.caller.user_id or ""))


@router.post("/businesses", status_code=201)
async def create_business(body: BusinessCreate, unit: Unit) -> BusinessRead:
    """Another business, whose owner one becomes."""
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


@router.post("/businesses/{business_id}/members", status_code=201)
async def add_member(business_id: str, body: MemberAdd, unit: Unit, runtime: RuntimeOf) -> MemberRead:
    """Add somebody."""
    hashed = None
    if body.password:
        runtime.sign_in_limit.hit("member", unit.business_id)  # hashes are made one at a time, for everybody here
        hashed = await hash_password(body.password, runtime.settings.bcrypt_cost)
    return await unit.write(service.add_member, business_id, body, hashed)


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
