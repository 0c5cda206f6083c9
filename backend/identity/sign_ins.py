"""Sign-ins: opened, exchanged for fresh tokens, moved to another business, listed and ended."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.core.errors import Conflict, Forbidden, NotFound, Unauthenticated
from backend.core.security import fingerprint, new_token, sign_claims
from backend.core.text import clean_line
from backend.events.event import Actor
from backend.identity import events
from backend.identity.models import Business, Member, RefreshToken, SignIn, User
from backend.identity.schemas import BusinessRead, OpenSignIn, SignInRead, SignUp, UserRead
from backend.identity.service import business_of, found_account
from backend.settings import Settings
from backend.work import Work


@dataclass(frozen=True)
class Place:
    """From where somebody signs in, and with what."""

    address: str = ""
    agent: str = ""


def find_user(session: Session, email: str) -> tuple[str, str | None] | None:
    """(id, password hash) of the account with that e-mail."""
    row = session.execute(select(User.id, User.password_hash).where(User.email == email)).first()
    return (row[0], row[1]) if row else None


def sign_up(work: Work, body: SignUp, password_hash: str, settings: Settings, place: Place) -> SignInRead:
    """Make a user with a business of their own, whose owner they are. Conflict on a used e-mail."""
    if work.session.scalar(select(User.id).where(User.email == body.email)):
        raise Conflict("This e-mail already has an account. Sign in instead.", code="EMAIL_TAKEN", field="email")
    user, business, member = found_account(work, body, password_hash)
    return _open(work, user, business, member, settings, place)


def sign_in(work: Work, user_id: str, settings: Settings, place: Place, business_id: str | None = None) -> SignInRead:
    """Open a sign-in at the business used last (or the one asked for). Forbidden without a membership."""
    member = place_of_work(work, user_id, business_id)
    if member is None:
        raise Forbidden("This account belongs to no business any more. Ask an admin to add you.", code="NO_MEMBERSHIP")
    user = work.session.get_one(User, user_id)
    act_as(work, user, member)
    return _open(work, user, business_of(work), member, settings, place)


def place_of_work(work: Work, user_id: str, business_id: str | None = None) -> Member | None:
    """The user's membership at a business; left out, where they signed in last, else where they were added first."""
    theirs = (Member.user_id == user_id) & Member.removed_at.is_(None)
    if business_id is not None:
        return work.session.scalars(select(Member).where(theirs, Member.business_id == business_id)).first()
    used = select(Member).join(SignIn, SignIn.member_id == Member.id).where(theirs, SignIn.user_id == user_id)
    last = work.session.scalars(used.order_by(SignIn.created_at.desc(), SignIn.id.desc()).limit(1)).first()
    return last or work.session.scalars(select(Member).where(theirs).order_by(Member.created_at).limit(1)).first()


def act_as(work: Work, user: User, member: Member) -> None:
    """From here on this unit is of the member's business, and what it does is the member's doing."""
    work.business_id = work.session.info["business_id"] = member.business_id
    work.actor = Actor("member", member.id, user.name, member.role)


def _open(work: Work, user: User, business: Business, member: Member, settings: Settings, place: Place) -> SignInRead:
    row = SignIn(user_id=user.id, member_id=member.id, created_at=work.now, last_used_at=work.now)
    row.address, row.agent = clean_line(place.address)[:64] or None, clean_line(place.agent)[:200] or None
    opened = work.add(row)
    work.emit(events.SignedIn(subject_id=opened.id))
    return _issue(work, user, business, member, opened.id, settings)


def _issue(
    work: Work, user: User, business: Business, member: Member, sign_in_id: str, settings: Settings
) -> SignInRead:
    refresh = new_token("hfr")
    work.add(
        RefreshToken(
            fingerprint=fingerprint(refresh),
            sign_in_id=sign_in_id,
            expires_at=work.now + timedelta(days=settings.refresh_days),
        )
    )
    expires_at: datetime = work.now + timedelta(days=settings.token_days)
    claims = {"user_id": user.id, "email": user.email, "sub": user.id, "bid": business.id, "sid": sign_in_id}
    return SignInRead(
        user=UserRead.model_validate(user),
        business=BusinessRead.model_validate(business),
        role=member.role,
        member_id=member.id,
        access_token=sign_claims(claims, settings.resolved_secret(), expires_at),
        refresh_token=refresh,
        expires_at=expires_at,
    )


def refresh(work: Work, token: str, settings: Settings) -> SignInRead | None:
    """Exchange a refresh token for new tokens. None when it was used before: its family has then been ended."""
    known = work.session.get(RefreshToken, fingerprint(token), with_for_update=True)
    opened = work.session.get(SignIn, known.sign_in_id) if known else None
    if known is None or opened is None or opened.ended_at or known.expires_at <= work.now:
        raise Unauthenticated("This refresh token is not valid. Sign in again.", code="INVALID_REFRESH_TOKEN")
    member, user = work.session.get_one(Member, opened.member_id), work.session.get_one(User, opened.user_id)
    act_as(work, user, member)
    if known.used_at is not None:
        opened.ended_at, opened.ended_because = work.now, "a refresh token was used twice"
        work.emit(events.RefreshTokenReused(subject_id=opened.id))
        return None
    if member.removed_at is not None:
        raise Unauthenticated("You no longer belong to this business.", code="INVALID_REFRESH_TOKEN")
    known.used_at = opened.last_used_at = work.now
    return _issue(work, user, business_of(work), member, opened.id, settings)


def sign_out(work: Work, sign_in_id: str) -> None:
    """End a sign-in: its access and refresh tokens no longer hold."""
    end(work, work.get(SignIn, sign_in_id), "signed out")


def switch(work: Work, user_id: str, sign_in_id: str, business_id: str, settings: Settings, place: Place) -> SignInRead:
    """End this sign-in and open one at another business of the user's. NotFound where they do not work.

    It is never moved: whoever still speaks with its tokens must not find themselves elsewhere.
    """
    opened = work.session.get(SignIn, sign_in_id, with_for_update=True, populate_existing=True)
    if opened is None or opened.ended_at is not None:
        raise Unauthenticated("This sign-in has ended. Sign in again.", code="SIGN_IN_ENDED")
    if business_id == work.business_id:
        raise Conflict("You are at this business already.", code="SAME_BUSINESS", field="businessId")
    end(work, opened, "switched to another business")
    work.session.flush()
    work.session.info.pop("business_id", None)
    member = place_of_work(work, user_id, business_id)
    if member is None:
        raise NotFound("You work at no such business.", id=business_id)
    user = work.session.get_one(User, user_id)
    act_as(work, user, member)
    return _open(work, user, business_of(work), member, settings, place)


def list_open(work: Work, user_id: str, sign_in_id: str) -> list[OpenSignIn]:
    """The user's sign-ins that hold, at whatever business, the one used last first."""
    work.session.info.pop("business_id", None)
    holds = select(RefreshToken.sign_in_id).where(RefreshToken.expires_at > work.now)
    query = (
        select(SignIn, Business.name)
        .join(Business, Business.id == SignIn.business_id)
        .where(SignIn.user_id == user_id, SignIn.ended_at.is_(None), SignIn.id.in_(holds))
    )
    found = [
        OpenSignIn(
            id=one.id,
            business=name,
            created_at=one.created_at,
            last_used_at=one.last_used_at or one.created_at,
            address=one.address,
            agent=one.agent,
            is_current=one.id == sign_in_id,
        )
        for one, name in work.session.execute(query)
    ]
    return sorted(found, key=lambda one: (one.is_current, one.last_used_at, one.id), reverse=True)


def end_one(work: Work, user_id: str, sign_in_id: str) -> None:
    """End one of the user's own sign-ins, at whatever business. NotFound when it is none of theirs or over."""
    if not end_all(work, user_id, "ended by its user", only=sign_in_id):
        raise NotFound("You have no such sign-in any more.", id=sign_in_id)


def end_all(work: Work, user_id: str, because: str, *, keep: str = "", only: str = "") -> int:
    """End the user's sign-ins everywhere, but the one to `keep`; how many. Each business's log tells of its own."""
    home, actor = work.business_id, work.actor
    work.session.info.pop("business_id", None)
    theirs = select(SignIn).where(SignIn.user_id == user_id, SignIn.ended_at.is_(None), SignIn.id != keep)
    if only:
        theirs = theirs.where(SignIn.id == only)
    # In one order, so that two who do this at once wait for each other instead of for ever.
    found = work.session.scalars(theirs.order_by(SignIn.business_id, SignIn.id).with_for_update()).all()
    user = work.session.get_one(User, user_id)
    for opened in found:
        act_as(work, user, work.session.get_one(Member, opened.member_id))
        end(work, opened, because)
        work.session.flush()
        work.session.info.pop("business_id", None)
    work.business_id, work.actor = home, actor
    if home:
        work.session.info["business_id"] = home
    return len(found)


def end(work: Work, opened: SignIn, because: str) -> None:
    """End a sign-in of the work's business, if it holds."""
    if opened.ended_at is None:
        opened.ended_at, opened.ended_because = work.now, because
        work.emit(events.SignInEnded(subject_id=opened.id, data={"because": because}))
