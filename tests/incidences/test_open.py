"""Opening cases: the seed's Incidence, routed at every boundary of the shipped rules."""

import pytest

from backend.client import ApiError
from backend.incidences.schemas import RouteRequest
from tests.support.backend import Backend
from tests.support.follows import frames
from tests.support.incidences import open_case

pytestmark = pytest.mark.alike

BANDS = [
    (0, None, [], None),
    (4_999.99, None, [], None),
    (5_000, None, ["CHAT"], 600),
    (5_000.01, None, ["CHAT"], 600),
    (24_999.99, None, ["CHAT"], 600),
    (25_000, None, ["CHAT", "CALL"], None),
    (25_000.01, None, ["CHAT", "CALL"], None),
    (100, "WEDDING", ["CHAT", "CALL"], None),
    (100, "CORPORATE", ["CHAT", "CALL"], None),
    (100, "religious", ["CHAT", "CALL"], None),
    (100, "BIRTHDAY", [], None),
]


@pytest.mark.parametrize(("value", "event", "channels", "seconds"), BANDS)
async def test_bands(
    backend: Backend, value: float, event: str | None, channels: list[str], seconds: int | None
) -> None:
    """The router's answer and a case opened with the same order agree, at and around every boundary."""
    key = await backend.key("routing", "incidences")
    verdict = await key.channels.route(RouteRequest.model_validate({"orderValue": value, "eventType": event}))
    assert verdict.channels == channels
    assert (verdict.auto_escalation.after_seconds if verdict.auto_escalation else None) == seconds
    case = await open_case(key, orderValue=value, eventType=event)
    assert case.allowed_channels == channels
    assert case.is_self_serve == (not channels)
    assert case.routing["rule"] == verdict.rule
    assert (case.auto_escalate_at is not None) == (seconds is not None)


async def test_a_case_as_opened(backend: Backend) -> None:
    key, owner = await backend.key("incidences"), await backend.owner()
    first = await open_case(
        key,
        "anita",
        orderId="ord-9",
        orderValue=30_000.5,
        eventType="WEDDING",
        appScreen="checkout",
        userInputs={"guests": 80},
        selectedItems=[{"name": "Biryani", "quantity": 4}],
        issueCategory="pricing",
    )
    second = await open_case(key, "anita")
    assert (first.ref, second.ref) == ("INC-1", "INC-2")
    assert (first.status, first.outcome, first.version, first.agent_id) == ("OPEN", None, 1, None)
    assert (first.order_value, first.currency, first.user_id) == (30_000.5, "INR", "anita")
    assert first.user_inputs == {"guests": 80}
    assert first.selected_items == [{"name": "Biryani", "quantity": 4}]
    assert first.waiting_since == first.created_at == backend.clock.now()
    assert first.customer.id == second.customer.id
    assert await owner.incidences.show(first.ref.lower()) == await owner.incidences.show(first.incidence_id) == first
    assert [case.ref for case in (await owner.incidences.of_user("anita")).items] == ["INC-2", "INC-1"]
    assert [case.ref for case in (await owner.incidences.of_user(first.customer.id)).items] == ["INC-2", "INC-1"]
    assert [case.ref for case in (await owner.incidences.of_order("ord-9")).items] == ["INC-1"]
    (opened,) = (await owner.incidences.timeline(first.incidence_id)).items
    assert opened.type == "incidence.opened"
    assert opened.actor["kind"] == "key"
    assert opened.state is None
    (frame,) = [frame for frame in await frames(backend, owner, 0) if frame["id"] == opened.id]
    assert frame["state"] == first.model_dump(mode="json", by_alias=True)


async def test_hostile_text_is_cleaned_at_the_door(backend: Backend) -> None:
    key = await backend.key("incidences")
    case = await open_case(
        key,
        "\x1b[2Jevil\u202e",
        summary="[/broken]\x1b]52;c;aGk=\x07",
        userInputs={"note\x9b": ["\x1b[31mred"]},
    )
    assert case.user_id == "[2Jevil"
    assert case.summary == "[/broken]]52;c;aGk="
    assert case.user_inputs == {"note": ["[31mred"]}


async def test_a_repeated_post_opens_one(backend: Backend) -> None:
    key = await backend.key("incidences")
    body = {"userId": "u", "stage": "PRE_ORDER", "channel": "CALL", "trigger": "USER_INITIATED"}
    answers = [
        await key.transport.call("POST", "/incidences", None, body, idempotency_key="order-7-help") for _ in range(3)
    ]
    assert answers[0] == answers[1] == answers[2]
    assert (await (await backend.owner()).incidences.counts())["all"] == 1
    with pytest.raises(ApiError) as refused:
        await key.transport.call("POST", "/incidences", None, body | {"userId": "v"}, idempotency_key="order-7-help")
    assert refused.value.code == "IDEMPOTENCY_KEY_REUSED"


GOOD = {"userId": "u", "stage": "PRE_ORDER", "channel": "CALL", "trigger": "USER_INITIATED"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"userId": None}, "userId"),
        ({"userId": ""}, "userId"),
        ({"userId": "x" * 129}, "userId"),
        ({"userId": {"a": 1}}, "userId"),
        ({"stage": "LATER"}, "stage"),
        ({"channel": "FAX"}, "channel"),
        ({"trigger": "x"}, "trigger"),
        ({"orderValue": -1}, "orderValue"),
        ({"orderValue": "many"}, "orderValue"),
        ({"orderValue": 1e13}, "orderValue"),
        ({"userInputs": []}, "userInputs"),
        ({"userInputs": {"a": "x" * 70_000}}, "userInputs"),
        ({"selectedItems": {}}, "selectedItems"),
        ({"selectedItems": list(range(501))}, "selectedItems"),
        ({"summary": "x" * 201}, "summary"),
    ],
)
async def test_wrong_input_opens_nothing(backend: Backend, change: dict[str, object], field: str) -> None:
    key, owner = await backend.key("incidences"), await backend.owner()
    with pytest.raises(ApiError) as refused:
        await key.transport.call("POST", "/incidences", None, GOOD | change)
    assert (refused.value.status, refused.value.code) == (400, "VALIDATION_ERROR")
    assert refused.value.details["field"].split(".")[0] == field
    assert (await owner.incidences.list()).items == []
