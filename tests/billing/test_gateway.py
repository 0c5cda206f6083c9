"""What the gateway does when Stripe is slow, busy, broken or not there. The answers are scripted; the library is real."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
import pytest_asyncio

from backend.billing.gateway import Door, Gateway, Gateways
from backend.billing.pace import SANDBOX_PER_SECOND, Pace, Time
from backend.core.clock import FrozenClock
from backend.core.outside import Outside, Refused, Throttled, Unclear, Unreached

Answer = tuple[int, dict[str, Any], dict[str, str]] | Exception


class Script:
    """Answers one after the other (the last one for ever), and keeps what was asked. Its time does not wait."""

    def __init__(self) -> None:
        self.answers: list[Answer] = [(200, {"id": "sub_1", "object": "subscription"}, {})]
        self.asked: list[httpx.Request] = []
        self.slept: list[float] = []
        self.now = 1000.0

    async def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        status, body, headers = answer
        return httpx.Response(status, json=body, headers=headers)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    @property
    def time(self) -> Time:
        return Time(lambda: self.now, self.sleep, lambda: 1.0)


@pytest.fixture
def script() -> Script:
    return Script()


Open = Callable[..., Gateway]


@pytest_asyncio.fixture
async def opened(script: Script) -> AsyncIterator[Open]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(script.answer)) as http:
        gateways = Gateways(Outside(FrozenClock()), "http://stripe.test", http=http)
        gateways.time = script.time
        yield lambda account=None, **more: gateways.open(Door("b", "rk_test_1", account, False), **more)


def refusal(status: int, message: str, code: str = "", **headers: str) -> Answer:
    return status, {"error": {"type": "invalid_request_error", "message": message, "code": code}}, headers


async def test_a_call_carries_version_account_and_key(script: Script, opened: Open) -> None:
    await opened("acct_9").update_subscription("sub_1", "key-1", pause_collection={"behavior": "void"})
    (request,) = script.asked
    assert request.headers["stripe-version"] == "2026-10-28.endive"
    assert request.headers["stripe-account"] == "acct_9"
    assert request.headers["idempotency-key"] == "key-1"
    assert b"pause_collection[behavior]=void" in request.content
    await opened().update_subscription("sub_1", "key-2", pause_collection="", discounts="")
    assert b"pause_collection=&discounts=" in script.asked[-1].content
    assert "stripe-account" not in script.asked[-1].headers


async def test_what_may_pass_is_tried_again_with_the_same_key(script: Script, opened: Open) -> None:
    good = script.answers[0]
    script.answers = [
        refusal(500, "Something broke"),
        httpx.ReadTimeout("slow"),
        refusal(409, "in use", "lock_timeout"),
        good,
    ]
    shown = await opened().update_subscription("sub_1", "key-1", cancel_at_period_end=True)
    assert shown == {"id": "sub_1", "object": "subscription"}
    assert [request.headers["idempotency-key"] for request in script.asked] == ["key-1"] * 4
    assert script.slept == [0.5, 1.0, 2.0]  # full jitter, with chance at its most


async def test_too_many_requests_wait_as_long_as_stripe_says_and_hold_the_whole_account(
    script: Script, opened: Open
) -> None:
    script.answers = [refusal(429, "slow down", "rate_limit", **{"Retry-After": "3"}), script.answers[0]]
    await opened().subscription("sub_1")
    assert script.slept == [3.5]
    script.answers = [refusal(429, "slow down", "rate_limit", **{"Retry-After": "120"})]
    with pytest.raises(Throttled) as caught:
        await opened().subscription("sub_1")
    assert caught.value.seconds == 120
    script.answers = [(200, {}, {})]
    await opened().subscription("sub_2")  # another call of this account waits too
    assert script.slept[-1] == pytest.approx(120)


@pytest.mark.parametrize(
    ("answer", "trouble", "calls"),
    [
        (refusal(404, "No such subscription: 'sub_1'", "resource_missing"), Refused, 1),
        (refusal(403, "The provided key does not have the required permissions"), Refused, 1),
        (refusal(401, "Invalid API Key provided"), Refused, 1),
        (refusal(500, "broken"), Unclear, 5),
        (refusal(500, "broken", **{"Stripe-Should-Retry": "false"}), Unclear, 1),
        (refusal(503, "down"), Unclear, 5),
        (httpx.ConnectError("refused"), Unreached, 5),
        (httpx.ReadTimeout("slow"), Unclear, 5),
        (httpx.RemoteProtocolError("hung up"), Unclear, 5),
        (refusal(429, "slow down"), Throttled, 5),
    ],
)
async def test_each_trouble_says_whether_something_may_have_been_done(
    script: Script, opened: Open, answer: Answer, trouble: type[Exception], calls: int
) -> None:
    script.answers = [answer]
    with pytest.raises(trouble) as caught:
        await opened().post("subscriptions/sub_1", "key-1")
    assert len(script.asked) == calls
    assert "rk_test" not in str(caught.value)
    if isinstance(caught.value, Refused):
        assert caught.value.status in (401, 403, 404)


async def test_a_refusal_keeps_stripes_own_code(script: Script, opened: Open) -> None:
    script.answers = [refusal(404, "No such subscription", "resource_missing")]
    with pytest.raises(Refused) as caught:
        await opened().subscription("sub_1")
    assert (caught.value.status, caught.value.code) == (404, "resource_missing")
    assert "No such subscription" in str(caught.value)


async def test_a_list_is_read_page_by_page_with_its_filters(script: Script, opened: Open) -> None:
    script.answers = [
        (200, {"data": [{"id": "a"}, {"id": "b"}], "has_more": True}, {}),
        (200, {"data": [{"id": "c"}], "has_more": False}, {}),
    ]
    found = [item["id"] async for item in opened("acct_9").each("events", created={"gte": 5}, types=["a", "b"])]
    assert found == ["a", "b", "c"]
    first, second = (request.url.params for request in script.asked)
    assert (first["limit"], first["created[gte]"], first["types[1]"]) == ("100", "5", "b")
    assert (second["starting_after"], second["created[gte]"]) == ("b", "5")
    assert all(request.headers["stripe-account"] == "acct_9" for request in script.asked)


async def test_an_idle_account_has_a_second_of_tokens_and_then_its_rate(script: Script) -> None:
    pace = Pace(SANDBOX_PER_SECOND, script.time)
    for _ in range(6):
        await pace.take()
    assert script.slept == []
    for _ in range(12):
        await pace.take()
    assert script.now - 1000.0 == pytest.approx(2.0)
