"""Discounts that agents give: at the limit and beyond it, of one order added up, many at once, and given once."""

import asyncio
from typing import Any

import pytest

from backend.agent.schemas import ActionAnswer, ActionAsk
from backend.client import ApiError, Client
from backend.incidences.schemas import IncidenceRead
from backend.signals.schemas import CartPut
from tests.agent.asks import act, denied, refused
from tests.support.backend import Backend
from tests.support.incidences import open_case

pytestmark = pytest.mark.alike


async def given(client: Client, case: IncidenceRead) -> list[float | int]:
    board = await client.agent.dashboard(case.incidence_id)
    return [discount.amount for discount in board.order_context.discounts]


LIMITS: tuple[tuple[float, dict[str, Any], float | None], ...] = (
    (31_000, {"percent": 9.9999}, 3_099.96),
    (31_000, {"percent": 10}, 3_100),  # the limit exactly
    (31_000, {"percent": 10.0001}, None),
    (31_000, {"amount": 3_099.99}, 3_099.99),
    (31_000, {"amount": 3_100}, 3_100),
    (31_000, {"amount": 3_100.01}, None),  # one paisa above
    (80_000, {"amount": 4_999.99}, 4_999.99),
    (80_000, {"amount": 5_000}, 5_000),  # the other limit
    (80_000, {"amount": 5_000.01}, None),
    (50_000, {"percent": 10}, 5_000),  # both at once
    (333.35, {"percent": 10}, 33.33),  # never more than the percent
)
"""(order value, what is asked for, what it comes to: None when it needs approval)"""


async def test_discounts_at_the_limit(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    for value, asked, comes_to in LIMITS:
        case = await open_case(key, orderValue=value)
        if comes_to is None:
            error = await refused(act(agent, case, "APPLY_DISCOUNT", **asked))
            assert (error.status, error.code) == (403, "APPROVAL_REQUIRED"), (value, asked)
            assert error.details["rule"] == "discount_over_limit"
            assert await given(agent, case) == []
        else:
            answer = await act(agent, case, "APPLY_DISCOUNT", **asked)
            assert (answer.allowed, answer.rule, answer.rule_version) == (True, "pre_approved_discount", 1)
            assert answer.incidence.version == case.version + 1
            assert await given(agent, case) == [comes_to], (value, asked)


async def test_discounts_of_one_order_are_added_up(backend: Backend) -> None:
    """Whichever case they are given in: two halves are a whole."""
    agent, key = await backend.member("agent"), await backend.key()
    first = await open_case(key, orderValue=30_000, orderId="ORD-1")
    second = await open_case(key, orderValue=30_000, orderId="ORD-1")
    other = await open_case(key, orderValue=30_000, orderId="ORD-2")
    await act(agent, first, "APPLY_DISCOUNT", percent=6)
    error = await refused(act(agent, second, "APPLY_DISCOUNT", percent=6))
    assert error.code == "APPROVAL_REQUIRED"
    assert error.details["reason"] == "12 % of the order, 3,600 in all; the limit is 10 % and 5,000"
    assert error.details["diff"] == ["discount 6 % of 30,000 = 1,800", "with earlier discounts 3,600 = 12 %"]
    await act(agent, second, "APPLY_DISCOUNT", percent=4)
    await act(agent, other, "APPLY_DISCOUNT", percent=10)
    assert await given(agent, second) == [1_800, 1_200]
    verdicts = {verdict.type: verdict for verdict in (await agent.agent.dashboard(first.incidence_id)).actions}
    assert (verdicts["APPLY_DISCOUNT"].allowed, verdicts["APPLY_DISCOUNT"].needs_approval) == (False, True)
    timeline = (await agent.incidences.timeline(second.incidence_id)).items[-1]
    assert timeline.type == "incidence.discount_applied"
    assert timeline.data is not None
    assert {name: timeline.data[name] for name in ("amount", "percent", "total", "rule")} == {
        "amount": 1_200,
        "percent": 4,
        "total": 3_000,
        "rule": "pre_approved_discount",
    }


async def test_thirty_discounts_at_once_never_pass_the_limit(backend: Backend) -> None:
    """Of thirty that ask for 2 % on the same order in five cases at once, five get it."""
    agents, key = [await backend.member("agent") for _ in range(5)], await backend.key()
    cases = [await open_case(key, f"u-{n}", orderValue=20_000, orderId="ORD-1") for n in range(5)]

    async def attempt(place: int) -> bool:
        for _ in range(30):
            try:
                await act(agents[place % 5], cases[place % 5], "APPLY_DISCOUNT", percent=2)
            except ApiError as error:
                if error.code == "STALE_VERSION":
                    continue
                assert error.code == "APPROVAL_REQUIRED"
                return False
            return True
        raise AssertionError("always stale")

    won = await asyncio.gather(*(attempt(place) for place in range(30)))
    assert sum(won) == 5
    assert sum(await given(agents[0], cases[0])) == 2_000


async def test_before_the_order_the_cart_says_what_it_is_worth(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    await key.context.set_cart("u-1", CartPut(cart_items=["Veg thali"], estimated_value=8_000))  # type: ignore[arg-type]
    case = await open_case(key, orderValue=None)
    await act(agent, case, "APPLY_DISCOUNT", percent=10)
    assert await given(agent, case) == [800]


async def test_a_repeated_request_acts_once(backend: Backend) -> None:
    agent, case = await backend.member("agent"), await open_case(await backend.key())
    body = ActionAsk(type="APPLY_DISCOUNT", version=1, params={"percent": 5})
    answers = [await agent.agent.act(case.incidence_id, body, idempotency_key="k") for _ in range(2)]
    assert answers[0] == answers[1]
    assert isinstance(answers[0], ActionAnswer)
    assert await given(agent, case) == [600]
    over = ActionAsk(type="APPLY_DISCOUNT", version=2, params={"percent": 50})
    errors = [await refused(agent.agent.act(case.incidence_id, over, idempotency_key="l")) for _ in range(2)]
    assert errors[0].details == errors[1].details
    assert len(await denied(await backend.owner())) == 1
