"""How the client speaks HTTP: one call, one envelope of errors, tokens refreshed on the way."""

import asyncio
import platform
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, TypeVar, overload
from urllib.parse import quote

import httpx
import orjson
from pydantic import BaseModel

R = TypeVar("R", bound=BaseModel)
_STREAM = httpx.Timeout(120, connect=5)
"""Between two lines of an answer that streams."""


class ApiError(Exception):
    """The server refused: `code` and `message` say what was wrong, `details` what there is to know."""

    def __init__(self, status: int, code: str, message: str, details: dict[str, Any], request_id: str = "") -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.details, self.request_id = status, code, message, details, request_id


class Offline(Exception):
    """No answer: it is unknown whether the request arrived. Nothing was acknowledged."""


def _trust(url: str) -> ssl.SSLContext:
    """Whose certificates count. For a plain address nobody's: reading the authorities' takes longer than a request."""
    if url.startswith("http://"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return httpx.create_ssl_context(trust_env=False)


def _agent() -> str:
    """By which people tell their sign-ins apart: what runs here, on which machine."""
    name = "".join(letter for letter in platform.node() if letter.isascii() and letter.isprintable())
    return f"Holdfast on {name[:60] or 'a machine'} ({platform.system()})"


class Transport:
    """One server, and the credentials to speak to it with."""

    def __init__(self, url: str, *, api_key: str | None = None, http: httpx.AsyncClient | None = None) -> None:
        self.url = url.rstrip("/")
        self.api_key = api_key
        self.access_token: str | None = None
        self.refresh_token: str | None = None
        self.on_tokens: Callable[[str, str], Awaitable[None]] | None = None
        """Called with the new access and refresh token after each sign-in and refresh, so that they can be kept."""
        self._http = http or httpx.AsyncClient(
            base_url=self.url,
            timeout=httpx.Timeout(15, connect=5),
            trust_env=False,
            verify=_trust(self.url),
            headers={"user-agent": _agent()},
        )
        self._refreshing = asyncio.Lock()
        self._era = 0

    @property
    def headers(self) -> dict[str, str]:
        """The credentials as headers."""
        if self.access_token:
            return {"authorization": f"Bearer {self.access_token}"}
        return {"x-api-key": self.api_key} if self.api_key else {}

    async def hold(self, access_token: str, refresh_token: str) -> None:
        """Speak with these tokens from now on, of another sign-in: what was asked for by the one before is not asked
        again by this one, which may be at another business."""
        self._era += 1
        await self._hold(access_token, refresh_token)

    async def _hold(self, access_token: str, refresh_token: str) -> None:
        self.access_token, self.refresh_token = access_token, refresh_token
        if self.on_tokens:
            await self.on_tokens(access_token, refresh_token)

    @overload
    async def call(self, method: str, path: str, answer: type[R], /, body: Any = None, **params: Any) -> R: ...
    @overload
    async def call(self, method: str, path: str, answer: None = None, /, body: Any = None, **params: Any) -> Any: ...
    async def call(self, method: str, path: str, answer: Any = None, /, body: Any = None, **params: Any) -> Any:
        """Call `path` (a template; `params` fill it, the others become the query) and read the answer as `answer`.

        Raises ApiError when the server refuses, Offline when it does not answer.
        """
        era = self._era
        response = await self._send(method, path, body, params)
        may_refresh = self.refresh_token and "/api/auth/" not in path and era == self._era
        if response.status_code == 401 and may_refresh and await self._refresh() and era == self._era:
            response = await self._send(method, path, body, params)
        if response.is_error:
            raise _refusal(response)
        if response.status_code == 204 or not response.content:
            return None
        return answer.model_validate_json(response.content) if answer else response.json()

    async def _send(self, method: str, path: str, body: Any, params: dict[str, Any]) -> httpx.Response:
        in_path = {name: quote(str(value), safe="") for name, value in params.items() if f"{{{name}}}" in path}
        query = {name: str(value) for name, value in params.items() if name not in in_path and value is not None}
        idempotency_key = query.pop("idempotency_key", None)
        headers = self.headers | ({"idempotency-key": idempotency_key} if idempotency_key else {})
        if isinstance(body, BaseModel):
            content = body.model_dump_json(by_alias=True, exclude_unset=True).encode()
            headers["content-type"] = "application/json"
            kwargs: dict[str, Any] = {"content": content}
        else:
            kwargs = {"json": body} if body is not None else {}
        try:
            return await self._http.request(
                method, self.url + path.format(**in_path), params=query, headers=headers, **kwargs
            )
        except httpx.HTTPError as error:
            raise Offline(f"{self.url} does not answer ({type(error).__name__}).") from error

    async def raw(
        self, method: str, path: str, *, ids: Mapping[str, str] | None = None, **kwargs: Any
    ) -> httpx.Response:
        """Call `path` (`ids` fill it) with bytes and headers of one's own; the answer as it came. Raises like `call`."""
        filled = path.format(**{name: quote(id, safe="") for name, id in (ids or {}).items()})
        try:
            response = await self._http.request(method, self.url + filled, **kwargs)
        except httpx.HTTPError as error:
            raise Offline(f"{self.url} does not answer ({type(error).__name__}).") from error
        if response.is_error:
            raise _refusal(response)
        return response

    async def lines(self, method: str, path: str, body: BaseModel, /) -> AsyncIterator[dict[str, Any]]:
        """Call `path` and read its answer as it comes, a JSON object a line. Raises like `call`, also in the middle."""
        for is_again in (False, True):
            headers = self.headers | {"content-type": "application/json"}
            content = body.model_dump_json(by_alias=True, exclude_unset=True).encode()
            try:
                async with self._http.stream(
                    method, self.url + path, content=content, headers=headers, timeout=_STREAM
                ) as response:
                    if response.is_success:
                        async for line in response.aiter_lines():
                            if line:
                                yield orjson.loads(line)
                        return
                    await response.aread()
            except httpx.HTTPError as error:
                raise Offline(f"{self.url} does not answer ({type(error).__name__}).") from error
            if response.status_code != 401 or is_again or not self.refresh_token or not await self._refresh():
                raise _refusal(response)

    async def _refresh(self) -> bool:
        stale = self.access_token
        async with self._refreshing:
            if self.access_token != stale:
                return True  # somebody else refreshed while we waited
            response = await self._send("POST", "/api/auth/refresh", {"refreshToken": self.refresh_token}, {})
            if response.is_error:
                return False
            tokens = response.json()
            await self._hold(tokens["accessToken"], tokens["refreshToken"])
            return True

    async def close(self) -> None:
        await self._http.aclose()


def _refusal(response: httpx.Response) -> ApiError:
    try:
        error = response.json()["error"]
        return ApiError(
            response.status_code,
            error["code"],
            error["message"],
            error.get("details") or {},
            error.get("requestId", ""),
        )
    except (ValueError, KeyError, TypeError):
        return ApiError(response.status_code, "HTTP_ERROR", f"The server answered {response.status_code}.", {})
