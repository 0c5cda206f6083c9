"""Users sign in; as members they work at businesses; sessions and keys speak for them."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.rows import Base, BusinessOwned, Identified, Json, Versioned


class User(Identified, Base):
    """A person who can sign in."""

    __tablename__ = "users"

    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    avatar_url: Mapped[str | None] = mapped_column(String(500))
    password_hash: Mapped[str | None] = mapped_column(String(60))
    created_at: Mapped[datetime]
    email_proven_at: Mapped[datetime | None]
    """When somebody showed that they read this mailbox; anybody may sign up with any address."""

    @property
    def is_email_proven(self) -> bool:
        return self.email_proven_at is not None


class Business(Identified, Versioned, Base):
    """The tenant. Every other row belongs to one."""

    __tablename__ = "businesses"

    name: Mapped[str] = mapped_column(String(200))
    currency: Mapped[str] = mapped_column(String(3), default="INR")
    time_zone: Mapped[str] = mapped_column(String(64), default="Asia/Kolkata")
    next_number: Mapped[int] = mapped_column(default=1)
    """The number that the next incidence gets."""
    created_at: Mapped[datetime]


class Member(Identified, BusinessOwned, Base):
    """A user's place in a business."""

    __tablename__ = "members"
    __table_args__ = (UniqueConstraint("business_id", "user_id"),)

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    role: Mapped[str] = mapped_column(String(16))
    preferences: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]

    languages: Mapped[list[str]] = mapped_column(Json, default=list)
    """Language tags, such as en or ta."""
    skills: Mapped[list[str]] = mapped_column(Json, default=list)
    capacity: Mapped[int | None]
    """How many cases they can have at a time; None is what the assignment rules say for their role."""
    availability: Mapped[str] = mapped_column(String(8), default="OFFLINE")
    """ONLINE, AWAY or OFFLINE: of their connections and what they said, see `identity.availability`."""
    availability_since: Mapped[datetime | None]
    is_away: Mapped[bool] = mapped_column(default=False)
    """What they said last: they are away from the desk, connected or not."""
    away_reason: Mapped[str | None] = mapped_column(String(200))
    back_at: Mapped[datetime | None]
    gone_since: Mapped[datetime | None]
    """Since when they have not been ONLINE; None while they are, and before they ever were."""
    turn: Mapped[int] = mapped_column(default=0)
    """When they were last given a case by fair routing, as a number that only grows: the smallest is next."""


class ServerProcess(Base):
    """A process that members are connected to. `beats` counts up while it lives; `place` is where `pid` means something."""

    __tablename__ = "server_processes"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    beats: Mapped[int]
    place: Mapped[str] = mapped_column(String(255))
    pid: Mapped[int]


class MemberConnection(BusinessOwned, Base):
    """A member is connected to a process, by one line or more."""

    __tablename__ = "member_connections"

    process_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    member_id: Mapped[str] = mapped_column(ForeignKey("members.id"), primary_key=True, index=True)


class SignIn(Identified, BusinessOwned, Base):
    """A sign-in: the family of refresh tokens that follow one another. Ended means none of them holds."""

    __tablename__ = "sign_ins"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    member_id: Mapped[str] = mapped_column(ForeignKey("members.id"))
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_because: Mapped[str | None] = mapped_column(String(64))
    last_used_at: Mapped[datetime | None]
    address: Mapped[str | None] = mapped_column(String(64))
    """From where it was opened, as the server saw it."""
    agent: Mapped[str | None] = mapped_column(String(200))
    """With what, as it said itself."""


class RefreshToken(Base):
    """One refresh token, by fingerprint. Used means it has been exchanged; seeing it again ends the family."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (Index("ix_refresh_tokens_sign_in", "sign_in_id"),)

    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    sign_in_id: Mapped[str] = mapped_column(ForeignKey("sign_ins.id"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Invitation(Identified, BusinessOwned, Base):
    """Somebody is asked to work here. Only who reads the mailbox has the token; its fingerprint is kept."""

    __tablename__ = "invitations"
    __table_args__ = (Index("ix_invitations_email", "business_id", "email"),)

    email: Mapped[str] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(16))
    fingerprint: Mapped[str] = mapped_column(String(64), unique=True)
    invited_by: Mapped[str] = mapped_column(ForeignKey("members.id"))
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    letter_id: Mapped[str] = mapped_column(String(36))
    """The last one; the ones before it open nothing."""
    accepted_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class PasswordReset(Identified, Base):
    """Somebody asked for a new password of the account with an e-mail, whether there is one or not."""

    __tablename__ = "password_resets"

    email: Mapped[str] = mapped_column(String(254), index=True)
    fingerprint: Mapped[str | None] = mapped_column(String(64), unique=True)
    """Of the token, once it was mailed."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SecondFactor(Base):
    """What makes a user's codes (RFC 6238). Not asked for before it was confirmed once."""

    __tablename__ = "second_factors"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), primary_key=True)
    sealed: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)
    """The step of the code used last: none of it or before it is taken again."""
    failures: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]


class RecoveryCode(Base):
    """Stands in for a code, once."""

    __tablename__ = "recovery_codes"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    used_at: Mapped[datetime | None]


class OutsideAccount(Base):
    """An account elsewhere by which a user signs in: `issuer` and `subject` as its id_token names them."""

    __tablename__ = "outside_accounts"

    issuer: Mapped[str] = mapped_column(String(200), primary_key=True)
    subject: Mapped[str] = mapped_column(String(255), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[datetime]


class OutsideAttempt(Identified, Base):
    """Somebody is signing in by an account elsewhere: begun, gone through in a browser, collected by who began it."""

    __tablename__ = "outside_attempts"

    state: Mapped[str] = mapped_column(String(64), unique=True)
    """Fingerprints: of the state, of the cookie of the browser, of what whoever began it holds."""
    browser: Mapped[str | None] = mapped_column(String(64))
    holder: Mapped[str] = mapped_column(String(64))
    sealed: Mapped[str] = mapped_column(Text)
    """The nonce and the PKCE verifier."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    """When the browser came back: the state holds once."""
    failure: Mapped[str | None] = mapped_column(String(300))
    user_id: Mapped[str | None] = mapped_column(String(36))
    collected_at: Mapped[datetime | None]


class ApiKey(Identified, BusinessOwned, Base):
    """A key for programs. Only its fingerprint is kept; the key itself is shown once."""

    __tablename__ = "api_keys"

    name: Mapped[str] = mapped_column(String(200))
    fingerprint: Mapped[str] = mapped_column(String(64), unique=True)
    hint: Mapped[str] = mapped_column(String(16))
    scopes: Mapped[list[str]] = mapped_column(Json)
    origins: Mapped[list[str] | None] = mapped_column(Json)
    """The origins of the pages that hold it; None is a key for servers, which no page can use."""
    created_at: Mapped[datetime]
    created_by: Mapped[str | None] = mapped_column(String(36))
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class IdempotentAnswer(Base):
    """What was answered to a POST with an Idempotency-Key, written in the transaction that did the work."""

    __tablename__ = "idempotent_answers"

    business_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    """A digest of the caller and the key they sent."""
    request: Mapped[str] = mapped_column(String(64))
    """HMAC of method, path and body: the same key with another request is refused."""
    answer: Mapped[Any] = mapped_column(Json, nullable=True)
    created_at: Mapped[datetime]
