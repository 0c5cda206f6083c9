"""Who hangs up first."""

import httpx

from backend.server import KEEP_ALIVE_SECONDS


def test_clients_let_go_of_idle_connections_before_the_server_does() -> None:
    ours = httpx.AsyncClient()
    expiry = ours._transport._pool._keepalive_expiry  # type: ignore[attr-defined]
    assert expiry is not None
    assert expiry < KEEP_ALIVE_SECONDS
