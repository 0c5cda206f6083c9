"""Calling another system's REST API: one client, a limit per account, and four ways in which a call can go wrong."""

import asyncio
import ipaddress
import socket
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import getproxies

import orjson

from backend.core.clock import Clock
from backend.core.errors import RateLimited, Said
from backend.core.limits import RateLimit
from backend.core.text import clean_line

if TYPE_CHECKING:
    import httpx

TIMEOUT_SECONDS = 15.0
"""For each part of a request: connecting, writing, the next bytes. All of it may take twice as long."""
_MOST_BYTES = 16 * 2**20
"""Of one answer, unpacked: a platform (or who poses as one) must not fill our memory."""
_WORDS = 300
SETTING = "HOLDFAST_PRIVATE_ADDRESSES=true allows it"
_RETRY_AFTER = 10.0
_RETRY_AFTER_AT_MOST = 3_600.0
_LOCAL = ("127.0.0.1", "localhost", "[::1]")
_BARE = tuple(host.strip("[]") for host in _LOCAL)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def is_private(host: str) -> bool:
    """Whether a host, as an address has it, is this machine or of a private network, as far as its letters tell."""
    name = host.strip("[]").lower().rstrip(".")
    try:
        return _leads_inside(ipaddress.ip_address(name))
    except ValueError:
        return name == "localhost" or name.endswith((".localhost", ".local", ".internal"))


def _leads_inside(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if (inner := _wrapped(address)) is not None:
        return _leads_inside(inner)
    is_site_local = isinstance(address, ipaddress.IPv6Address) and address.is_site_local
    return is_site_local or not address.is_global or address.is_multicast


def _wrapped(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The address of version 4 that one of version 6 stands for: mapped, compatible, 6to4 or NAT64."""
    if not isinstance(address, ipaddress.IPv6Address):
        return None
    last = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    is_wrapped = int(address) >> 32 == 0 or address in _NAT64
    return address.ipv4_mapped or address.sixtofour or (last if is_wrapped else None)


def _is_link_local(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return (_wrapped(address) or address).is_link_local


def why_not(host: str, *, is_private_open: bool) -> str:
    """Why a host must not be called, in words, as far as its letters tell; "" when it may be. Link-local addresses are
    where clouds hand out credentials to the machine itself, and no system that anybody connects: they stay shut even
    where private ones are open."""
    if _is_link_local(host):
        return f"{host} is a link-local address, which this server never calls"
    if not is_private_open and is_private(host):
        return f"{host} is a private address, which this server does not call ({SETTING})"
    return ""


async def judged(host: str, *, is_private_open: bool = False) -> list[str]:
    """The addresses of a host, none when it cannot be found. Unreached when one of them must not be called: anybody may
    point a name inside."""
    found = []
    with suppress(OSError, UnicodeError):
        looked_up = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
        found = list(dict.fromkeys(str(address[0]).partition("%")[0] for *_, address in looked_up))
    for one in (host, *found):
        if words := why_not(one, is_private_open=is_private_open):
            raise Unreached(words.replace(one, host, 1))
    return found


class Trouble(Said):
    """A call that did not go well; the text is for people.

    `brief` leaves out what they said themselves, which may quote a customer: for places where nobody could tell whom.
    """

    def __init__(self, words: str, brief: str = "") -> None:
        super().__init__(words)
        self.brief = brief or words


class Throttled(Trouble):
    """They (or we, to keep their limit) want it later. Nothing was done."""

    def __init__(self, words: str, seconds: float, *, is_ours: bool = False, brief: str = "") -> None:
        super().__init__(words, brief)
        self.seconds, self.is_ours = seconds, is_ours


class Unreached(Trouble):
    """There was no connection: nothing was sent."""


class Refused(Trouble):
    """They answered no, in their own words; which does not always mean that nothing was done."""

    def __init__(self, words: str, status: int, code: str = "", brief: str = "") -> None:
        """`code` is their own name for it, where they have one."""
        super().__init__(words, brief)
        self.status, self.code = status, code


class Unclear(Trouble):
    """No answer, or an error of theirs: it may have been done."""


class Outside:
    """What a process needs to call others. Requests of one account are counted together, in this process."""

    def __init__(self, clock: Clock, *, is_private_open: bool = False) -> None:
        """`is_private_open`: this machine and private networks may be called too."""
        self.clock, self.is_private_open = clock, is_private_open
        self._http: httpx.AsyncClient | None = None
        self._limits: dict[int, RateLimit] = {}

    @property
    def http(self) -> "httpx.AsyncClient":
        """Made on first use: it is slow to import. What is on this machine is called past any proxy."""
        if self._http is None:
            import httpx

            local = {f"all://{host}": httpx.AsyncHTTPTransport() for host in _LOCAL} if self.is_private_open else None
            transport = None
            if not getproxies():
                from backend.core.dialing import JudgedTransport

                transport = JudgedTransport(is_private_open=self.is_private_open)
            self._http = httpx.AsyncClient(timeout=TIMEOUT_SECONDS, transport=transport, mounts=local)
        return self._http

    def count(self, account: str, per_minute: int) -> None:
        """Count one request. Throttled when the account has had its requests of this minute."""
        limit = self._limits.setdefault(per_minute, RateLimit(per_minute, self.clock))
        try:
            limit.hit(account)
        except RateLimited as error:
            seconds = float(error.details["retryAfter"])
            words = f"over our own limit of {per_minute} requests a minute"
            raise Throttled(words, seconds, is_ours=True) from None

    async def room(self, account: str, per_minute: int) -> None:
        """Count one request, as soon as there is room for it: for work that nobody waits for."""
        never = asyncio.Event()
        while True:
            try:
                return self.count(account, per_minute)
            except Throttled as full:
                later = self.clock.now() + timedelta(seconds=full.seconds)
                await self.clock.sleep_until(later, never, full.seconds)

    async def admit(self, url: str) -> None:
        """Unreached when `url` leads to where we must not call. By a proxy, which looks names up itself, a name is judged
        here; otherwise where it is connected to (see `dialing`)."""
        host = urlsplit(url).hostname or ""
        if words := why_not(host, is_private_open=self.is_private_open):
            raise Unreached(words)
        if getproxies() and host not in _BARE:
            await judged(host, is_private_open=self.is_private_open)

    async def addresses(self, host: str, *, by_proxy: bool) -> list[str]:
        """Where a library that looks names up itself must connect for `host`; none when it may go wherever that leads.
        Unreached when it leads inside. `by_proxy`: it goes by a proxy where one is set, which looks the name up."""
        if self.is_private_open and host in _BARE:
            return []
        found = await judged(host, is_private_open=self.is_private_open)
        return [] if by_proxy and getproxies() else found

    async def close(self) -> None:
        if self._http is not None:
            await self._http.aclose()


class Answer:
    """What came back: `body` is a JSON object ({} for anything else)."""

    def __init__(self, status: int, body: dict[str, Any], at: datetime | None) -> None:
        self.status, self.body, self.at = status, body, at


class Rest:
    """One account at one API."""

    def __init__(
        self,
        outside: Outside,
        base_url: str,
        headers: Mapping[str, str],
        *,
        title: str,
        account: str,
        per_minute: int,
        is_patient: bool = False,
    ) -> None:
        """`is_patient`: take half of the account's requests at most, and wait for each."""
        self._outside, self._base, self._headers = outside, base_url.rstrip("/"), dict(headers)
        self._title, self._account, self._per_minute, self._is_patient = title, account, per_minute, is_patient

    async def get(self, path: str, **query: Any) -> Answer:
        return await self.call("GET", path, query=query)

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Mapping[str, Any] | None = None,
        *,
        is_reading: bool = False,
    ) -> Answer:
        """The answer, when it is a good one. Throttled, Unreached, Refused or Unclear otherwise. A body that is bytes
        already goes as it is. What is read (`is_reading`, GET) has to be JSON: a proxy's page that says sorry, and 200, is
        not the empty list that it would be taken for."""
        import httpx

        await self._outside.admit(self._base)
        if self._is_patient:
            await self._outside.room(f"{self._account}/patient", max(1, self._per_minute // 2))
            await self._outside.room(self._account, self._per_minute)
        else:
            self._outside.count(self._account, self._per_minute)
        headers, content = self._headers, None
        if body is not None:
            headers = headers | {"Content-Type": "application/json"}
            content = body if isinstance(body, bytes) else orjson.dumps(body)
        params = {name: value for name, value in (query or {}).items() if value is not None}
        try:
            async with asyncio.timeout(2 * TIMEOUT_SECONDS):
                response, told = await self._asked(method, path, headers=headers, content=content, params=params)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
            inside = "which this server" in str(error)  # `dialing` says where it leads
            raise Unreached(
                str(error) if inside else f"{self._title} cannot be reached ({type(error).__name__})"
            ) from error
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise Unclear(f"{self._title} did not answer ({type(error).__name__})") from error
        found = _json(told)
        if response.is_success:
            if found is None and (is_reading or method == "GET"):
                raise Unclear(f"{self._title} answered {response.status_code}, but no JSON")
            found = {} if found is None else found
            return Answer(response.status_code, found if isinstance(found, dict) else {"items": found}, _date(response))
        status, phrase = response.status_code, _phrase(response.status_code)
        brief = f"{self._title} answered {status} ({phrase})" if phrase else f"{self._title} answered {status}"
        words = f"{self._title} answered {status}: {_words(found) or phrase}".rstrip(": ")
        if status in (401, 403):
            brief = words  # they speak of us
        if status == 429:
            raise Throttled(words, _retry_after(response.headers, self._outside.clock.now()), brief=brief)
        if status >= 500 or status in (408, 409) or response.is_redirect:
            raise Unclear(words, brief)
        raise Refused(words, status, brief=brief)

    async def _asked(self, method: str, path: str, **more: Any) -> tuple["httpx.Response", bytes]:
        """The response and its body. Unclear when that is too long. A redirect is not followed: the token is not for there."""
        whole = bytearray()
        async with self._outside.http.stream(method, self._base + path, follow_redirects=False, **more) as response:
            async for part in response.aiter_bytes():
                whole += part
                if len(whole) > _MOST_BYTES:
                    raise Unclear(f"{self._title} answered with more than {_MOST_BYTES >> 20} MiB")
        return response, bytes(whole)


def _json(content: bytes) -> Any:
    """What it holds; None when it is no JSON."""
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return None


def _phrase(status: int) -> str:
    """What the standard calls a status; what they call it may be anything."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _words(body: Any) -> str:
    """What a refusal says, wherever it says it."""
    body = body if isinstance(body, dict) else {}
    first = body.get("errors")
    first = first[0] if isinstance(first, list) and first else {}
    found = body.get("message") or body.get("error") or body.get("description")
    if not isinstance(found, str):
        found = first.get("message") if isinstance(first, dict) else first
    return clean_line(found)[:_WORDS] if isinstance(found, str) else ""


def _date(response: "httpx.Response") -> datetime | None:
    """When they answered, by their clock."""
    try:
        return parsedate_to_datetime(response.headers["date"])
    except (KeyError, ValueError):
        return None


def _retry_after(headers: Mapping[str, str], now: datetime) -> float:
    """Seconds (or a date) to wait, as RFC 9110 says; ten when nothing can be read."""
    told = headers.get("retry-after", "")
    try:
        seconds = float(told)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(told) - now).total_seconds()
        except (ValueError, TypeError):
            seconds = _RETRY_AFTER
    return min(max(seconds, 1.0), _RETRY_AFTER_AT_MOST) if seconds == seconds else _RETRY_AFTER
