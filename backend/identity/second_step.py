"""Signing in by password, and by a code after it where codes are asked for."""

from datetime import timedelta
from typing import TYPE_CHECKING

from backend.core.clock import instant
from backend.core.errors import Unauthenticated
from backend.core.security import fingerprint, read_claims, same, sign_claims
from backend.identity import totp
from backend.identity.models import User
from backend.identity.schemas import CodeGiven, SignInRead
from backend.identity.sign_ins import Place
from backend.identity.sign_ins import sign_in as open_sign_in
from backend.settings import Settings
from backend.work import Work

if TYPE_CHECKING:
    from backend.core.sealing import Vault

_HOLDS = timedelta(minutes=5)
_FOR = "code"


def sign_in(work: Work, user_id: str, seen: str | None, settings: Settings, place: Place) -> SignInRead:
    """Open a sign-in, or raise the challenge for a code. `seen` is the hash that the password was right for (None when
    it was somebody else who vouches)."""
    user = work.session.get_one(User, user_id)
    if seen is not None and user.password_hash != seen:  # another one was set meanwhile
        raise Unauthenticated("E-mail or password is wrong.", code="INVALID_CREDENTIALS")
    if not totp.is_on(work, user_id):
        return open_sign_in(work, user_id, settings, place)
    until = work.now + _HOLDS
    claims = {"for": _FOR, "user_id": user_id, "mark": _mark(user)}
    raise Unauthenticated(
        "Enter the code of your authenticator.",
        code="SECOND_FACTOR_REQUIRED",
        challenge=sign_claims(claims, settings.resolved_secret(), until),
        expiresAt=instant(until),
    )


def finish(work: Work, body: CodeGiven, settings: Settings, place: Place, vault: "Vault") -> SignInRead | None:
    """Open the sign-in that the challenge is for. None when the code is wrong, which has then been counted."""
    claims = read_claims(body.challenge, settings.resolved_secret(), work.now)
    user = work.session.get(User, str(claims.get("user_id")))
    if claims.get("for") != _FOR or user is None or not same(str(claims.get("mark")), _mark(user)):
        raise Unauthenticated("This sign-in is not valid. Begin again with your password.", code="INVALID_TOKEN")
    if not totp.check(work, user.id, body.code, vault):
        return None
    return open_sign_in(work, user.id, settings, place)


def _mark(user: User) -> str:
    """Another one once the password was changed: the challenge for the old one opens nothing."""
    return fingerprint(user.password_hash or "")[:16]
