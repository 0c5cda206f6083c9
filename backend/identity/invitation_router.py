"""/api/invitations, and those of a business: who is asked to work there."""

from fastapi import Request

from backend.core.errors import Invalid, Unauthenticated
from backend.core.security import hash_password, password_matches
from backend.core.wire import Page
from backend.identity import invitations
from backend.identity.asking import anonymous, limit, place
from backend.identity.invitations import Post
from backend.identity.schemas import (
    LEAST_PASSWORD,
    BusinessRead,
    InvitationAccept,
    InvitationRead,
    InvitationShown,
    InvitationToken,
    SignInRead,
)
from backend.identity.service import read_business
from backend.runtime import Runtime
from backend.unit import Router, RuntimeOf, Unit, Units

router = Router(prefix="/api", tags=["identity"])


def mail_of(runtime: Runtime) -> Post:
    """What writing mails takes."""
    return Post(runtime.vault, runtime.settings.public_url.rstrip("/"))


@router.get("/businesses/{business_id}/invitations")
async def list_invitations(business_id: str, unit: Unit) -> Page[InvitationRead]:
    """Who has been asked and has not come yet, and what became of the mail."""
    return Page(items=await unit.read(invitations.list_pending, business_id))


@router.post("/businesses/{business_id}/invitations/{invitation_id}/send")
async def send_invitation_again(business_id: str, invitation_id: str, unit: Unit, runtime: RuntimeOf) -> InvitationRead:
    """Another mail; the code of the one before opens nothing any more. 429 within a minute of the last one."""
    runtime.sign_in_limit.hit("invitation", unit.business_id)
    runtime.sign_in_limit.hit("invitation", unit.caller.user_id or "")
    return await unit.write(invitations.send_again, business_id, invitation_id, mail_of(runtime))


@router.delete("/businesses/{business_id}/invitations/{invitation_id}", status_code=204)
async def revoke_invitation(business_id: str, invitation_id: str, unit: Unit) -> None:
    """Take an invitation back."""
    await unit.write(invitations.revoke, business_id, invitation_id)


@router.post("/invitations/show")
async def show_invitation(body: InvitationToken, request: Request, runtime: RuntimeOf) -> InvitationShown:
    """What an invitation says, to who holds its code."""
    limit(runtime, request)
    return await anonymous(request, runtime).read(invitations.show, body.token)


@router.post("/invitations/accept")
async def accept_invitation(body: InvitationAccept, request: Request, runtime: RuntimeOf) -> SignInRead:
    """Become a member and sign in there: with the password of one's account, or with one for a new account. An account
    with this e-mail that nobody has proven to be theirs is one's own from then on: the code shows whose mailbox it is."""
    limit(runtime, request)
    units, cost = anonymous(request, runtime), runtime.settings.bcrypt_cost
    has_account, hashed, email = await units.read(invitations.password_of, body.token)
    new_hash = None
    runtime.sign_in_limit.hit("account", email)
    is_right = hashed is not None and await password_matches(body.password, hashed, cost)
    if has_account:
        if not is_right:
            raise Unauthenticated(
                "There is an account with this e-mail, and this is not its password. If it is none of yours, ask for a "
                "new password: the mail comes to you.",
                code="INVALID_CREDENTIALS",
            )
    elif not is_right:
        if len(body.password) < LEAST_PASSWORD:
            raise Invalid(f"A new password has {LEAST_PASSWORD} characters at least.", field="password")
        new_hash = await hash_password(body.password, cost)
    arguments = body.token, body.name, new_hash, body.code, runtime.settings, place(request), runtime.vault
    answer = await units.write(invitations.accept, *arguments)
    if answer is None:
        raise Unauthenticated("This code is wrong, or was used already. Enter the newest one.", code="WRONG_CODE")
    runtime.gate.forget()  # an account that was claimed had sign-ins and keys
    return answer


@router.post("/invitations/join")
async def join_business(body: InvitationToken, unit: Unit, request: Request, runtime: RuntimeOf) -> BusinessRead:
    """Become a member of another business while one is signed in; /api/auth/switch goes there."""
    limit(runtime, request)
    business_id = await unit.write(invitations.accept_signed_in, body.token, unit.caller.user_id or "")
    return await Units(runtime, business_id).read(read_business, business_id)
