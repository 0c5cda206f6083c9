"""Passwords: changed by who knows them, set anew by who reads the mailbox. Either ends the other sign-ins."""

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select

from backend.core.errors import Conflict, NotFound
from backend.core.security import fingerprint, new_token
from backend.delivery.service import post
from backend.identity import events
from backend.identity.claiming import ENDS, claim
from backend.identity.models import Invitation, Member, PasswordReset, User
from backend.identity.sign_ins import act_as, end_all, place_of_work
from backend.work import Work

if TYPE_CHECKING:
    from backend.core.sealing import Vault

HOLDS = timedelta(minutes=30)
AN_HOUR = 3
"""Mails to one account at most: whoever types somebody's address must not fill their mailbox."""


def ask(work: Work, email: str) -> None:
    """Somebody wants a new password. Whether there is an account is not looked up here: the answer takes as long."""
    row = work.add(PasswordReset(email=email, created_at=work.now, expires_at=work.now + HOLDS))
    work.enqueue("identity.mail_reset", is_first=True, key=f"reset:{row.id}", reset_id=row.id)


def mail(work: Work, reset_id: str, vault: "Vault", url: str) -> None:
    """Mail the code, if there is an account that works somewhere; otherwise forget that somebody asked."""
    row = work.session.get(PasswordReset, reset_id, with_for_update=True)
    if row is None or row.fingerprint is not None:
        return
    user = work.session.scalar(select(User).where(User.email == row.email))
    mailed = select(func.count()).where(
        PasswordReset.email == row.email,
        PasswordReset.fingerprint.is_not(None),
        PasswordReset.created_at > work.now - timedelta(hours=1),
    )
    if user is None or (work.session.scalar(mailed) or 0) >= AN_HOUR or not _take_sender(work, user):
        work.session.delete(row)
        return
    token = new_token("hfp")
    row.fingerprint, row.expires_at = fingerprint(token), work.now + HOLDS
    first = (
        "" if user.email_proven_at else f"Nobody has proven this e-mail so far, so the new password ends {ENDS}.\n\n"
    )
    text = (
        f"Somebody asked for a new password for {user.email}.\n\n"
        "In the console: f8 on the sign-in screen. In a shell: "
        f"holdfast password reset {url or 'the address of your Holdfast server'}\n"
        f"Both ask for this code:\n\n{token}\n\n{first}"
        f"It holds once, for {HOLDS.seconds // 60} minutes. If it was not you, do nothing: your password stays."
    )
    post(
        work,
        to=user.email,
        subject="A new password for Holdfast",
        text=text,
        cause=f"password reset {row.id}",
        expires_at=row.expires_at,
        vault=vault,
    )


def _take_sender(work: Work, user: User) -> bool:
    """Whether there is a business in whose name the mail goes, which this unit is then for: one where they work, or
    which asks them to come, since who was asked needs the password of the account that they have."""
    if member := place_of_work(work, user.id):
        act_as(work, user, member)
        return True
    is_open = Invitation.accepted_at.is_(None) & Invitation.revoked_at.is_(None) & (Invitation.expires_at > work.now)
    asked = select(Invitation.business_id).where(Invitation.email == user.email, is_open)
    business_id = work.session.scalar(asked.order_by(Invitation.id.desc()).limit(1))
    if business_id is not None:
        work.business_id = work.session.info["business_id"] = business_id
    return business_id is not None


def expect_token(work: Work, token: str) -> None:
    """NotFound or Conflict, with the reason, unless the token sets a password."""
    _holding(work, token)


def reset(work: Work, token: str, password_hash: str) -> None:
    """Set a new password by a mailed token. It ends every sign-in and every other token, and proves the mailbox: where
    nobody had proven it before, the account may be a stranger's work, and whatever else it opened ends too."""
    row = _holding(work, token)
    work.session.refresh(row, with_for_update=True)
    row = _holding(work, token)
    user = work.session.scalar(select(User).where(User.email == row.email))
    if user is None:
        raise NotFound("This account is gone.", code="RESET_UNKNOWN")
    row.used_at = work.now
    others = (PasswordReset.email == row.email) & (PasswordReset.id != row.id)
    work.session.execute(delete(PasswordReset).where(others))
    if user.email_proven_at is None:
        claim(work, user, password_hash)
    else:
        user.password_hash = password_hash
        end_all(work, user.id, "the password was reset")
    if member := place_of_work(work, user.id):
        act_as(work, user, member)
        _tell(work, member, is_reset=True)


def change(work: Work, user_id: str, password_hash: str, sign_in_id: str) -> int:
    """Set another password; how many other sign-ins were ended. Whoever calls has seen that the old one is right."""
    user = work.session.get_one(User, user_id)
    user.password_hash = password_hash
    work.session.execute(delete(PasswordReset).where(PasswordReset.email == user.email))
    ended = end_all(work, user_id, "the password was changed", keep=sign_in_id)
    _tell(work, work.get(Member, work.actor.id or ""), is_reset=False)
    return ended


def hash_of(work: Work, user_id: str) -> str | None:
    """The hash of the user's password; None for who has none."""
    return work.session.get_one(User, user_id).password_hash


def _holding(work: Work, token: str) -> PasswordReset:
    row = work.session.scalar(select(PasswordReset).where(PasswordReset.fingerprint == fingerprint(token.strip())))
    if row is None:
        raise NotFound("There is no such code. Only the newest mail holds; ask for another.", code="RESET_UNKNOWN")
    if row.used_at is not None:
        raise Conflict("This code was used already. Ask for another.", code="RESET_USED")
    if row.expires_at <= work.now:
        raise Conflict("This code has expired. Ask for another.", code="RESET_EXPIRED")
    return row


def _tell(work: Work, member: Member, *, is_reset: bool) -> None:
    work.emit(events.PasswordChanged(subject_id=member.id, data={"isReset": is_reset}))
