"""What the doors refuse, and that a refusal changes nothing."""

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.client import ApiError
from backend.core.errors import Invalid
from backend.signals import intake
from backend.signals.schemas import SignalAnswer, TrackAnswer, TrackEvent
from tests.signals.conftest import Shop

pytestmark = pytest.mark.alike

DOORS = ["/context/asha/signals", "/friction/signals", "/api/track"]


async def post(shop: Shop, path: str, content: bytes | None = None, json: Any = None) -> httpx.Response:
    """The bare answer, whatever it is."""
    headers = shop.app.transport.headers
    transport = httpx.ASGITransport(shop.backend.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://holdfast") as http:
        if content is None:
            return await http.post(path, json=json, headers=headers)
        return await http.post(path, content=content, headers=headers)


async def nothing_changed(shop: Shop) -> bool:
    return await shop.stored() == 0 and (await shop.owner.customers.list()).items == []


@pytest.mark.parametrize("path", DOORS)
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"a":' * 3_000])
async def test_what_is_no_object_is_refused(shop: Shop, path: str, body: bytes) -> None:
    answer = await post(shop, path, body)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["code"], answer.json()["success"]) == ("VALIDATION_ERROR", False)
    assert error["requestId"] == answer.headers["x-request-id"]
    assert await nothing_changed(shop)


SIGNALS: list[dict[str, Any]] = [
    {},
    {"signalType": 7},
    {"signalType": "Price Check"},
    {"signalType": "x" * 65},
    {"signalType": ""},
    {"signalType": "inactivity", "value": -1},
    {"signalType": "inactivity", "value": "61"},
    {"signalType": "inactivity", "value": True},
    {"signalType": "inactivity", "value": 1e13},
    {"signalType": "inactivity", "flow": ""},
    {"signalType": "inactivity", "flow": "x" * 129},
    {"signalType": "inactivity", "screen": "asha@example.com"},
    {"signalType": "inactivity", "flow": "+91 98765 43210"},
    {"signalType": "inactivity", "id": "asha@example.com"},
    {"signalType": "inactivity", "id": "\x1b\x07"},
    {"signalType": "inactivity", "timestamp": "yesterday"},
    {"signalType": "inactivity", "timestamp": 12},
    {"signalType": "inactivity", "timestamp": "1969-12-31T23:59:59Z"},
]


@pytest.mark.parametrize("body", SIGNALS)
async def test_a_signal_that_cannot_be_meant_is_refused(shop: Shop, body: dict[str, Any]) -> None:
    assert (await post(shop, "/context/asha/signals", json=body)).status_code == 400
    assert (await post(shop, "/friction/signals", json={"userId": "asha", **body})).status_code == 400
    assert await nothing_changed(shop)


@pytest.mark.parametrize("user", [None, "", " ", "x" * 129, "\x1b\x1b", 5])
async def test_a_user_that_cannot_be_meant_is_refused(shop: Shop, user: Any) -> None:
    answer = await post(shop, "/friction/signals", json={"userId": user, "signalType": "inactivity"})
    assert answer.status_code == 400
    assert await nothing_changed(shop)


async def test_the_shapes_are_those_of_the_contract(shop: Shop) -> None:
    answer = await post(shop, "/context/asha/signals", json={"signalType": "inactivity", "value": 61})
    assert answer.status_code == 202
    assert answer.json() == {"frictionScore": 40, "triggered": False, "prompt": None}
    assert SignalAnswer.model_validate(answer.json())
    tracked = await post(shop, "/api/track", json={"customerId": "asha", "event": "login"})
    assert tracked.status_code == 202
    assert tracked.json() == {"accepted": 1, "duplicates": 0, "rejected": []}
    assert TrackAnswer.model_validate(tracked.json())


async def test_each_item_is_taken_or_refused_by_itself(shop: Shop) -> None:
    good = {"customerId": "asha", "event": "feature_used", "properties": {"feature": "export", "count": 5}}
    events = [
        good,
        {**good, "properties": {"feature": "asha@example.com"}},
        {**good, "properties": {"note": "call +91 98765 43210"}},
        {**good, "customerId": ""},
        {**good, "event": "!!!"},
        {"event": "login"},
        "login",
        {**good, "id": "e1"},
        {**good, "id": "e1"},
        {**good, "properties": {"count": -1}},
        {**good, "properties": {"referrer": "tel 9876543210"}},
    ]
    answer = (await post(shop, "/api/track", json={"events": events})).json()
    assert (answer["accepted"], answer["duplicates"]) == (2, 1)
    assert [one["index"] for one in answer["rejected"]] == [1, 2, 3, 4, 5, 6, 9, 10]
    reasons = {one["index"]: one["reason"] for one in answer["rejected"]}
    assert reasons[1] == "properties.feature: looks like an e-mail address or a phone number"
    assert "customerId" in reasons[3]
    assert await shop.stored() == 2


async def test_only_allowed_properties_are_kept(shop: Shop) -> None:
    properties = {"feature": "export", "records": 1000, "favouriteColour": "blue", "plan": {"deep": "x"}, "value": 3}
    await shop.app.tracking.track(TrackEvent(customer_id="asha", event="apiExport", properties=properties))
    assert await shop.stored(type="api_export", properties={"feature": "export", "records": 1000}, value=3) == 1


@pytest.mark.parametrize(("count", "status"), [(0, 202), (1_000, 202), (1_001, 400)])
async def test_a_thousand_at_once_and_no_more(shop: Shop, count: int, status: int) -> None:
    events = [{"customerId": f"c{number % 7}", "event": "login"} for number in range(count)]
    answer = await post(shop, "/api/track", json={"events": events})
    assert answer.status_code == status
    assert await shop.stored() == (count if status == 202 else 0)


@pytest.mark.settings(track_per_minute=3)
async def test_requests_are_limited_by_key_and_a_batch_is_one(shop: Shop) -> None:
    events = [TrackEvent(customer_id="asha", event="login") for _ in range(50)]
    for _ in range(3):
        await shop.app.tracking.track(*events)
    with pytest.raises(ApiError) as refusal:
        await shop.app.tracking.track(events[0])
    assert (refusal.value.status, refusal.value.code) == (429, "RATE_LIMITED")
    other = await shop.backend.key("track")
    assert (await other.tracking.track(events[0])).accepted == 1
    shop.backend.clock.advance(seconds=61)
    assert (await shop.app.tracking.track(events[0])).accepted == 1
    assert await shop.stored() == 152


async def test_who_may_come_through(shop: Shop) -> None:
    stranger, agent = await shop.backend.anonymous(), await shop.backend.member("agent")
    wrong = await shop.backend.key("incidences")
    event = TrackEvent(customer_id="asha", event="login")
    for client, status in ((stranger, 401), (agent, 403), (wrong, 403)):
        with pytest.raises(ApiError) as refusal:
            await client.tracking.track(event)
        assert refusal.value.status == status
    for path in DOORS[:2]:
        with pytest.raises(ApiError) as refusal:
            await wrong.transport.call("POST", path, None, {"userId": "asha", "signalType": "login"})
        assert refusal.value.code == "SCOPE_MISSING"
    assert await nothing_changed(shop)
    by_query = httpx.AsyncClient(transport=httpx.ASGITransport(shop.backend.app), base_url="http://holdfast")
    async with by_query:
        key = shop.app.transport.api_key
        answer = await by_query.post(f"/api/track?key={key}", json={"customerId": "asha", "event": "login"})
    assert answer.status_code == 202


async def test_the_doors_have_an_edge_like_everything(shop: Shop) -> None:
    big = await post(shop, "/api/track", b" " * (shop.backend.settings.max_body_bytes + 1))
    assert (big.status_code, big.json()["error"]["code"]) == (413, "TOO_LARGE")
    await shop.post("asha", "login")
    assert 'route="/context/{user_id}/signals",status="202"' in await shop.owner.system.metrics()
    with pytest.raises(ApiError) as refusal:
        await shop.app.transport.call("GET", "/api/track")
    assert refusal.value.status == 405


async def test_the_document_knows_the_doors(shop: Shop) -> None:
    document = await shop.owner.transport.call("GET", "/openapi.json")
    for path, body in (("/context/{user_id}/signals", "SignalPost"), ("/friction/signals", "UserSignalPost")):
        operation = document["paths"][path]["post"]
        assert operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith(f"/{body}")
        assert operation["responses"]["202"]["content"]["application/json"]["schema"]["$ref"].endswith("/SignalAnswer")
    for name in ("SignalPost", "UserSignalPost", "TrackEvent", "SignalAnswer", "TrackAnswer", "Prompt", "Rejected"):
        assert name in document["components"]["schemas"]


async def test_put_and_detect_refuse_and_change_nothing(shop: Shop) -> None:
    call = shop.app.transport.call
    tries: list[tuple[str, str, Any]] = [
        ("PUT", "/context/asha/screen", {}),
        ("PUT", "/context/asha/screen", {"screen": ""}),
        ("PUT", "/context/asha/cart", {"cartItems": "many"}),
        ("PUT", "/context/asha/cart", {"cartItems": [], "guestCount": -1}),
        ("PUT", "/context/asha/cart", {"cartItems": [], "estimatedValue": -0.01}),
        ("PUT", f"/context/{'x' * 129}/cart", {"cartItems": []}),
        ("POST", "/friction/detect", {}),
        ("POST", "/friction/detect", {"inactivitySeconds": -1}),
    ]
    for method, path, body in tries:
        with pytest.raises(ApiError) as refusal:
            await call(method, path, None, body)
        assert refusal.value.status == 400, (path, body)
    for method, path, body in (("GET", "/context/nobody", None), ("POST", "/friction/detect", {"userId": "nobody"})):
        with pytest.raises(ApiError) as refusal:
            await call(method, path, None, body)
        assert refusal.value.status == 404
    assert await nothing_changed(shop)


PERSONAL = [
    "a@b.co",
    "x Asha.Rao+1@mail.example.com y",
    "+919876543210",
    "+91 98765-43210",
    "9876543210",
    "(987) 654-3210",
]
HARMLESS = ["export", "2026-03-02", "2026-03-02T10:00:00Z", "2026-03-02 10:00:00", "v1.2.3", "12345", "50 %", "@home"]


@pytest.mark.parametrize(("text", "is_personal"), [*((t, True) for t in PERSONAL), *((t, False) for t in HARMLESS)])
def test_what_looks_personal(text: str, is_personal: bool) -> None:
    assert intake.looks_personal(text) is is_personal


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_body_brings_a_door_down(body: bytes) -> None:
    for read in (
        lambda: intake.read_signal(body, "asha", 0, None),
        lambda: intake.read_events(body, 0, None),
        lambda: intake.read_events(b'{"events":' + body + b"}", 0, None),
    ):
        try:
            told = read()
        except Invalid:  # any other exception would be a 500
            continue
        assert told
