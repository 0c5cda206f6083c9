"""The gate: from a bearer token or an API key to the Caller it speaks for."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from backend.core.clock import Clock
from backend.core.db import Database
from backend.core.errors import Forbidden, Unauthenticated
from backend.core.security import fingerprint, read_claims
from backend.events.event import Actor
from backend.identity.browsers import check_origin
from backend.identity.models import ApiKey, Member, SignIn, User
from backend.identity.permissions import TABLE, Access
from backend.settings import Settings

_REMEMBER_SECONDS = 2.0
"""How long an answer of the gate is reused. Other processes learn of a sign-out this much later at the most."""
_REMEMBER_AT_MOST = 10_000
_TOUCH_EVERY = timedelta(minutes=1)
_TOUCH_SIGN_IN_EVERY = timedelta(minutes=10)


@dataclass(frozen=True)
class Caller:
    """Who calls, for which business, and what it may."""

    business_id: str
    actor: Actor
    user_id: str | None = None
    email: str | None = None
    sign_in_id: str | None = None
    scopes: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()
    """Of a key that stands in pages: where those are."""
    fingerprint: str = ""
    """Of the key that was sent."""

    @property
    def is_key(self) -> bool:
        return self.actor.kind == "key"


class Gate:
    """Resolves callers and asks the permission table."""

    def __init__(self, database: Database, clock: Clock, settings: Settings) -> None:
        self.database, self.clock = database, clock
        self.secret = settings.resolved_secret()
        self._known: dict[str, tuple[float, Caller]] = {}
        self._asking: dict[str, tuple[float, asyncio.Task[Caller]]] = {}

    def forget(self) -> None:
        """Something was revoked, removed or changed: look everybody up again."""
        self._known.clear()
        self._asking.clear()

    async def enter(
        self, method: str, path: str, headers: Mapping[str, str], query: Mapping[str, str]
    ) -> Caller | None:
        """The caller of a route, or None on an open one. Unauthenticated or Forbidden otherwise."""
        access = TABLE.get((method, path))
        if access is None:
            raise Forbidden(f"{method} {path} is in no permission table, so nobody may call it.")
        if access.is_open:
            return None
        caller = await self.resolve(headers, query)
        self.check(access, caller)
        if caller.is_key:
            check_origin(caller, headers.get("origin"))
        return caller

    async def resolve(self, headers: Mapping[str, str], query: Mapping[str, str]) -> Caller:
        """The caller that the request's credentials speak for."""
        authorization = headers.get("authorization", "")
        if authorization.lower().startswith("bearer "):
            return await self.by_token(authorization[7:].strip())
        if key := headers.get("x-api-key") or query.get("key"):
            return await self.by_key(key)
        raise Unauthenticated("Sign in first: send `Authorization: Bearer …`, or an API key in `x-api-key`.")

    def check(self, access: Access, caller: Caller) -> None:
        """Forbidden unless `access` lets `caller` through."""
        if caller.is_key:
            if access.scope is None:
                raise Forbidden("This is for signed-in members; an API key cannot call it.", code="STAFF_ONLY")
            if access.scope not in caller.scopes:
                raise Forbidden(
                    f"This API key lacks the scope {access.scope!r}.", code="SCOPE_MISSING", scope=access.scope
                )
        elif caller.actor.role not in access.roles:
            if access.role is None:
                raise Forbidden("This is for API keys; send one in `x-api-key`.", code="KEY_ONLY")
            raise Forbidden(
                f"This needs the role {access.role} or higher; yours is {caller.actor.role}.", code="ROLE_MISSING"
            )

    async def by_token(self, token: str) -> Caller:
        """The member that an access token speaks for."""
        claims = read_claims(token, self.secret, self.clock.now())
        sign_in_id = str(claims.get("sid", ""))
        return self._remembered(sign_in_id) or await self._ask_once(sign_in_id, self._member)

    async def by_key(self, key: str) -> Caller:
        """The business that an API key speaks for."""
        mark = fingerprint(key)
        return self._remembered(mark) or await self._ask_once(mark, self._holder)

    async def _member(self, sign_in_id: str) -> Caller:
        caller, used = await self.database.read(lambda session: _member_of(session, sign_in_id))
        now = self.clock.now()
        if used is None or now - used > _TOUCH_SIGN_IN_EVERY:
            touch = update(SignIn).where(SignIn.id == sign_in_id).values(last_used_at=now)
            await self.database.write(lambda session: session.execute(touch) and None)
        return caller

    async def _holder(self, mark: str) -> Caller:
        found = await self.database.read(
            lambda session: session.scalar(select(ApiKey).where(ApiKey.fingerprint == mark))
        )
        if found is None or found.revoked_at is not None:
            raise Unauthenticated(
                "This API key is unknown or revoked. Ask an admin for another: `holdfast keys create`.",
                code="INVALID_KEY",
            )
        now = self.clock.now()
        if found.last_used_at is None or now - found.last_used_at > _TOUCH_EVERY:
            touch = update(ApiKey).where(ApiKey.id == found.id).values(last_used_at=now)
            await self.database.write(lambda session: session.execute(touch) and None)
        scopes, origins = frozenset(found.scopes), frozenset(found.origins or ())
        actor = Actor("key", found.id, found.name)
        return Caller(found.business_id, actor, scopes=scopes, origins=origins, fingerprint=mark)

    def _remembered(self, mark: str) -> Caller | None:
        until, caller = self._known.get(mark, (0.0, None))
        return caller if until > time.monotonic() else None

    async def _ask_once(self, mark: str, look_up: Callable[[str], Coroutine[Any, Any, Caller]]) -> Caller:
        """What is found, remembered from when it was asked. Sixty requests that come when that is over ask once."""
        now = time.monotonic()
        until, asking = self._asking.get(mark, (0.0, None))
        if asking is None or until <= now:  # one that hangs does not know what was revoked meanwhile
            until, asking = now + _REMEMBER_SECONDS, asyncio.create_task(look_up(mark))
            self._asking[mark] = until, asking
            asking.add_done_callback(lambda task: self._remember(mark, until, task))
        return await asyncio.shield(asking)

    def _remember(self, mark: str, until: float, asked: asyncio.Task[Caller]) -> None:
        is_newest = self._asking.get(mark) == (until, asked)
        if is_newest:
            del self._asking[mark]
        if asked.cancelled() or asked.exception() or not is_newest:  # revoked since: it may be what it was before
            return
        if len(self._known) >= _REMEMBER_AT_MOST:
            self._known.clear()
        self._known[mark] = until, asked.result()


def _member_of(session: Session, sign_in_id: str) -> tuple[Caller, datetime | None]:
    query = (
        select(
            SignIn.business_id,
            SignIn.ended_at,
            SignIn.last_used_at,
            Member.id,
            Member.role,
            Member.removed_at,
            User.id,
            User.email,
            User.name,
        )
        .join(Member, Member.id == SignIn.member_id)
        .join(User, User.id == SignIn.user_id)
        .where(SignIn.id == sign_in_id)
    )
    row = session.execute(query).first()
    if row is None or row.ended_at is not None or row.removed_at is not None:
        raise Unauthenticated("This sign-in has ended. Sign in again.", code="SIGN_IN_ENDED")
    business_id, _, used, member_id, role, _, user_id, email, name = row
    return Caller(business_id, Actor("member", member_id, name, role), user_id, email, sign_in_id), used
