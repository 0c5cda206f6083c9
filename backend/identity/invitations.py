"""Invitations: a membership begins when the owner of the mailbox says so, not when somebody typed its address.

Anybody may sign up with anybody's e-mail, so an account is no proof of it. Whoever is added without having proven theirs
gets a mail; only its token, which nobody else ever sees, makes them a member.
"""

from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import TYPE_CHECKING

from sqlalchemy import select

from backend.core.errors import Conflict, Forbidden, NotFound, RateLimited
from backend.core.security import fingerprint, new_token
from backend.delivery.models import Letter
from backend.delivery.service import post
from backend.identity import events
from backend.identity.claiming import claim
from backend.identity.models import Business, Invitation, Member, User
from backend.identity.permissions import ROLES
from backend.identity.schemas import InvitationRead, InvitationShown, MemberAdd, MemberRead
from backend.identity.service import add_user, business_of, join, may_hand_out, member_with, own_business
from backend.identity.sign_ins import Place, act_as, sign_in
from backend.identity.totp import check as check_code
from backend.settings import Settings
from backend.work import Work

if TYPE_CHECKING:
    from backend.core.sealing import Vault
    from backend.identity.schemas import SignInRead

HOLDS = timedelta(days=7)
_BETWEEN_MAILS = timedelta(minutes=1)


@dataclass(frozen=True)
class Post:
    """What writing the mail takes: the vault that seals its words, and where the server is."""

    vault: "Vault"
    url: str


def add_member(
    work: Work, business_id: str, body: MemberAdd, password_hash: str | None, mail: Post
) -> MemberRead | InvitationRead:
    """Add somebody, or ask them by mail. Conflict when they work here already or have been asked.

    At once comes who worked here before, who has proven their e-mail, and with a password who has no account at all.
    Everybody else, and whoever comes without a password, is asked.
    """
    own_business(work, business_id, to_change=True)
    may_hand_out(work, body.role)
    user = work.session.scalar(select(User).where(User.email == body.email))
    if user is None and password_hash is not None:
        new = User(email=body.email, name=body.name, password_hash=password_hash, created_at=work.now)
        return join(work, add_user(work, new), body.role)
    if user is not None:
        known = member_with(work, user.id)
        if known is not None or (password_hash is not None and user.email_proven_at is not None):
            return join(work, user, body.role)
    return _invite(work, body, mail)


def _invite(work: Work, body: MemberAdd, mail: Post) -> InvitationRead:
    if known := next((one for one in _pending(work) if one.email == body.email), None):
        raise Conflict(
            f"{body.email} has been invited already. Send the invitation again, or take it back.",
            code="INVITATION_EXISTS",
            id=known.id,
        )
    by = work.get(Member, work.actor.id or "")
    row = Invitation(email=body.email, name=body.name, role=body.role, invited_by=by.id, created_at=work.now)
    token = _fresh(work, row)
    row.letter_id = ""
    work.add(row)
    _mail(work, row, token, mail)
    return _sent(work, row)


def send_again(work: Work, business_id: str, invitation_id: str, mail: Post) -> InvitationRead:
    """Another mail with another token, in the name of who asks for it; the one before opens nothing any more.
    RateLimited within a minute of the last one."""
    own_business(work, business_id, to_change=True)
    row = _open(work, invitation_id)
    may_hand_out(work, row.role)
    _wait(work, row)
    row.invited_by = work.get(Member, work.actor.id or "").id
    _mail(work, row, _fresh(work, row), mail)
    return _sent(work, row)


def revoke(work: Work, business_id: str, invitation_id: str) -> None:
    """Take an invitation back."""
    own_business(work, business_id, to_change=True)
    row = _open(work, invitation_id)
    may_hand_out(work, row.role)
    row.revoked_at = work.now
    work.emit(events.InvitationRevoked(subject_id=row.id, data={"email": row.email}))


def list_pending(work: Work, business_id: str) -> list[InvitationRead]:
    """Who has been asked and has not come, expired ones included, the newest first."""
    own_business(work, business_id)
    return [_read(work, one) for one in _pending(work)]


def show(work: Work, token: str) -> InvitationShown:
    """What the invitation with that token says. NotFound, or Conflict with the reason why it no longer holds."""
    row = _holding(work, token)
    business = work.session.get_one(Business, row.business_id)
    return InvitationShown(
        email=row.email,
        name=row.name,
        role=row.role,
        business=business.name,
        invited_by=_inviter(work, row)[1].name,
        has_account=(user := _account(work, row)) is not None and user.email_proven_at is not None,
        expires_at=row.expires_at,
    )


def password_of(work: Work, token: str) -> tuple[bool, str | None, str]:
    """Whether there is an account for it that somebody has proven to be theirs, the hash of the password of any, and the
    e-mail. Raises like `show`."""
    row = _holding(work, token)
    user = _account(work, row)
    is_proven = user is not None and user.email_proven_at is not None
    return is_proven, user.password_hash if user else None, row.email


def accept(
    work: Work,
    token: str,
    name: str | None,
    new_hash: str | None,
    code: str | None,
    settings: Settings,
    place: Place,
    vault: "Vault",
) -> "SignInRead | None":
    """Become a member, with a new account if `new_hash` is its password's, and sign in. None when the code is wrong.

    An account that nobody has proven is a stranger's for all we know: with a `new_hash` it is claimed. Whoever calls
    without one has seen that the password of the account that is there is right.
    """
    row = _taken(work, token)
    user = _account(work, row)
    if user is None:
        if new_hash is None:
            raise Conflict("The account with this e-mail is gone. Accept again with a new password.")
        made = User(email=row.email, name=name or row.name, password_hash=new_hash, created_at=work.now)
        user = add_user(work, made)
    elif new_hash is not None:
        if user.email_proven_at is not None:
            raise Conflict("An account with this e-mail has just been made. Accept again with its password.")
        user.name = name or row.name
        claim(work, user, new_hash)
    elif not check_code(work, user.id, code, vault):
        return None
    _become(work, row, user)
    return sign_in(work, user.id, settings, place, row.business_id)


def accept_signed_in(work: Work, token: str, user_id: str) -> str:
    """Become a member of another business; its id. Forbidden when the invitation is for somebody else."""
    work.session.info.pop("business_id", None)
    row = _taken(work, token)
    user = work.session.get_one(User, user_id)
    if user.email != row.email:
        raise Forbidden(
            "This invitation is for another e-mail than the one you are signed in with. Sign out, then accept it.",
            code="INVITATION_FOR_ANOTHER",
        )
    _become(work, row, user)
    return row.business_id


def _become(work: Work, row: Invitation, user: User) -> None:
    user.email_proven_at = user.email_proven_at or work.now
    row.accepted_at = work.now
    work.business_id = work.session.info["business_id"] = row.business_id
    inviter, by = _inviter(work, row)
    act_as(work, by, inviter)  # whose doing it is that they are a member
    join(work, user, row.role)
    work.emit(events.InvitationAccepted(subject_id=row.id, data={"email": row.email, "role": row.role}))


def _taken(work: Work, token: str) -> Invitation:
    """The invitation, which nobody else accepts or takes back until this unit ends."""
    row = _holding(work, token)
    business = work.session.get_one(Business, row.business_id)
    work.session.refresh(business, with_for_update=True)
    work.session.refresh(row)
    return _holding(work, token)


def _holding(work: Work, token: str) -> Invitation:
    row = work.session.scalar(select(Invitation).where(Invitation.fingerprint == fingerprint(token.strip())))
    if row is None:
        raise NotFound(
            "There is no such invitation. If it was sent again, only the newest mail holds.", code="INVITATION_UNKNOWN"
        )
    if row.revoked_at is not None:
        raise Conflict("This invitation was taken back. Ask for another one.", code="INVITATION_REVOKED")
    if row.accepted_at is not None:
        raise Conflict("This invitation was accepted already. Sign in.", code="INVITATION_USED")
    if row.expires_at <= work.now:
        raise Conflict("This invitation has expired. Ask for it to be sent again.", code="INVITATION_EXPIRED")
    inviter, _ = _inviter(work, row)
    if inviter.removed_at is not None or ROLES.index(inviter.role) < ROLES.index(row.role):
        raise Conflict(
            "Whoever invited you may not do so any more. Ask somebody else to send it again.", code="INVITATION_VOID"
        )
    return row


def _inviter(work: Work, row: Invitation) -> tuple[Member, User]:
    member = work.session.get_one(Member, row.invited_by)
    return member, work.session.get_one(User, member.user_id)


def _account(work: Work, row: Invitation) -> User | None:
    return work.session.scalar(select(User).where(User.email == row.email))


def _pending(work: Work) -> list[Invitation]:
    is_open = Invitation.accepted_at.is_(None) & Invitation.revoked_at.is_(None)
    own = Invitation.business_id == work.business_id
    return list(work.session.scalars(select(Invitation).where(own, is_open).order_by(Invitation.id.desc())))


def _wait(work: Work, row: Invitation) -> None:
    """Nobody's mailbox is filled by a key that is held down."""
    left = row.sent_at + _BETWEEN_MAILS - work.now
    if (seconds := ceil(left.total_seconds())) > 0:
        raise RateLimited(
            f"The last mail to {row.email} went a moment ago. Send another one in {seconds} s.",
            headers={"Retry-After": str(seconds)},
            retryAfter=seconds,
        )


def _open(work: Work, invitation_id: str) -> Invitation:
    row = work.get(Invitation, invitation_id)
    if row.accepted_at is not None or row.revoked_at is not None:
        raise NotFound("This invitation was accepted or taken back.", id=invitation_id)
    return row


def _fresh(work: Work, row: Invitation) -> str:
    token = new_token("hfi")
    row.fingerprint, row.sent_at, row.expires_at = fingerprint(token), work.now, work.now + HOLDS
    return token


def _mail(work: Work, row: Invitation, token: str, mail: Post) -> None:
    business, by = business_of(work), _inviter(work, row)[1]
    at = mail.url or "the address of your Holdfast server"
    text = (
        f"{by.name} ({by.email}) invites you to work at {business.name} as {row.role}.\n\n"
        f"In the console: f7 on the sign-in screen. In a shell: holdfast join {at}\n"
        f"Both ask for this code:\n\n{token}\n\n"
        f"It holds once, until {row.expires_at:%d %B %Y %H:%M} UTC. If you expect nothing of the kind, do nothing."
    )
    row.letter_id = post(
        work,
        to=row.email,
        subject=f"{business.name} invites you to Holdfast",
        text=text,
        cause=f"invitation {row.fingerprint}",
        expires_at=row.expires_at,
        vault=mail.vault,
    )


def _sent(work: Work, row: Invitation) -> InvitationRead:
    read = _read(work, row)
    work.emit(events.InvitationSent(subject_id=row.id, data={"email": row.email, "role": row.role}))
    return read


def _read(work: Work, row: Invitation) -> InvitationRead:
    letter = work.session.get(Letter, row.letter_id)
    return InvitationRead(
        id=row.id,
        email=row.email,
        name=row.name,
        role=row.role,
        invited_by=_inviter(work, row)[1].name,
        created_at=row.created_at,
        sent_at=row.sent_at,
        expires_at=row.expires_at,
        is_expired=row.expires_at <= work.now,
        letter_state=letter.state if letter else "GONE",
        letter_error=letter.error if letter else None,
    )
