"""POST /webhooks/stripe: verified on the raw bytes, kept, answered; a job does the rest.

Bare ASGI, as `signals.doors`: Stripe sends in bursts, and counts an endpoint that answers slowly as failing.
"""

from dataclasses import dataclass
from typing import Any

import orjson
from starlette.datastructures import QueryParams
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from backend.billing import inbox, trust
from backend.core.errors import Invalid
from backend.runtime import Runtime

WEBHOOK = "/webhooks/stripe"


async def post_webhook(scope: Scope, receive: Receive, send: Send) -> None:
    """An event of Stripe's. `business` in the query is the id of the business it is for, by default the first.

    200 is answered when it is on disk. An event of the other mode (live or test) than the account's is answered 200 and
    not kept, and so is one of an account that nobody connected: trying again would not help.
    """
    runtime: Runtime = scope["app"].state.runtime
    query = QueryParams(scope["query_string"]) if scope["query_string"] else {}
    raw = await _body(receive)
    trusted = await runtime.trust.of(str(query.get("business", ""))[:36], runtime.vault)
    trust.verify(raw, _signature(scope), trusted.secrets, runtime.clock.now())
    event = _event(raw)
    if event.get("account"):  # somebody else's: that is for our platform to say, and not for another business
        trust.verify(raw, _signature(scope), trusted.platform, runtime.clock.now())
    owner = await _owner(runtime, trusted, event)
    ignored = "account" if owner is None else "livemode" if owner.is_live not in (None, event["livemode"]) else None
    is_new = False
    if owner is not None and ignored is None:
        arrival = inbox.Arrival(
            owner.business_id,
            owner.account,
            event,
            raw,
            "webhook",
            runtime.clock.now(),
            scope["state"]["request_id"],
        )
        is_new = await runtime.database.merge(inbox.keep, arrival)
    told: dict[str, Any] = {"received": ignored is None, "duplicate": ignored is None and not is_new}
    await _answer(send, told if ignored is None else told | {"ignored": ignored})


@dataclass(frozen=True, slots=True)
class _Owner:
    business_id: str
    account: str
    is_live: bool | None


async def _owner(runtime: Runtime, trusted: trust.Trusted, event: dict[str, Any]) -> _Owner | None:
    """Whose event it is: who vouches for it, or the business whose account a Connect platform's event names."""
    account = event.get("account")
    if not account:
        return _Owner(trusted.business_id, "", trusted.is_live)
    if not isinstance(account, str):
        return None
    found = await runtime.database.read(lambda session: trust.business_of_account(session, account))
    return _Owner(found[0], account, found[1]) if found else None


def _event(raw: bytes) -> dict[str, Any]:
    """The event. Call it with bytes whose signature was right. Invalid when it is none."""
    try:
        event = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Invalid("The body is signed, but it is not JSON.", code="MALFORMED_BODY") from error
    is_event = isinstance(event, dict) and isinstance(event.get("type"), str) and bool(event["type"])
    id = event.get("id") if is_event else None
    if not isinstance(id, str) or not 0 < len(id) <= 255 or not id.isprintable():
        raise Invalid("The body is signed, but it is not an event of Stripe's.", code="MALFORMED_BODY")
    found: dict[str, Any] = {"livemode": False} | event
    return found


async def _body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
    if message["type"] == "http.disconnect":
        raise Invalid("body: ended too early", field="body")
    return body


def _signature(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"stripe-signature":
            return str(value.decode("latin-1"))[:4_096]
    return ""


async def _answer(send: Send, told: dict[str, Any]) -> None:
    body = orjson.dumps(told)
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class _Bare:
    """Tells Starlette that a route's endpoint is an ASGI application and no function of a request."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


ROUTES = [Route(WEBHOOK, _Bare(post_webhook), methods=["POST"], name="receive_stripe")]
