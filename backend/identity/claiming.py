"""Taking over an account that nobody had proven: whoever made it may have been anybody, and left doors open.

Anybody signs up with anybody's e-mail. Once the owner of the mailbox shows up, by a code out of it, the account is
theirs, and what opened it or spoke in its name until then ends. Businesses that it worked at stay, as does what was
done there: that is on record, and others may rely on it.
"""

from sqlalchemy import select

from backend.identity import events, keys, totp
from backend.identity.models import ApiKey, Invitation, Member, SignIn, User
from backend.identity.sign_ins import act_as, end
from backend.work import Work

ENDS = "every sign-in, a second factor, and the API keys and open invitations that were made with this account"
"""What a claim ends, in the words of the mail that asks for it."""


def claim(work: Work, user: User, password_hash: str) -> None:
    """Give the account, which was never proven, to who reads its mailbox. Businesses are gone through in one order, so
    that two who do this at once wait for each other instead of for ever."""
    user.email_proven_at, user.password_hash = work.now, password_hash
    had_factor = totp.forget(work, user.id)
    home, actor = work.business_id, work.actor
    work.session.info.pop("business_id", None)
    theirs = select(Member).where(Member.user_id == user.id).order_by(Member.business_id)
    for member in work.session.scalars(theirs).all():
        act_as(work, user, member)
        _close(work, member, had_factor=had_factor)
        work.session.flush()
        work.session.info.pop("business_id", None)
    work.business_id, work.actor = home, actor
    if home:
        work.session.info["business_id"] = home


def _close(work: Work, member: Member, *, had_factor: bool) -> None:
    """End what was opened, made or asked for as this member."""
    opened = select(SignIn).where(SignIn.member_id == member.id, SignIn.ended_at.is_(None)).order_by(SignIn.id)
    for one in work.session.scalars(opened.with_for_update()):
        end(work, one, "the e-mail was proven by somebody")
    made = select(ApiKey.id).where(ApiKey.created_by == member.id, ApiKey.revoked_at.is_(None))
    for id in work.session.scalars(made).all():
        keys.revoke_key(work, id)
    is_open = Invitation.accepted_at.is_(None) & Invitation.revoked_at.is_(None)
    for row in work.session.scalars(select(Invitation).where(Invitation.invited_by == member.id, is_open)):
        row.revoked_at = work.now
        work.emit(events.InvitationRevoked(subject_id=row.id, data={"email": row.email}))
    if had_factor and member.removed_at is None:
        work.emit(events.SecondFactorChanged(subject_id=member.id, data={"isOn": False}))
