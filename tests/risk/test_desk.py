"""Risk at the desk: who is upset there is at risk, and who is at risk is served first."""

from backend.incidences.schemas import EscalationTrigger
from tests.risk.conftest import Growth
from tests.support.incidences import open_case


async def test_a_case_handed_up_as_emotional_is_a_bad_contact(growth: Growth) -> None:
    case = await open_case(growth.app, "asha", orderValue=12_000)
    other = await open_case(growth.app, "ravi", orderValue=12_000)
    await growth.owner.escalations.trigger(EscalationTrigger(incidence_id=case.incidence_id, reason="EMOTIONAL"))
    await growth.owner.escalations.trigger(EscalationTrigger(incidence_id=other.incidence_id, reason="SYSTEM_BUG"))
    await growth.backend.drain()
    asha = await growth.risk("asha")
    assert (asha.score, asha.factors) == (15, ["Negative support interaction"])
    assert (await growth.risk("ravi")).score == 0


async def test_who_is_likely_to_leave_is_served_first(growth: Growth) -> None:
    agent = await growth.backend.member("agent")
    await open_case(growth.app, "first", orderValue=6_000)
    at_risk = await open_case(growth.app, "asha", orderValue=6_000)
    await growth.tell_ago("asha", "payment_failed", 1)
    await growth.tell_ago("asha", "login", 15)
    claimed = await agent.agent.next()
    assert claimed.incidence is not None
    assert claimed.incidence.ref == at_risk.ref
    assert "churn risk 95" in claimed.reasons


async def test_the_queue_filters_by_risk_and_tells_each_move_of_it(growth: Growth) -> None:
    high = await open_case(growth.app, "asha", orderValue=6_000)
    low = await open_case(growth.app, "ravi", orderValue=6_000)
    nothing = await open_case(growth.app, "meera", orderValue=6_000)
    await growth.tell_ago("asha", "payment_failed", 1)
    await growth.tell_ago("asha", "login", 15)
    await growth.tell_ago("ravi", "billing_page_view", 1)
    await growth.tell_ago("nobody", "billing_page_view", 1)  # no case shows this one's score

    async def found(**query: str) -> set[str]:
        return {one.ref for one in (await growth.owner.incidences.list(**query)).items}

    assert await found(view="high_churn") == await found(q="churn>=70") == {high.ref}
    assert await found(q="churn<70") == {low.ref}
    assert await found(q="-churn>0") == {nothing.ref}
    assert (await growth.owner.incidences.counts())["high_churn"] == 1
    assert (await growth.owner.incidences.show(high.ref)).churn_score == 95

    async def told(user: str) -> list[tuple[str, object]]:
        page = await growth.owner.customers.timeline(user)
        return [(one.type, (one.data or {})["score"]) for one in page.items if one.type.startswith("risk.")]

    assert await told("asha") == [("risk.changed", [40, 95]), ("risk.changed", [0, 40])]
    assert await told("ravi") == [("risk.moved", [0, 20])]
    assert await told("nobody") == []
