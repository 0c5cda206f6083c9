"""`Unit`: what a router awaits. It runs services as one read or one write on behalf of the caller."""

import hashlib
import hmac
from collections.abc import Callable, Coroutine
from enum import Enum
from typing import Annotated, Any, Concatenate, ParamSpec, TypeVar

from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute
from pydantic_core import to_jsonable_python
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from starlette.routing import compile_path, get_name

from backend.core.errors import Conflict, Denied, Unauthenticated
from backend.events.event import SYSTEM, Actor
from backend.identity.browsers import pace
from backend.identity.gate import Caller
from backend.identity.models import IdempotentAnswer
from backend.identity.permissions import TABLE
from backend.runtime import Runtime
from backend.work import Work

P = ParamSpec("P")
T = TypeVar("T")
Service = Callable[Concatenate[Work, P], T]


class Units:
    """Runs services for one business and one actor."""

    def __init__(self, runtime: Runtime, business_id: str, actor: Actor = SYSTEM, request_id: str = "") -> None:
        self.runtime, self.business_id, self.actor, self.request_id = runtime, business_id, actor, request_id

    def work(self, session: Session) -> Work:
        """A Work on `session`, which from now on sees this business only."""
        if self.business_id:
            session.info["business_id"] = self.business_id
        return Work(session, self.business_id, self.runtime.clock.now(), self.actor, self.request_id)

    async def read(self, service: Service[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The service's answer from a snapshot."""
        return await self.runtime.database.read(lambda session: service(self.work(session), *args, **kwargs))

    async def write(self, service: Service[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The service's answer, once it is on disk. What was denied is put on record before the error goes on."""
        return await self._recorded(lambda session: service(self.work(session), *args, **kwargs))

    async def _recorded(self, unit: Callable[[Session], T]) -> T:
        try:
            return await self.runtime.database.write(unit)
        except Denied as denied:
            record = denied.record
            await self.runtime.database.write(lambda session: record(self.work(session)))
            raise


class RequestUnits(Units):
    """Units of a request: adds the caller, and answers a repeated Idempotency-Key with what was answered first."""

    def __init__(self, runtime: Runtime, caller: Caller, request_id: str, idempotency: tuple[str, str] | None) -> None:
        super().__init__(runtime, caller.business_id, caller.actor, request_id)
        self.caller, self._idempotency, self._writes = caller, idempotency, 0

    @property
    def unkept(self) -> Units:
        """The same without keeping the answer for a repeated Idempotency-Key: for answers that hold a secret."""
        return Units(self.runtime, self.business_id, self.actor, self.request_id)

    async def write(self, service: Service[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if self._idempotency is None:
            return await super().write(service, *args, **kwargs)
        key, request = self._idempotency
        self._writes += 1  # a request may write more than once: each write has an answer of its own
        key = self._own(key)

        def once(session: Session) -> Any:
            known = session.execute(
                select(IdempotentAnswer.request, IdempotentAnswer.answer).where(
                    IdempotentAnswer.business_id == self.business_id, IdempotentAnswer.key == key
                )
            ).first()
            if known is not None:
                if known.request != request:
                    raise Conflict("This Idempotency-Key was used for another request.", code="IDEMPOTENCY_KEY_REUSED")
                return known.answer
            row = {"business_id": self.business_id, "key": key, "request": request}
            work = self.work(session)
            session.execute(insert(IdempotentAnswer), {**row, "answer": None, "created_at": work.now})
            answer = service(work, *args, **kwargs)
            mine = (IdempotentAnswer.business_id == self.business_id) & (IdempotentAnswer.key == key)
            session.execute(
                update(IdempotentAnswer).where(mine).values(answer=to_jsonable_python(answer, by_alias=True))
            )
            return answer

        try:
            return await self._recorded(once)
        except IntegrityError:  # on PostgreSQL the same key came twice at once: the first has committed by now
            return await self._recorded(once)

    def _own(self, key: str) -> str:
        """The caller's own key: another caller of the business who uses the same one gets none of these answers."""
        actor = self.caller.actor
        return hashlib.sha256(f"{actor.kind} {actor.id} {self._writes} {key}".encode()).hexdigest()


def runtime_of(request: Request) -> Runtime:
    """The process's runtime."""
    runtime: Runtime = request.app.state.runtime
    return runtime


async def enter(request: Request) -> None:
    """The gate: resolve the caller and ask the permission table."""
    runtime = runtime_of(request)
    path = request.scope["route"].path
    caller = await runtime.gate.enter(request.method, path, request.headers, request.query_params)
    if caller is not None:
        pace(runtime, TABLE[request.method, path], caller, request.client.host if request.client else "")
    request.state.caller = caller


class Gated(APIRoute):
    """A route behind the gate: nothing of a request is read before it is known who asks, and that they may.

    FastAPI looks into its function when it is first asked, or the OpenAPI document is: for all 285 at the start that took
    an eighth of it, and 8 MB.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self.path, self.endpoint, self._options = path, endpoint, options
        # What a request is matched by, and all that is known of a route until then.
        self.name = options["name"] or get_name(endpoint)
        self.methods = {method.upper() for method in options["methods"]}
        self.path_regex, self.path_format, self.param_convertors = compile_path(path)

    def __getattr__(self, name: str) -> Any:
        options = self.__dict__.pop("_options", None)
        if options is None:
            raise AttributeError(name)
        super().__init__(self.path, self.endpoint, **options)
        return getattr(self, name)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def behind_gate(request: Request) -> Response:
            await enter(request)
            return await answer(request)

        return behind_gate


class Router(APIRouter):
    """The routes of a slice, each behind the gate. The app takes them as they are: each is understood once."""

    def __init__(self, *, prefix: str = "", tags: list[str | Enum] | None = None) -> None:
        super().__init__(prefix=prefix, tags=tags, route_class=Gated)

    def take_in(self, other: "Router") -> None:
        """Answer the routes of `other` as well, after those that are here so far."""
        self.routes.extend(other.routes)


async def _unit(request: Request) -> RequestUnits:
    caller: Caller | None = request.state.caller
    if caller is None:
        raise Unauthenticated("Sign in first.")
    runtime, key = runtime_of(request), request.headers.get("idempotency-key")
    idempotency = None
    if key and request.method == "POST":
        body = await request.body()
        whole = b"\n".join((request.method.encode(), request.url.path.encode(), body))
        # Keyed, because a body may hold a password, which a bare digest would let anybody guess.
        idempotency = (key, hmac.new(runtime.gate.secret.encode(), whole, "sha256").hexdigest())
    return RequestUnits(runtime, caller, request.state.request_id, idempotency)


async def _runtime(request: Request) -> Runtime:
    return runtime_of(request)  # what is no coroutine would be asked in a thread


RuntimeOf = Annotated[Runtime, Depends(_runtime)]
Unit = Annotated[RequestUnits, Depends(_unit)]
