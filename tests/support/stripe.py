"""The real stripe library on a Stripe double, without a socket."""

from typing import Any

import httpx
import stripe

from backend.demo.outside.stripe.app import IN_PROCESS
from backend.demo.outside.stripe.double import StripeDouble

API = "http://stripe.double"


class DoubleTransport(httpx.ASGITransport):
    """Calls the double; dropped connections and timeouts are what httpx makes of them on a socket."""

    def __init__(self, double: StripeDouble) -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await double(scope | {IN_PROCESS: True}, receive, send)

        super().__init__(app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await super().handle_async_request(request)
        except ConnectionResetError as error:
            raise httpx.RemoteProtocolError(str(error), request=request) from error
        except TimeoutError as error:
            raise httpx.ReadTimeout(str(error), request=request) from error


def http_client(double: StripeDouble) -> stripe.HTTPXClient:
    """An HTTP client for `StripeClient(http_client=…, base_addresses={"api": API, "connect": API})`."""
    client = stripe.HTTPXClient()
    client._client_async = httpx.AsyncClient(transport=DoubleTransport(double))
    return client


def client(double: StripeDouble, key: str = "", **more: Any) -> stripe.StripeClient:
    """Stripe's own client, with the double's secret key unless another is given."""
    bases: Any = {"api": API, "connect": API}
    return stripe.StripeClient(key or double.key, http_client=http_client(double), base_addresses=bases, **more)
