"""People: users, businesses and members. How they sign in is `sign_ins`, how they are asked to come `invitations`."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.core.errors import Conflict, Forbidden, Invalid, NotFound, StaleVersion
from backend.core.rows import table_of
from backend.events.event import Actor
from backend.identity import events
from backend.identity.models import Business, Member, SignIn, User
from backend.identity.permissions import ROLES
from backend.identity.schemas import (
    BusinessChange,
    BusinessCreate,
    BusinessRead,
    MemberChange,
    MemberRead,
    MeRead,
    SignUp,
    UserChange,
    UserRead,
)
from backend.work import Work


def business_of(work: Work) -> Business:
    """The business that this work is for."""
    business = work.session.get(Business, work.business_id)
    if business is None:
        raise NotFound("This business does not exist.")
    return business


_BUSINESSES = table_of(Business).c
_PLACE = select(_BUSINESSES.currency, _BUSINESSES.time_zone).where(_BUSINESSES.id == bindparam("business"))


class Place(NamedTuple):
    """What a business counts money and days in."""

    currency: str
    time_zone: str


def place_of(session: Session, business_id: str) -> Place:
    """The currency (ISO 4217) and the zone (IANA) of a business; looked up once a unit."""
    known: Place | None = session.info.get(("place", business_id))
    if known is None:
        known = Place(*session.connection().execute(_PLACE, {"business": business_id}).one())
        remember_place(session, business_id, known)
    return known


def remember_place(session: Session, business_id: str, place: Place) -> None:
    """Spare this unit the look-up: another statement has brought it along."""
    session.info["place", business_id] = place


def currency_of(work: Work) -> str:
    """The ISO currency of the business that this work is for."""
    return place_of(work.session, work.business_id).currency


def time_zone_of(work: Work) -> str:
    """The IANA zone of the business that this work is for."""
    return place_of(work.session, work.business_id).time_zone


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


def found(work: Work, body: SignUp, password_hash: str) -> tuple[UserRead, BusinessRead]:
    """Make the first user of an installation, with a business. Conflict when there is a user already.

    Whoever runs the server vouches for the e-mail: a later reset of the password takes nothing else away.
    """
    if work.session.scalar(select(User.id).limit(1)):
        raise Conflict("This server has users already. Sign in, or sign up over the API.", code="NOT_NEW")
    user, business, _ = found_account(work, body, password_hash)
    user.email_proven_at = work.now
    return UserRead.model_validate(user), BusinessRead.model_validate(business)


def found_account(work: Work, body: SignUp, password_hash: str) -> tuple[User, Business, Member]:
    """A new user with a business of theirs."""
    user = add_user(work, User(email=body.email, name=body.name, password_hash=password_hash, created_at=work.now))
    create = BusinessCreate(name=body.business_name or f"{body.name}'s business"[:200])
    return user, *found_business(work, user, create)


def add_user(work: Work, user: User) -> User:
    """Keep a new user. Conflict when the e-mail has one already."""
    try:
        return work.add(user)
    except IntegrityError as error:  # on PostgreSQL, somebody else took the e-mail at the same moment
        raise Conflict(
            "This e-mail already has an account. Sign in instead.", code="EMAIL_TAKEN", field="email"
        ) from error


def found_business(work: Work, user: User, body: BusinessCreate) -> tuple[Business, Member]:
    """A new business, whose owner the user is."""
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
    business, _ = found_business(work, user, body)
    return BusinessRead.model_validate(business)


def business_ids(session: Session) -> Sequence[str]:
    """Every business of this installation, oldest first."""
    return session.scalars(select(Business.id).order_by(Business.id)).all()


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
    remember_place(work.session, business.id, Place(business.currency, business.time_zone))
    read = BusinessRead.model_validate(business)
    work.emit(events.BusinessChanged(subject_id=business.id, state=read.model_dump(mode="json", by_alias=True)))
    return read


def list_members(work: Work, business_id: str) -> list[MemberRead]:
    """Everybody who works at the business, by name."""
    own_business(work, business_id)
    query = select(User, Member).join(Member, Member.user_id == User.id).where(Member.removed_at.is_(None))
    rows = work.session.execute(query.order_by(func.lower(User.name), Member.id)).all()
    return [MemberRead.model_validate(member_state(user, member)) for user, member in rows]


def may_hand_out(work: Work, role: str) -> None:
    """Forbidden when the caller is less than `role`."""
    if ROLES.index(role) > ROLES.index(work.actor.role or "agent"):
        raise Forbidden(f"You are {work.actor.role}; you cannot make somebody {role}.", code="ROLE_MISSING")


def member_with(work: Work, user_id: str) -> Member | None:
    """The user's place in this business, theirs still or no more."""
    own = (Member.user_id == user_id) & (Member.business_id == work.business_id)
    return work.session.scalar(select(Member).where(own))


def join(work: Work, user: User, role: str) -> MemberRead:
    """Make the user a member, or one again. Conflict when they already work here."""
    member = member_with(work, user.id)
    if member is not None and member.removed_at is None:
        raise Conflict(f"{user.email} already works here.", code="MEMBER_EXISTS", field="email")
    if member is None:
        member = work.add(Member(user_id=user.id, role=role, created_at=work.now))
    else:
        member.role, member.removed_at, member.gone_since = role, None, None
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
        may_hand_out(work, body.role)
        may_hand_out(work, member.role)
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
    may_hand_out(work, member.role)
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
