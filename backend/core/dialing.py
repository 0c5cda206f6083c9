"""Connecting to other systems: a name is looked up once, judged, and what was judged is what is connected to.

Between a look-up that judges and another one that connects, whoever owns the name could point it inside.
"""

import ssl
from collections.abc import Iterable

import httpcore
import httpx

from backend.core.outside import Unreached, judged

_Options = Iterable[httpcore.SOCKET_OPTION]


class Inside(httpcore.ConnectError):
    """The name leads to where this server does not call. Nothing was sent."""


class Dialing(httpcore.AsyncNetworkBackend):
    """Connects to public addresses only, and to private ones where they are open. Host and SNI stay the name that was
    asked for."""

    def __init__(self, *, is_private_open: bool = False) -> None:
        self._is_private_open = is_private_open
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: _Options | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            addresses = await judged(host, is_private_open=self._is_private_open)
        except Unreached as inside:
            raise Inside(str(inside)) from inside
        trouble: Exception = httpcore.ConnectError(f"{host} cannot be found")
        for address in addresses:
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                trouble = error
        raise trouble

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: _Options | None = None
    ) -> httpcore.AsyncNetworkStream:
        raise Inside(f"{path} is on this machine")

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


class JudgedTransport(httpx.AsyncHTTPTransport):
    """httpx's own transport, on `Dialing`."""

    def __init__(self, context: ssl.SSLContext | None = None, *, is_private_open: bool = False) -> None:
        context = context or httpx.create_ssl_context()
        super().__init__(verify=context)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=5.0,
            network_backend=Dialing(is_private_open=is_private_open),
        )
