"""The door for pages: what a browser may call with an API key, and from where.

Whoever opens a page can read its key. So such a key lists the origins of its pages, is good for `PAGE_SCOPES` only, and
from nowhere else; a key that lists none is for servers, and a page cannot use it. A program may lie about its origin, so
what a page's key may do has to be harmless in anybody's hands: that is why the scopes are these.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from starlette.datastructures import QueryParams
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from backend.core.errors import Failure, Forbidden
from backend.identity.permissions import PAGE_SCOPES, TABLE, Access

if TYPE_CHECKING:
    from backend.identity.gate import Caller, Gate
    from backend.runtime import Runtime

_PREFLIGHT_SECONDS = 600
"""How long a browser remembers that it may ask."""
_ALLOWED_HEADERS = "content-type, idempotency-key, x-api-key"
_EXPOSED_HEADERS = "Retry-After, X-Request-Id"

_METHODS: dict[str, list[str]] = {}
for (_method, _path), _access in TABLE.items():
    if _access.scope in PAGE_SCOPES:
        _METHODS.setdefault(_path, []).append(_method)
_PUBLIC = [
    (path.partition("{")[0], re.compile(re.sub(r"{\w+}", "[^/]+", path)), frozenset(methods))
    for path, methods in _METHODS.items()
]


def methods_for_pages(path: str) -> frozenset[str]:
    """The methods that pages may call at `path`; none at all for most."""
    for prefix, pattern, methods in _PUBLIC:
        if path.startswith(prefix) and pattern.fullmatch(path):
            return methods
    return frozenset()


def check_origin(caller: "Caller", origin: str | None) -> None:
    """Forbidden unless a caller with a key calls from where that key is for: a page of its origins, or a server."""
    if origin is None and caller.origins:
        raise Forbidden(
            "This API key is for pages in a browser, and this call names no origin. Servers use a key without origins.",
            code="ORIGIN_MISSING",
        )
    if origin is not None and origin not in caller.origins:
        raise Forbidden(
            f"This API key is not for pages of {origin[:200]!r}. "
            + ("List that origin when you make a key." if caller.origins else "It is for servers: keep it secret."),
            code="ORIGIN_NOT_ALLOWED",
        )


def pace(runtime: "Runtime", access: Access, caller: "Caller", address: str) -> None:
    """RateLimited when a server's key, or one address with any, makes more calls of cancel flows than is sane in a minute."""
    if access.scope == "retention" and caller.is_key:
        key = caller.actor.id or ""
        runtime.retention_address_limit.hit(key, address)  # first: what is refused here takes nothing from the others
        if not caller.origins:  # with the key of a page anybody calls: see `vouching`
            runtime.retention_limit.hit(key)


class Across:
    """Around all of HTTP: answers preflights, and lets a page read the answers to calls that its key may make."""

    def __init__(self, gate: "Gate") -> None:
        self.gate = gate

    async def serve(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        inside: Callable[[Scope, Receive, Send], Awaitable[None]],
        edge: Callable[[Scope, Receive, Send], Awaitable[None]],
    ) -> None:
        """Serve by `inside`; preflights for public paths by `edge`, which comes back to `preflight`."""
        is_page = scope["type"] == "http" and any(name == b"origin" for name, _ in scope["headers"])
        if not is_page or not (methods := methods_for_pages(scope["path"])):
            await inside(scope, receive, send)
            return
        given = _headers(scope)
        origin = given["origin"]
        if scope["method"] == "OPTIONS":
            await edge(scope, receive, send)
        elif scope["method"] in methods and await self._is_home(scope, given, origin):
            await inside(scope, receive, _readable(send, origin))
        else:
            await inside(scope, receive, send)

    async def preflight(self, scope: Scope, receive: Receive, send: Send) -> None:
        """May a page of that origin ask? A key in the query is looked up; one in a header comes with the call itself."""
        given, methods = _headers(scope), methods_for_pages(scope["path"])
        if (wanted := given.get("access-control-request-method", "")) not in methods:
            raise Forbidden(f"Pages cannot call {wanted[:20]!r} here.", code="NOT_FOR_PAGES")
        if key := QueryParams(scope["query_string"]).get("key"):
            check_origin(await self.gate.by_key(key), given["origin"])
        headers = {
            "access-control-allow-origin": given["origin"],
            "access-control-allow-methods": ", ".join(sorted(methods)),
            "access-control-allow-headers": _ALLOWED_HEADERS,
            "access-control-max-age": str(_PREFLIGHT_SECONDS),
            "vary": "Origin",
        }
        await Response(status_code=204, headers=headers)(scope, receive, send)

    async def _is_home(self, scope: Scope, given: Mapping[str, str], origin: str) -> bool:
        key = given.get("x-api-key") or QueryParams(scope["query_string"]).get("key")
        try:
            return bool(key) and origin in (await self.gate.by_key(key or "")).origins
        except Failure:
            return False


def _headers(scope: Scope) -> dict[str, str]:
    return {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in scope["headers"]
        if name in (b"origin", b"x-api-key", b"access-control-request-method")
    }


def _readable(send: Send, origin: str) -> Send:
    marks = [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-expose-headers", _EXPOSED_HEADERS.encode()),
        (b"vary", b"Origin"),
    ]

    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *marks]
        await send(message)

    return marked
