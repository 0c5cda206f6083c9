"""What a page may call: with a key that lists its origin, what such a key may hold, and nothing else."""

from typing import Any

import httpx
import pytest

from backend.identity.browsers import methods_for_pages
from backend.identity.permissions import SCOPES
from backend.identity.schemas import KeyCreate
from backend.identity.vouching import customer_token
from tests.support.backend import Backend

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # which database does not matter
SHOP, OTHER = "https://shop.example", "https://evil.example"
LOGIN = {"customerId": "asha", "event": "login"}


async def make_key(backend: Backend, **fields: Any) -> str:
    owner = await backend.owner()
    return (await owner.keys.create(KeyCreate.model_validate({"name": "page", **fields}))).key


async def ask(
    backend: Backend,
    path: str = "/api/track",
    *,
    origin: str | None = SHOP,
    method: str = "POST",
    address: str = "127.0.0.1",
    **kwargs: Any,
) -> httpx.Response:
    transport = httpx.ASGITransport(backend.app, client=(address, 50_000))
    async with httpx.AsyncClient(transport=transport, base_url="http://holdfast") as http:
        headers = kwargs.pop("headers", {}) | ({"origin": origin} if origin else {})
        return await http.request(method, path, headers=headers, **kwargs)


def readable(response: httpx.Response) -> str | None:
    """For which origin a browser shows the answer to the page."""
    return response.headers.get("access-control-allow-origin")


def code(response: httpx.Response) -> str:
    return str(response.json()["error"]["code"])


@pytest.mark.parametrize("is_in_query", [True, False])
async def test_a_page_of_its_origin_calls_and_reads_the_answer(backend: Backend, is_in_query: bool) -> None:
    key = await make_key(backend, origins=[SHOP, "http://localhost:3000"])
    place: dict[str, Any] = {"params": {"key": key}} if is_in_query else {"headers": {"x-api-key": key}}
    for origin in (SHOP, "http://localhost:3000"):
        answer = await ask(backend, json=LOGIN, origin=origin, **place)
        assert (answer.status_code, readable(answer)) == (202, origin)
        assert "Origin" in answer.headers["vary"]
        assert "access-control-allow-credentials" not in answer.headers
    refused = await ask(backend, content=b"{", **place)
    assert (refused.status_code, readable(refused)) == (400, SHOP), "a page may read what was wrong"


@pytest.mark.parametrize(
    "origin",
    [OTHER, "null", "http://shop.example", f"{SHOP}:8443", f"{SHOP}.evil.example", SHOP.upper(), f"{SHOP}/", "*"],
)
async def test_another_origin_is_refused_and_cannot_read_why(backend: Backend, origin: str) -> None:
    key = await make_key(backend, origins=[SHOP])
    answer = await ask(backend, json=LOGIN, origin=origin, params={"key": key})
    assert (answer.status_code, code(answer), readable(answer)) == (403, "ORIGIN_NOT_ALLOWED", None)
    before = await ask(backend, method="OPTIONS", origin=origin, params={"key": key}, headers=WANTS)
    assert (before.status_code, readable(before)) == (403, None)
    assert (await (await backend.owner()).customers.list()).items == []


async def test_a_page_key_is_good_for_pages_only(backend: Backend) -> None:
    key = await make_key(backend, origins=[SHOP])
    answer = await ask(backend, json=LOGIN, origin=None, headers={"x-api-key": key})
    assert (answer.status_code, code(answer)) == (403, "ORIGIN_MISSING")


async def test_a_key_for_servers_is_refused_in_a_page(backend: Backend) -> None:
    key = await make_key(backend)
    assert (await ask(backend, json=LOGIN, origin=None, headers={"x-api-key": key})).status_code == 202
    for path, method in (("/api/track", "POST"), ("/friction/detect", "POST"), ("/context/asha", "GET")):
        answer = await ask(backend, path, method=method, json=LOGIN, headers={"x-api-key": key})
        assert (answer.status_code, code(answer), readable(answer)) == (403, "ORIGIN_NOT_ALLOWED", None)
        assert "secret" in answer.json()["error"]["message"]


async def test_a_page_key_opens_no_other_path(backend: Backend) -> None:
    key = await make_key(backend, origins=[SHOP], scopes=["retention"])
    for path in ("/api/track", "/friction/detect", "/incidences"):
        answer = await ask(backend, path, json=LOGIN, headers={"x-api-key": key})
        assert (answer.status_code, code(answer)) == (403, "SCOPE_MISSING")
    assert code(await ask(backend, "/api/keys", json={"name": "mine"}, headers={"x-api-key": key})) == "STAFF_ONLY"


@pytest.mark.parametrize("scope", [scope for scope in SCOPES if scope not in ("track", "retention")])
async def test_a_key_that_everybody_can_read_holds_nothing_else(backend: Backend, scope: str) -> None:
    owner = await backend.owner()
    body = {"name": "page", "scopes": ["track", scope], "origins": [SHOP]}
    answer = await owner.transport._http.post("/api/keys", json=body, headers=owner.transport.headers)
    assert answer.status_code == 400
    assert scope in answer.json()["error"]["message"]
    assert (await owner.keys.list()).items == []


@pytest.mark.parametrize(
    "origin",
    [
        *("", "null", "*", "shop.example", "http://shop.example", f"{SHOP}/", f"{SHOP}/app", f"{SHOP}:443"),
        *("https://*.example", "https://Shop.example", f"{SHOP}\n", "javascript:alert(1)", "https://a@shop.example"),
    ],
)
async def test_what_is_no_origin_of_a_page_is_refused(backend: Backend, origin: str) -> None:
    owner = await backend.owner()
    body = {"name": "page", "origins": [origin]}
    answer = await owner.transport._http.post("/api/keys", json=body, headers=owner.transport.headers)
    assert (answer.status_code, code(answer)) == (400, "VALIDATION_ERROR")


async def test_a_key_tells_its_origins_and_keeps_them_when_rotated(backend: Backend) -> None:
    owner = await backend.owner()
    made = await owner.keys.create(KeyCreate(name="page", origins=[SHOP, SHOP]))
    assert (made.origins, made.scopes) == ([SHOP], ["retention", "track"])
    rotated = await owner.keys.rotate(made.id)
    assert (rotated.origins, [key.origins for key in (await owner.keys.list()).items]) == ([SHOP], [[SHOP]])
    assert (await ask(backend, json=LOGIN, params={"key": made.key})).status_code == 401
    assert (await ask(backend, json=LOGIN, params={"key": rotated.key})).status_code == 202
    (told,) = (await owner.audit.list(type="key.created"))["items"]
    assert told["data"]["origins"] == [SHOP]
    assert (await owner.keys.create(KeyCreate(name="server", origins=[]))).origins is None


WANTS = {"access-control-request-method": "POST", "access-control-request-headers": "content-type,idempotency-key"}


async def test_a_preflight_for_a_public_path_is_answered(backend: Backend) -> None:
    key = await make_key(backend, origins=[SHOP])
    for query in ({"key": key}, {}):  # in a header, the key is not told before the call itself
        answer = await ask(backend, method="OPTIONS", headers=WANTS, params=query)
        assert (answer.status_code, answer.content, readable(answer)) == (204, b"", SHOP)
        assert answer.headers["access-control-allow-methods"] == "POST"
        assert "idempotency-key" in answer.headers["access-control-allow-headers"]
        assert int(answer.headers["access-control-max-age"]) > 0
        assert answer.headers["x-request-id"]


async def test_a_preflight_for_anything_else_is_not(backend: Backend) -> None:
    key = await make_key(backend, origins=[SHOP])
    for path in ("/incidences", "/api/keys", "/friction/detect", "/api/tracks", "/nowhere", "/health"):
        answer = await ask(backend, path, method="OPTIONS", headers=WANTS, params={"key": key})
        assert answer.status_code in (404, 405)
        assert readable(answer) is None
    for wanted in ({"access-control-request-method": "DELETE"}, {"access-control-request-method": "GET"}, {}):
        answer = await ask(backend, method="OPTIONS", headers=wanted, params={"key": key})
        assert (answer.status_code, code(answer), readable(answer)) == (403, "NOT_FOR_PAGES", None)
    answer = await ask(backend, method="OPTIONS", headers=WANTS, params={"key": "hfk_nobody"})
    assert (answer.status_code, readable(answer)) == (401, None)
    assert (await ask(backend, method="OPTIONS", origin=None, headers=WANTS)).status_code == 405


async def test_no_other_path_is_for_pages(backend: Backend) -> None:
    assert methods_for_pages("/api/track") == {"POST"}
    assert not any(methods_for_pages(path) for path in ("/api/keys", "/context/asha/signals", "/api/track\n", "/"))


@pytest.mark.settings(track_per_minute=2)
async def test_one_customer_does_not_stop_the_others_of_a_page(backend: Backend) -> None:
    key = await make_key(backend, origins=[SHOP])

    async def tell(address: str) -> httpx.Response:
        return await ask(backend, json=LOGIN, params={"key": key}, address=address)

    first = [await tell("192.0.2.1") for _ in range(3)]
    assert [answer.status_code for answer in first] == [202, 202, 429]
    assert (first[-1].headers["retry-after"], readable(first[-1])) == ("60", SHOP)
    assert "Retry-After" in first[-1].headers["access-control-expose-headers"]
    assert (await tell("192.0.2.2")).status_code == 202


@pytest.mark.settings(retention_per_minute=3, retention_per_minute_and_address=2)
async def test_cancel_flows_are_paced_per_address_and_per_key(backend: Backend) -> None:
    """So that nobody finds a subscription by trying ids."""
    made = await (await backend.owner()).keys.create(KeyCreate(name="page", origins=[SHOP]))
    key, token = made.key, customer_token(made.customer_secret or "", "asha")
    guess = {"customerId": "asha", "subscriptionId": "sub_guessed", "customerToken": token}

    async def start(address: str) -> httpx.Response:
        return await ask(backend, "/api/retention/start", json=guess, params={"key": key}, address=address)

    statuses = [(await start("192.0.2.1")).status_code for _ in range(3)]
    assert statuses == [404, 404, 429]
    other = [await start("192.0.2.2") for _ in range(2)]
    assert [answer.status_code for answer in other] == [404, 429], "what was refused before took nothing from the key"
    assert (other[-1].headers["retry-after"], readable(other[-1])) == ("60", SHOP)
    assert (await start("192.0.2.3")).status_code == 429
    assert (await ask(backend, json=LOGIN, params={"key": key}, address="192.0.2.1")).status_code == 202
    backend.clock.advance(seconds=61)
    assert (await start("192.0.2.1")).status_code == 404


async def test_a_page_cancels_and_does_nothing_else_of_retention(backend: Backend) -> None:
    key = await make_key(backend, origins=[SHOP])
    for path in ("/api/retention/start", "/api/retention/run-1/decision"):
        answer = await ask(backend, path, method="OPTIONS", headers=WANTS, params={"key": key})
        assert (answer.status_code, readable(answer)) == (204, SHOP)
        refused = await ask(backend, path, origin=OTHER, json={}, params={"key": key})
        assert (refused.status_code, code(refused), readable(refused)) == (403, "ORIGIN_NOT_ALLOWED", None)
    for path, method in (("/api/retention/runs", "GET"), ("/api/retention/offer", "POST"), ("/api/flows", "GET")):
        answer = await ask(backend, path, method=method, json={}, params={"key": key})
        assert (answer.status_code, code(answer), readable(answer)) == (403, "STAFF_ONLY", None)
