"""People: signing up and in, refresh rotation with reuse detection, businesses and members."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.core.errors import Conflict, Forbidden, Invalid, NotFound, StaleVersion, Unauthenticated
from backend.core.rows import table_of
from backend.core.security import fingerprint, new_token, sign_claims
from backend.events.event import Actor
from backend.identity import events
from backend.identity.models import Business, Member, RefreshToken, SignIn, User
from backend.identity.permissions import ROLES
from backend.identity.schemas import (
    BusinessChange,
    BusinessCreate,
    BusinessRead,
    MemberAdd,
    MemberChange,
    MemberRead,
    MeRead,
    SignInRead,
    SignUp,
    UserChange,
    UserRead,
)
from backend.settings import Settings
from backend.work import Work


def business_of(work: Work) -> Business:
    """The business that this work is for."""
    business = work.session.get(Business, work.business_id)
    if business is None:
        raise NotFound("This business does not exist.")
    return business


_BUSINESSES = table_of(Business)
_CURRENCY, _TIME_ZONE = (
    select(column).where(_BUSINESSES.c.id == bindparam("business"))
    for column in (_BUSINESSES.c.currency, _BUSINESSES.c.time_zone)
)


def currency_of(work: Work) -> str:
    """The ISO currency of the business that this work is for; looked up once a unit."""
    known: str | None = work.session.info.get(("currency", work.business_id))
    if known is None:
        known = work.session.connection().execute(_CURRENCY, {"business": work.business_id}).scalar_one()
        work.session.info["currency", work.business_id] = known
    return known


def time_zone_of(work: Work) -> str:
    """The IANA zone of the business that this work is for; looked up once a unit."""
    known: str | None = work.session.info.get(("time_zone", work.business_id))
    if known is None:
        known = work.session.connection().execute(_TIME_ZONE, {"business": work.business_id}).scalar_one()
        work.session.info["time_zone", work.business_id] = known
    return known


def member_state(user: User, member: Member) -> dict[str, Any]:
    """A member as mirrors keep it."""
    read = MemberRead(
        id=member.id,
        user_id=user.id,
        email=user.email,
        name=user.name,
        role=member.role,
        created_at=member.created_at,
        availability=member.availability,
        availability_since=member.availability_since,
        away_reason=member.away_reason if member.is_away else None,
        back_at=member.back_at if member.is_away else None,
        capacity=member.capacity,
        languages=member.languages,
        skills=member.skills,
    )
    return read.model_dump(mode="json", by_alias=True)


def sign_up(work: Work, body: SignUp, password_hash: str, settings: Settings) -> SignInRead:
    """Make a user with a business of their own, whose owner they are. Conflict on a used e-mail."""
    if work.session.scalar(select(User.id).where(User.email == body.email)):
        raise Conflict("This e-mail already has an account. Sign in instead.", code="EMAIL_TAKEN", field="email")
    user, business, member = _found_account(work, body, password_hash)
    return _open_sign_in(work, user, business, member, settings)


def found(work: Work, body: SignUp, password_hash: str) -> tuple[UserRead, BusinessRead]:
    """Make the first user of an installation, with a business. Conflict when there is a user already."""
    if work.session.scalar(select(User.id).limit(1)):
        raise Conflict("This server has users already. Sign in, or sign up over the API.", code="NOT_NEW")
    user, business, _ = _found_account(work, body, password_hash)
    return UserRead.model_validate(user), BusinessRead.model_validate(business)


def _found_account(work: Work, body: SignUp, password_hash: str) -> tuple[User, Business, Member]:
    user = _add_user(work, User(email=body.email, name=body.name, password_hash=password_hash, created_at=work.now))
    create = BusinessCreate(name=body.business_name or f"{body.name}'s business"[:200])
    return user, *_found_business(work, user, create)


def _add_user(work: Work, user: User) -> User:
    try:
        return work.add(user)
    except IntegrityError as error:  # on PostgreSQL, somebody else took the e-mail at the same moment
        raise Conflict(
            "This e-mail already has an account. Sign in instead.", code="EMAIL_TAKEN", field="email"
        ) from error


def _found_business(work: Work, user: User, body: BusinessCreate) -> tuple[Business, Member]:
    business = work.add(Business(**body.model_dump(), created_at=work.now, version=1, next_number=1))
    # From here on this unit is the new business's, and so are its events.
    work.business_id = work.session.info["business_id"] = business.id
    member = work.add(Member(user_id=user.id, role="owner", created_at=work.now))
    work.actor = Actor("member", member.id, user.name, "owner")
    state = BusinessRead.model_validate(business).model_dump(mode="json", by_alias=True)
    work.emit(events.BusinessCreated(subject_id=business.id, state=state))
    work.emit(events.MemberAdded(subject_id=member.id, state=member_state(user, member)))
    return business, member


def create_business(work: Work, user_id: str, body: BusinessCreate) -> BusinessRead:
    """Another business for a signed-in user, who becomes its owner."""
    user = work.session.get_one(User, user_id)
    business, _ = _found_business(work, user, body)
    return BusinessRead.model_validate(business)


def business_ids(session: Session) -> Sequence[str]:
    """Every business of this installation, oldest first."""
    return session.scalars(select(Business.id).order_by(Business.id)).all()


def find_user(session: Session, email: str) -> tuple[str, str | None] | None:
    """(id, password hash) of the account with that e-mail."""
    row = session.execute(select(User.id, User.password_hash).where(User.email == email)).first()
    return (row[0], row[1]) if row else None


def sign_in(work: Work, user_id: str, settings: Settings, business_id: str | None = None) -> SignInRead:
    """Open a sign-in at the user's first business (or the one asked for). Forbidden without a membership."""
    query = select(Member).where(Member.user_id == user_id, Member.removed_at.is_(None)).order_by(Member.created_at)
    if business_id is not None:
        query = query.where(Member.business_id == business_id)
    member = work.session.scalars(query.limit(1)).first()
    if member is None:
        raise Forbidden("This account belongs to no business any more. Ask an admin to add you.", code="NO_MEMBERSHIP")
    user = work.session.get_one(User, user_id)
    work.business_id = work.session.info["business_id"] = member.business_id
    work.actor = Actor("member", member.id, user.name, member.role)
    return _open_sign_in(work, user, business_of(work), member, settings)


def _open_sign_in(work: Work, user: User, business: Business, member: Member, settings: Settings) -> SignInRead:
    opened = work.add(SignIn(user_id=user.id, member_id=member.id, created_at=work.now))
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
    work.business_id = work.session.info["business_id"] = opened.business_id
    work.actor = Actor("member", member.id, user.name, member.role)
    if known.used_at is not None:
        opened.ended_at, opened.ended_because = work.now, "a refresh token was used twice"
        work.emit(events.RefreshTokenReused(subject_id=opened.id))
        return None
    if member.removed_at is not None:
        raise Unauthenticated("You no longer belong to this business.", code="INVALID_REFRESH_TOKEN")
    known.used_at = work.now
    return _issue(work, user, business_of(work), member, opened.id, settings)


def sign_out(work: Work, sign_in_id: str) -> None:
    """End a sign-in: its access and refresh tokens no longer hold."""
    opened = work.get(SignIn, sign_in_id)
    if opened.ended_at is None:
        opened.ended_at, opened.ended_because = work.now, "signed out"
        work.emit(events.SignInEnded(subject_id=opened.id))


def me(work: Work, user_id: str) -> MeRead:
    """Who is signed in, where, as what, and the server's time."""
    user, business = work.session.get_one(User, user_id), business_of(work)
    return MeRead(
        user=UserRead.model_validate(user),
        business=BusinessRead.model_validate(business),
        role=work.actor.role,
        member_id=work.actor.id or "",
        time=work.now,
    )


def change_user(work: Work, user_id: str, body: UserChange) -> UserRead:
    """Change one's own name or picture."""
    user = work.session.get_one(User, user_id)
    if body.name is not None:
        user.name = body.name
        member = work.get(Member, work.actor.id or "")
        work.emit(events.MemberChanged(subject_id=member.id, state=member_state(user, member)))
    if "avatar_url" in body.model_fields_set:
        user.avatar_url = str(body.avatar_url) if body.avatar_url else None
    return UserRead.model_validate(user)


def list_businesses(work: Work, user_id: str) -> list[BusinessRead]:
    """The businesses where this user is a member."""
    work.session.info.pop("business_id", None)  # a user's own memberships lie in several businesses
    query = (
        select(Business)
        .join(Member, Member.business_id == Business.id)
        .where(Member.user_id == user_id, Member.removed_at.is_(None))
        .order_by(Business.created_at)
    )
    return [BusinessRead.model_validate(row) for row in work.session.scalars(query)]


def own_business(work: Work, business_id: str, *, to_change: bool = False) -> Business:
    """The caller's business, if `business_id` names it. NotFound otherwise: others' businesses do not exist here.

    `to_change` keeps others from changing it, or who works there, until this unit ends.
    """
    if business_id != work.business_id:
        raise NotFound(f"There is no business {business_id!r} here.", id=business_id)
    business = business_of(work)
    if to_change:
        work.session.refresh(business, with_for_update=True)
    return business


def read_business(work: Work, business_id: str) -> BusinessRead:
    return BusinessRead.model_validate(own_business(work, business_id))


def change_business(work: Work, business_id: str, body: BusinessChange) -> BusinessRead:
    """Rename it, or change its currency or time zone. StaleVersion when it changed meanwhile."""
    business = own_business(work, business_id, to_change=True)
    if business.version != body.version:
        current = BusinessRead.model_validate(business).model_dump(mode="json", by_alias=True)
        raise StaleVersion("Somebody changed this business meanwhile.", current=current, since=[])
    for name, value in body.model_dump(exclude={"version"}, exclude_none=True).items():
        setattr(business, name, value)
    business.version += 1
    read = BusinessRead.model_validate(business)
    work.emit(events.BusinessChanged(subject_id=business.id, state=read.model_dump(mode="json", by_alias=True)))
    return read


def list_members(work: Work, business_id: str) -> list[MemberRead]:
    """Everybody who works at the business, by name."""
    own_business(work, business_id)
    query = select(User, Member).join(Member, Member.user_id == User.id).where(Member.removed_at.is_(None))
    rows = work.session.execute(query.order_by(func.lower(User.name), Member.id)).all()
    return [MemberRead.model_validate(member_state(user, member)) for user, member in rows]


def _may_hand_out(work: Work, role: str) -> None:
    if ROLES.index(role) > ROLES.index(work.actor.role or "agent"):
        raise Forbidden(f"You are {work.actor.role}; you cannot make somebody {role}.", code="ROLE_MISSING")


def add_member(work: Work, business_id: str, body: MemberAdd, password_hash: str | None) -> MemberRead:
    """Add somebody, with an account of theirs or a new one. Conflict when they already work here."""
    own_business(work, business_id, to_change=True)
    _may_hand_out(work, body.role)
    user = work.session.scalar(select(User).where(User.email == body.email))
    if user is None:
        user = _add_user(work, User(email=body.email, name=body.name, password_hash=password_hash, created_at=work.now))
    member = work.session.scalar(select(Member).where(Member.user_id == user.id))
    if member is not None and member.removed_at is None:
        raise Conflict(f"{body.email} already works here.", code="MEMBER_EXISTS", field="email")
    if member is None:
        member = work.add(Member(user_id=user.id, role=body.role, created_at=work.now))
    else:
        member.role, member.removed_at, member.gone_since = body.role, None, None
    state = member_state(user, member)
    work.emit(events.MemberAdded(subject_id=member.id, state=state))
    return MemberRead.model_validate(state)


def change_member(work: Work, business_id: str, member_id: str, body: MemberChange) -> MemberRead:
    """Give a member another role, or say what they speak and know. The last owner stays one."""
    own_business(work, business_id, to_change=True)
    member = working_here(work, member_id)
    wanted = body.model_dump(exclude_none=True)
    if not wanted:
        raise Invalid("Nothing to change: name role, languages or skills.", field="body")
    if body.role is not None:
        _may_hand_out(work, body.role)
        _may_hand_out(work, member.role)
        if member.role == "owner" and body.role != "owner":
            _keep_an_owner(work)
    changes = {name: [getattr(member, name), value] for name, value in wanted.items()}
    for name, value in wanted.items():
        setattr(member, name, value)
    state = member_state(work.session.get_one(User, member.user_id), member)
    work.emit(events.MemberChanged(subject_id=member.id, state=state, data=changes))
    return MemberRead.model_validate(state)


def remove_member(work: Work, business_id: str, member_id: str) -> None:
    """Take somebody's access away; what they did stays theirs."""
    own_business(work, business_id, to_change=True)
    member = working_here(work, member_id)
    _may_hand_out(work, member.role)
    if member.role == "owner":
        _keep_an_owner(work)
    member.removed_at, member.availability = work.now, "OFFLINE"
    member.gone_since = member.gone_since or work.now
    work.enqueue("agent.offer_work", key=f"offer:{member.id}", member_id=member.id)  # their cases need somebody else
    # For good: who is added again signs in again, and no token of before comes back to life.
    theirs = update(SignIn).where(SignIn.member_id == member.id, SignIn.ended_at.is_(None))
    work.session.execute(theirs.values(ended_at=work.now, ended_because="removed"))
    work.emit(events.MemberRemoved(subject_id=member.id, state=None))


def working_here(work: Work, member_id: str) -> Member:
    """The member with that id who works here still; NotFound otherwise."""
    member = work.get(Member, member_id)
    if member.removed_at is not None:
        raise NotFound(f"There is no member {member_id!r} here.", id=member_id)
    return member


def _keep_an_owner(work: Work) -> None:
    owners = select(func.count()).select_from(Member).where(Member.role == "owner", Member.removed_at.is_(None))
    if (work.session.scalar(owners) or 0) < 2:
        raise Conflict("A business needs an owner. Make somebody else owner first.", code="LAST_OWNER")
