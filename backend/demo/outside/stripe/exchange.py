"""One request on its way through the double: who asks, has it been asked before, what goes wrong, what is answered."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson
from starlette.requests import Request

from backend.demo.outside.stripe.access import admitted, check_scope
from backend.demo.outside.stripe.expanding import expanded
from backend.demo.outside.stripe.form import Params, read_form
from backend.demo.outside.stripe.keys import Answered
from backend.demo.outside.stripe.mishap import Mishap
from backend.demo.outside.stripe.refusal import Refusal
from backend.demo.outside.stripe.routes import Asked, routed
from backend.demo.outside.stripe.shapes import shaped

if TYPE_CHECKING:
    from backend.demo.outside.stripe.app import Serving


class Lost(Exception):
    """Nothing is answered."""


@dataclass
class Change:
    """A request other than GET. `status` 0: nothing was answered. `is_done`: something was done by it."""

    method: str
    path: str
    params: Params
    key: str | None
    account: str
    status: int = 0
    is_replay: bool = False
    is_done: bool = False


class Exchange:
    """A request and its answer."""

    def __init__(self, double: "Serving", request: Request, body: str, request_id: str, mishap: Mishap | None) -> None:
        """Refusal (401, 403) when nobody may ask so."""
        self.double, self.request_id, self.mishap = double, request_id, mishap
        self.method, self.path = request.method, request.url.path
        self.key, self.access, self.book = admitted(double, request.headers)
        self.params = read_form(request.url.query) | read_form(body)
        self.version = request.headers.get("stripe-version") or self.book.api_version
        self.idempotency = request.headers.get("idempotency-key") if self.method == "POST" else None
        self.headers = {"Stripe-Version": self.version}
        if self.idempotency:
            self.headers["Idempotency-Key"] = self.idempotency
        self.change = Change(self.method, self.path, self.params, self.idempotency, self.book.id)
        if self.method != "GET":
            double.log.append(self.change)

    async def answered(self) -> Answered:
        """The answer; Refusal for one that is an error, Lost when there is none."""
        try:
            if self.mishap and self.mishap.how in ("throttle", "conflict"):
                self._go_wrong(self.mishap)
            if first := self._first():
                self.change.status, self.change.is_replay = first.status, True
                self.headers |= {"Idempotent-Replayed": "true", "Original-Request": first.request_id}
                return Answered(first.status, first.body, self.request_id)
            answered = await self._done_once()
        except Refusal as refusal:
            self.change.status = refusal.status
            raise
        self.change.status = answered.status
        return answered

    def _first(self) -> Answered | None:
        """The first result of its idempotency key."""
        if not self.idempotency:
            return None
        if len(self.idempotency) > 255:
            raise Refusal(400, "Idempotency keys may be up to 255 characters.", type="idempotency_error")
        return self.double.keys.begin(self.book.id, self.idempotency, (self.method, self.path, repr(self.params)))

    async def _done_once(self) -> Answered:
        """Do it, and keep the result for the key."""
        result, mishap = None, self.mishap
        try:
            await asyncio.sleep(self.double.latency)
            if mishap and not mishap.is_done:
                await self._befall(mishap)
            result = Answered(200, self._done(), self.request_id)
            if mishap and mishap.is_done:
                await self._befall(mishap)
            return result
        except Refusal as refusal:
            result = Answered(refusal.status, orjson.dumps(refusal.body), self.request_id) if refusal.is_kept else None
            raise
        finally:
            if self.idempotency:
                self.double.keys.end(self.book.id, self.idempotency, result)

    def _done(self) -> bytes:
        """Do what is asked; the answer's body."""
        found = routed(self.method, self.path)
        if found is None:
            raise Refusal(404, f"Unrecognized request URL ({self.method}: {self.path}).")
        route, ids = found
        check_scope(self.key, self.access, self.book, route)
        if unknown := sorted(self.params.keys() - route.takes):
            words = f"Received unknown parameter: {unknown[0]}"
            raise Refusal(400, words, code="parameter_unknown", param=unknown[0])
        self.book.request = (self.request_id, self.idempotency)
        try:
            body = route.answer(Asked(self.double, self.book, self.method, self.path, self.params, ids, self.key))
        finally:
            self.book.request = (None, None)
        self.change.is_done = route.permission.endswith("_write")
        return orjson.dumps(shaped(self.book, expanded(self.book, body, self.params.get("expand")), self.version))

    async def _befall(self, mishap: Mishap) -> None:
        if mishap.how == "delay":
            await asyncio.sleep(mishap.seconds)
        elif mishap.how in ("drop", "timeout"):
            raise Lost
        else:
            self._go_wrong(mishap)

    def _go_wrong(self, mishap: Mishap) -> None:
        if refusal := mishap.refusal():
            raise refusal
