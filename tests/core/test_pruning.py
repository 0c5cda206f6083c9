"""What is forgotten in time, and what is not: one job a night, by the rules called keeping, some rows at a time."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from backend.alerts.models import AlertItem
from backend.billing.models import StripeEvent
from backend.client import ApiError
from backend.core import pruning
from backend.customers.models import Customer
from backend.delivery.models import Letter
from backend.identity.models import Business, IdempotentAnswer, Invitation, RefreshToken, SignIn
from backend.identity.pruning import forget_attempts
from backend.identity.schemas import MemberAdd
from backend.incidences.bulk_schemas import BulkStart
from backend.incidences.models import Bulk, BulkRow
from backend.incidences.schemas import IncidenceOpen
from backend.integrations.models import OutgoingCall, SyncRun, WebhookDelivery, WebhookPost
from backend.jobs.models import DeadLetter
from backend.risk.models import RiskScore
from backend.rules import keeping
from backend.rules import service as rules
from backend.rules.jobs import forget
from backend.rules.models import RuleSetVersion
from backend.rules.schemas import Publish
from backend.signals.models import Signal
from backend.signals.schemas import CartPut, TrackEvent
from backend.unit import Units
from tests.support.backend import PASSWORD, Backend
from tests.support.incidences import open_case

pytestmark = pytest.mark.alike

DAYS = {"signInsDays": 40, "bulkRowsDays": 9, "sentCallsDays": 8, "webhooksDays": 6, "cartsDays": 5}
OVER = ("letters", "posts", "syncRuns", "deadLetters", "toldOutside", "stripeEvents")
DAYS |= {f"{name}Days": 8 for name in OVER}


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than one transaction's worth is there to forget."""
    monkeypatch.setattr(pruning, "AT_ONCE", 2)


async def night(backend: Backend) -> dict[str, int]:
    """The job, as on its night; what it forgot."""
    units = await the_units(backend)

    def want(work: Any) -> None:
        now = rules.read(work, "keeping")
        if now["version"] == 1:
            settings = now["settings"] | DAYS
            rules.publish(work, "keeping", Publish(version=1, settings=settings, reason="tests are short"))
        work.enqueue(forget)

    before = {one["name"]: one["total"] for one in await units.read(keeping.list_kept)}
    await units.write(want)
    await backend.drain()  # by the clock it is night too, so that the job may run twice
    after = {one["name"]: one["total"] for one in await units.read(keeping.list_kept)}
    return {name: total - before[name] for name, total in after.items() if total > before[name]}


async def the_units(backend: Backend) -> Units:
    """Of the owner's business, also when the owner's sign-in is over."""
    ids = await backend.runtime.database.read(lambda session: session.scalars(select(Business.id)).all())
    return Units(backend.runtime, min(ids))


async def count(backend: Backend, model: Any, *where: Any) -> int:
    query = select(func.count()).select_from(model).where(*where)
    found: int = await backend.runtime.database.read(lambda session: session.scalar(query))
    return found


async def test_answers_are_repeated_for_a_week(backend: Backend) -> None:
    key, body = await backend.key(), IncidenceOpen.model_validate(OPENING)
    made = [await key.incidences.open(body, idempotency_key=f"k-{number}") for number in range(5)]
    backend.clock.advance(days=6)
    young = await key.incidences.open(body, idempotency_key="young")
    await night(backend)
    assert (await key.incidences.open(body, idempotency_key="k-0")).incidence_id == made[0].incidence_id
    backend.clock.advance(days=2)
    await night(backend)
    assert await count(backend, IdempotentAnswer) == 1
    assert (await key.incidences.open(body, idempotency_key="young")).incidence_id == young.incidence_id


async def test_sign_ins_are_forgotten_once_they_are_long_over(backend: Backend) -> None:
    gone, stays = await backend.member("agent"), await backend.member("agent")
    await gone.identity.sign_out()
    backend.clock.advance(days=39)
    await night(backend)
    before = await count(backend, SignIn)
    backend.clock.advance(days=2)
    await night(backend)
    assert await count(backend, SignIn) == before - 1
    assert await count(backend, SignIn, SignIn.ended_at.is_not(None)) == 0
    assert await count(backend, RefreshToken) == before - 1, "those that may still be asked about are kept"
    backend.clock.advance(days=30)  # 30 days they hold, and 40 more
    await night(backend)
    assert await count(backend, SignIn) == await count(backend, RefreshToken) == 0
    assert stays.transport.access_token is not None


async def test_of_a_sign_in_that_goes_on_old_tokens_are_forgotten_and_of_invitations_who_never_came(
    backend: Backend,
) -> None:
    agent, owner = await backend.member("agent"), await backend.owner()
    body = MemberAdd(email="never@example.com", name="Never", role="agent")
    await owner.businesses.add_member((await owner.identity.me()).business.id, body)
    for _ in range(5):
        backend.clock.advance(days=20)
        for one in (agent, owner):
            await one.identity.refresh()
    assert await count(backend, RefreshToken) == 12
    await night(backend)
    assert await count(backend, RefreshToken) == 8, "two of each expired over 40 days ago"
    assert await agent.identity.refresh()
    assert await count(backend, Invitation) == 1
    await (await the_units(backend)).write(forget_attempts)
    assert await count(backend, Invitation) == 0


async def test_what_became_of_each_case_of_a_verb_on_many_is_forgotten_and_the_verb_is_not(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    for number in range(5):
        await open_case(key, f"u-{number}")
    done = await agent.bulks.start(BulkStart.model_validate({"verb": "take", "args": {}, "q": "p3"}))
    await backend.drain()
    backend.clock.advance(days=8)
    await night(backend)
    assert await count(backend, BulkRow) == 5
    backend.clock.advance(days=2)
    await night(backend)
    assert await count(backend, BulkRow) == 0
    assert await count(backend, Bulk, Bulk.id == done.bulk_id, Bulk.done == 5) == 1


async def test_calls_that_were_made_and_webhooks_that_were_understood_are_forgotten(backend: Backend) -> None:
    units, case = await backend.units(), await open_case(await backend.key())

    def keep(work: Any) -> None:
        for number, state in enumerate(("SENT", "SENT", "SENT", "FAILED", "QUEUED")):
            call = {"platform": "freshchat", "conversation_id": "c", "incidence_id": case.incidence_id, "seq": number}
            at = {"due_at": work.now, "created_at": work.now, "settled_at": None if state == "QUEUED" else work.now}
            work.add(OutgoingCall(**call, kind="NOTE", state=state, **at))
        for number in range(5):
            row = {"dedup_key": f"d-{number}", "body": b"{}", "headers": {"h": "1"}, "received_at": work.now}
            work.add(WebhookDelivery(platform="freshchat", **row, processed_at=work.now if number else None))

    await units.write(keep)
    blank: Callable[[], Any] = lambda: count(backend, WebhookDelivery, WebhookDelivery.body == b"")  # noqa: E731
    backend.clock.advance(days=5)
    await night(backend)
    assert (await count(backend, OutgoingCall), await blank()) == (5, 0)
    backend.clock.advance(days=4)
    await night(backend)
    assert await count(backend, OutgoingCall, OutgoingCall.state.in_(("FAILED", "QUEUED"))) == 2
    assert await count(backend, OutgoingCall) == 2
    assert await blank() == 4
    assert await count(backend, WebhookDelivery) == 5, "their keys tell that they came once"


async def test_what_is_over_is_forgotten_and_what_is_open_is_not(backend: Backend) -> None:
    """Three of each are over; one more is not."""
    units = await backend.units()

    def keep(work: Any) -> None:
        for number in range(4):
            at = work.now if number else None
            told = {"kind": "EMAIL", "subject": "s", "text": "t", "cause": f"c-{number}", "due_at": work.now}
            work.add(Letter(**told, state="SENT" if at else "PENDING", created_at=work.now, settled_at=at))
            post = {"integration_id": "i", "cause": f"c-{number}", "type": "t", "payload": {}, "wanted_at": work.now}
            dates = {"due_at": work.now, "created_at": work.now, "settled_at": at}
            work.add(WebhookPost(**post, **dates, state="DEAD" if at else "QUEUED"))
            work.add(SyncRun(integration_id="i", began_at=work.now, ended_at=at))
            job = {"job_id": f"j-{number}", "job": "x", "args": {}, "error": "e", "attempts": 3, "failed_at": work.now}
            work.add(DeadLetter(**job, replayed_at=at))
            item = {"seq": number, "destination": "d", "stage": 0, "way": "SLACK", "kind": "PLAYBOOK", "words": "w"}
            work.add(AlertItem(**item, severity="info", at=work.now, due_at=work.now, sent_at=at))
            event = {"stripe_account_id": "a", "stripe_event_id": f"e-{number}", "type": "t", "body": b"{1}"}
            work.add(StripeEvent(**event, occurred_at=work.now, received_at=work.now, came_by="list", processed_at=at))

    await units.write(keep)
    backend.clock.advance(days=7)
    assert await night(backend) == {}
    backend.clock.advance(days=2)
    assert await night(backend) == dict.fromkeys(OVER, 3)
    for model in (Letter, WebhookPost, SyncRun, DeadLetter, AlertItem):
        assert await count(backend, model) == 1, model
    assert await count(backend, StripeEvent) == 4, "that they came stays"


async def test_signals_go_with_their_visits_and_what_was_counted_of_them_stays(backend: Backend) -> None:
    owner, app, now = await backend.owner(), await backend.key(), backend.clock.now()
    for number in range(5):
        for ago, name in ((399.5, "login"), (398, "feature_used")):
            at = now - timedelta(days=ago)
            await app.tracking.track(TrackEvent(customer_id=f"u-{number}", event=name, timestamp=at, id=f"{ago}"))
    await app.context.set_cart("u-0", CartPut(cart_items=[{"note": "x"}], guest_count=4, event_type="WEDDING"))
    assert len((await owner.customers.sessions("u-1")).items) == 2

    def more_scores(work: Any) -> None:
        about = {"score": 70, "level": "high", "factors": [], "rule_version": 1, "calculated_at": work.now}
        for id in work.session.scalars(select(Customer.id)).all():
            work.add(RiskScore(customer_id=id, **about))
            work.add(RiskScore(customer_id=id, **about))

    await (await the_units(backend)).write(more_scores)
    assert "signals" not in await night(backend), "received today, whenever they happened"
    backend.clock.advance(days=399)
    await night(backend)
    backend.clock.advance(days=2)
    scores = await count(backend, RiskScore)
    forgotten = await night(backend)
    assert forgotten["signals"] == 10
    assert forgotten["riskScores"] == scores - await count(backend, RiskScore) >= 10
    assert await count(backend, Signal) == 0
    await owner.identity.sign_in("owner1@example.com", PASSWORD)
    assert (await owner.customers.sessions("u-1")).items == []
    for number in range(5):
        assert (await owner.customers.risk(f"u-{number}")).history, "the latest is kept, however old"
    context = await owner.context.show("u-0")
    assert (context.cart_items, context.guest_count, context.event_type) == ([], None, None)
    assert (await owner.customers.list(sort="last_activity")).items[0].last_activity is not None
    [told] = [one for one in (await owner.rules.keeping()).items if one.name == "signals"]
    assert (told.days, told.total, told.last_at) == (400, 10, backend.clock.now())
    assert await night(backend) == {}
    [again] = [one for one in (await owner.rules.keeping()).items if one.name == "signals"]
    assert (again.last_count, again.total) == (0, 10)
    entries = (await owner.audit.list(type="data.forgotten"))["items"]
    assert sum(entry["data"]["rows"].get("signals", 0) for entry in entries) == 10


async def test_who_may_see_and_set_it(backend: Backend) -> None:
    owner, supervisor, stranger = (
        await backend.owner(),
        await backend.member("supervisor"),
        await backend.another_owner(),
    )
    with pytest.raises(ApiError) as refusal:
        await supervisor.rules.keeping()
    assert refusal.value.status == 403
    rules = await owner.rules.show("keeping")
    for name, days in (("signalsDays", 59), ("answersDays", 0), ("webhooksDays", 4_000), ("cartsDays", "long")):
        body = {"version": 1, "settings": rules["settings"] | {name: days}, "reason": "x"}
        with pytest.raises(ApiError) as refusal:
            await owner.rules.publish("keeping", body)
        assert refusal.value.status in (400, 422)
    body = {"version": 1, "settings": rules["settings"] | {"answersDays": 3}, "reason": "less"}
    await owner.rules.publish("keeping", body)
    days = [
        {one.name: one.days for one in (await client.rules.keeping()).items}["answers"] for client in (owner, stranger)
    ]
    assert days == [3, 7]

    def by_an_older_release(work: Any) -> None:
        older = {key: value for key, value in rules["settings"].items() if key != "conversationsDays"} | {
            "answersDays": 2
        }
        document = {"kind": "keeping", "groups": {}, "settings": older, "rules": []}
        about = {"reason": "before", "published_by": None, "published_at": work.now}
        work.add(RuleSetVersion(kind="keeping", version=3, document=document, **about))

    await (await the_units(backend)).write(by_an_older_release)
    days = {one.name: one.days for one in (await owner.rules.keeping()).items}
    assert (days["answers"], days["conversations"]) == (2, 180), (
        "a setting of today is as shipped in rules of yesterday"
    )
    await owner.rules.publish("keeping", {"version": 3, "settings": rules["settings"], "reason": "goes on"})


OPENING = {"userId": "u-1", "stage": "PRE_ORDER", "channel": "IN_APP_CHAT", "trigger": "USER_INITIATED"}
