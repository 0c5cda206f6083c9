"""Webhooks out: what happens is told to endpoints, signed, at least once and known again, whatever goes wrong on the way."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from backend.client import ApiError, Client
from backend.core.errors import NotFound, Unauthenticated, Unavailable, Unprocessable
from backend.customers import service as customers
from backend.demo.outside.receiver import Receiver
from backend.demo.outside.serve import served
from backend.events.models import EventRow
from backend.integrations import webhooks
from backend.integrations.models import Integration, WebhookPost
from backend.integrations.repository import job_key
from backend.integrations.schemas import IntegrationAdd, IntegrationChange, IntegrationMade, ReplayAsked
from backend.integrations.standard_webhooks import new_secret, signed, verify
from backend.integrations.webhooks import sending
from tests.support.backend import Backend
from tests.support.incidences import open_case

ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@asynccontextmanager
async def endpoint(
    backend: Backend, *events: str, of: Client | None = None, name: str = "crm"
) -> AsyncIterator[tuple[Receiver, IntegrationMade]]:
    """An endpoint that is told of `events`, on a real port."""
    receiver = Receiver(backend.clock)
    async with served(receiver) as url:
        body = IntegrationAdd(platform="webhook", name=name, base_url=f"{url}/hooks", events=list(events))
        made = await (of or await backend.owner()).integrations.add(body)
        assert made.webhook_secret is not None
        receiver.secret = made.webhook_secret
        yield receiver, made


async def later(backend: Backend, **more: float) -> None:
    backend.clock.advance(**more)
    await backend.drain()


async def states(owner: Client, made: IntegrationMade) -> list[str]:
    return sorted(one.state for one in (await owner.integrations.posts(made.id)).items)


def test_signatures_are_those_of_the_specification() -> None:
    """The example in its documentation, and every way to be wrong."""
    secret, id = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek"
    at, body = datetime.fromtimestamp(1614265330, UTC), b'{"test": 2432232314}'
    headers = signed(id, at, body, [secret])
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert verify(body, headers, secret, at + timedelta(minutes=5)) == id
    other = new_secret()
    assert verify(body, signed(id, at, body, [other, secret]), secret, at) == id
    wrong: list[tuple[bytes, dict[str, str], datetime]] = [
        (body + b" ", headers, at),
        (body, headers | {"webhook-id": "msg_other"}, at),
        (body, headers | {"webhook-timestamp": "1614265331"}, at),
        (body, headers, at + timedelta(seconds=301)),
        (body, headers, at - timedelta(seconds=301)),
        (body, headers | {"webhook-signature": headers["webhook-signature"].replace("v1,", "v2,")}, at),
        (body, headers | {"webhook-timestamp": "soon"}, at),
        (body, headers | {"webhook-timestamp": "²"}, at),
        (body, {name: value for name, value in headers.items() if name != "webhook-signature"}, at),
        (body, signed(id, at, body, [other]), at),
        (body, {}, at),
    ]
    for raw, told, now in wrong:
        with pytest.raises(Unauthenticated):
            verify(raw, told, secret, now)
    for empty in ("", " ", "whsec_", "whsec_!"):
        with pytest.raises(Unavailable):
            verify(body, headers, empty, at)


async def test_endpoints_are_told_what_they_want_and_nobody_elses(backend: Backend) -> None:
    owner, stranger = await backend.owner(), await backend.another_owner()
    await open_case(await backend.key(), "before")
    async with (
        endpoint(backend, "incidence.opened", "customer.*") as (one, made),
        endpoint(backend, "*", name="all") as (every, _),
        endpoint(backend, "*", of=stranger) as (theirs, _),
    ):
        case = await open_case(await backend.key(), "u-1")
        await owner.incidences.take(case.incidence_id, version=case.version)
        await backend.drain()
        assert one.types == ["incidence.opened"], "what was before the endpoint is not told"
        (got,) = one.got
        assert got.body["data"]["state"]["incidenceId"] == case.incidence_id
        assert got.body["data"]["subject"] == {"type": "incidence", "id": case.incidence_id}
        assert "kind" not in got.body["data"]
        assert {"incidence.opened", "incidence.taken"} <= set(every.types)
        assert not any(type.startswith(("webhook.", "integration.", "alert")) for type in every.types)
        assert theirs.tries == []
        (post,) = (await owner.integrations.posts(made.id)).items
        assert (post.id, post.state, post.tries, post.seq) == (got.id, "SENT", 1, got.body["data"]["seq"])
        with pytest.raises(ApiError) as strange:
            await stranger.integrations.posts(made.id)
        assert strange.value.status == 404
        agent = await backend.member("agent")
        for refused in (agent.integrations.replay(made.id, post.id), agent.integrations.test(made.id)):
            with pytest.raises(ApiError) as forbidden:
                await refused
            assert forbidden.value.status == 403
        await backend.drain()
        assert len(one.got) == 1


async def test_trouble_is_tried_again_and_known_again(backend: Backend) -> None:
    owner = await backend.owner()
    async with endpoint(backend, "incidence.opened") as (receiver, made):
        receiver.answers = [500, -1, 400]
        await open_case(await backend.key(), "u-1")
        await backend.drain()
        (shown,) = (await owner.integrations.list()).items
        assert "500" in (shown.error or "")
        assert shown.paused_until is not None
        assert shown.outgoing == {"QUEUED": 1}
        for minutes in (1, 6, 31, 121):
            await later(backend, minutes=minutes)
        assert len(receiver.got) == 1
        assert len(receiver.tries) == 4
        assert len(set(receiver.tries)) == 1, "each try has the id of the first"
        (shown,) = (await owner.integrations.list()).items
        assert (shown.error, shown.outgoing) == (None, {})
        receiver.answers, receiver.retry_after = [429], "90"
        await open_case(await backend.key(), "u-2")
        await backend.drain()
        await later(backend, seconds=60)
        assert len(receiver.got) == 1, "it is left alone as long as it asked for"
        await later(backend, seconds=31)
        assert len(receiver.got) == 2
        posts = (await owner.integrations.posts(made.id)).items
        assert [one.tries for one in posts] == [1, 4], "to be asked to wait is no try"


@ONLY_SQLITE
async def test_what_cannot_be_told_is_given_up_and_can_be_told_again(backend: Backend) -> None:
    owner = await backend.owner()
    async with endpoint(backend, "incidence.opened") as (receiver, made):
        receiver.always = 404
        await open_case(await backend.key(), "u-1")
        await backend.drain()
        for seconds in sending.AFTER:
            await later(backend, seconds=seconds + 1)
        assert len(receiver.tries) == len(sending.AFTER) + 1
        (post,) = (await owner.integrations.posts(made.id, state="DEAD")).items
        assert (post.status, post.tries) == (404, 9)
        audit = await owner.transport.call("GET", "/api/audit", None, limit=200)
        dead = [one for one in audit["items"] if one["type"] == "webhook.dead"]
        assert [one["subject"]["id"] for one in dead] == [post.id]
        receiver.always = None
        with pytest.raises(ApiError, match="There is no post"):
            await owner.integrations.replay(made.id, "msg_other")
        assert (await owner.integrations.replay(made.id, post.id)).state == "QUEUED"
        with pytest.raises(ApiError) as open_still:
            await owner.integrations.replay(made.id, post.id)
        assert open_still.value.code == "NOT_OVER"
        await backend.drain()
        assert [one.id for one in receiver.got] == [post.id]
        assert (await owner.integrations.replay_all(made.id, ReplayAsked(state="DEAD"))).count == 0
        assert (await owner.integrations.replay_all(made.id, ReplayAsked(state="SENT"))).count == 1
        await backend.drain()
        assert [one.id for one in receiver.got] == [post.id] * 2
        receiver.always = 410
        await owner.integrations.replay(made.id, post.id)
        await backend.drain()
        (shown,) = (await owner.integrations.list()).items
        assert shown.stopped_at is not None, "who answers 410 wants nothing any more"
        assert await states(owner, made) == ["DEAD"]
        receiver.always = None
        await open_case(await backend.key(), "u-2")
        await backend.drain()
        await owner.integrations.change(made.id, IntegrationChange(is_stopped=False))
        await open_case(await backend.key(), "u-3")
        await backend.drain()
        told = [one.body["data"]["state"]["customer"]["userId"] for one in receiver.got[2:]]
        assert told == ["u-3"], "what happened while it was stopped is not told"


async def test_a_kill_in_the_midst_sends_it_again_under_the_same_id(backend: Backend) -> None:
    async with endpoint(backend, "incidence.opened") as (receiver, made):
        await open_case(await backend.key(), "u-1")
        units = await backend.units()
        await units.write(webhooks.posts.follow)
        (step,) = await units.write(sending.take, made.id, backend.runtime.vault)
        await sending.send(step, backend.runtime.outside)  # it arrives, and nobody lives to tell
        assert await units.write(sending.take, made.id, backend.runtime.vault) == []
        await backend.drain()
        assert len(receiver.got) == 1, "who has it, has it"
        await later(backend, minutes=4)
        assert [one.id for one in receiver.got] == [step.post_id] * 2


async def test_a_post_whose_job_is_gone_is_sent_all_the_same(backend: Backend) -> None:
    async with endpoint(backend, "incidence.opened") as (receiver, made):
        await open_case(await backend.key(), "u-1")
        units = await backend.units()
        await units.write(webhooks.posts.follow)
        await units.write(lambda work: work.cancel(job_key("post", made.id)))  # as a dead letter leaves it
        await later(backend, minutes=1)
        assert receiver.got == []
        await later(backend, minutes=30)
        assert len(receiver.got) == 1


@ONLY_SQLITE
async def test_another_secret_signs_beside_the_one_of_before_for_a_day(backend: Backend) -> None:
    owner = await backend.owner()
    async with endpoint(backend, "incidence.opened") as (receiver, made):
        old, new = receiver.secret, new_secret()
        changed = await owner.integrations.change(made.id, IntegrationChange(webhook_secret=new))
        assert new not in changed.model_dump_json()
        await open_case(await backend.key(), "u-1")
        await backend.drain()
        receiver.secret = new
        await open_case(await backend.key(), "u-2")
        await backend.drain()
        assert len(receiver.got) == 2, "both are right for a day"
        await later(backend, hours=25)
        receiver.secret = old
        await open_case(await backend.key(), "u-3")
        await backend.drain()
        assert len(receiver.got) == 2
        for wrong, why in (("whsec_!!", "base64"), ("short", "fewer than 16"), ("whsec_c2hvcnQ=", "fewer than 16")):
            with pytest.raises(ApiError, match=why):
                await owner.integrations.change(made.id, IntegrationChange(webhook_secret=wrong))


async def test_whoever_has_something_to_tell_posts_it_once(backend: Backend) -> None:
    units = await backend.units()
    async with endpoint(backend) as (receiver, made):
        told = {"step": "ring", "customer": {"email": "a@example.com"}}

        def post(work: Any, cause: str = "run-1:2", to: str = "crm") -> str:
            customer = customers.ensure_customer(work, "u-1")
            return webhooks.post(work, to, "playbook.step", told, cause=cause, customer_id=customer.id)

        first = await units.write(post)
        assert await units.write(post) == first, "the same cause is the same post"
        assert await units.write(post, to=made.id) == first
        await backend.drain()
        (got,) = receiver.got
        assert (got.id, got.body["type"], got.body["data"]) == (first, "playbook.step", told)
        assert await units.read(webhooks.outcome_of, first) == "SENT"
        receiver.always = 500
        second = await units.write(post, "run-1:3")
        await backend.drain()
        owner = await backend.owner()
        await owner.customers.erase("u-1")
        assert await units.read(webhooks.outcome_of, second) == "DEAD"
        payloads = await units.read(lambda work: [row.payload for row in work.session.scalars(select(WebhookPost))])
        assert "a@example.com" not in str(payloads)
        with pytest.raises(NotFound, match="nobody"):
            await units.write(post, "run-1:4", "nobody")
        await owner.integrations.change(made.id, IntegrationChange(is_stopped=True))
        with pytest.raises(Unprocessable, match="stopped"):
            await units.write(post, "run-1:5")
        stranger = await backend.units(await backend.another_owner())
        with pytest.raises(NotFound):
            await stranger.write(post, "x", made.id)


@ONLY_SQLITE
async def test_a_storm_is_told_once_each_and_few_at_a_time(backend: Backend) -> None:
    key = await backend.key()
    async with endpoint(backend, "incidence.opened") as (receiver, made):
        receiver.pause = 0.001
        await (await backend.owner()).integrations.change(made.id, IntegrationChange(per_minute=10_000))
        for place in range(80):
            await open_case(key, f"u-{place}")
        await backend.drain()
        assert len({one.id for one in receiver.got}) == len(receiver.got) == 80
        assert receiver.most_together <= 2 * sending.TOGETHER
        behind = await (await backend.units()).read(
            lambda work: work.session.scalar(select(func.max(EventRow.seq))) - work.get(Integration, made.id).told_seq
        )
        assert behind >= 0


@ONLY_SQLITE
async def test_an_endpoint_is_tried_and_what_it_cannot_be_told_is_refused(backend: Backend) -> None:
    owner = await backend.owner()
    async with endpoint(backend) as (receiver, made):
        assert (await owner.integrations.test(made.id)).ok
        assert receiver.types == ["webhook.ping"]
        receiver.always = 503
        tested = await owner.integrations.test(made.id)
        assert (tested.ok, "503" in tested.said) == (False, True)
        for events in (["nothing.*"], ["webhook.dead"], ["incidence.nothing"]):
            with pytest.raises(ApiError) as unknown:
                await owner.integrations.change(made.id, IntegrationChange(events=events))
            assert unknown.value.code == "UNKNOWN_EVENT"
        with pytest.raises(ApiError) as taken:
            await owner.integrations.add(IntegrationAdd(platform="webhook", name="crm", base_url="https://x.example"))
        assert taken.value.code == "ALREADY_CONNECTED"
        other = await owner.integrations.add(IntegrationAdd(platform="webhook", name="b", base_url="https://x.example"))
        with pytest.raises(ApiError) as renamed:
            await owner.integrations.change(other.id, IntegrationChange(name="crm"))
        assert renamed.value.code == "NAME_TAKEN"
        with pytest.raises(ApiError) as unsynced:
            await owner.integrations.sync(made.id)
        assert unsynced.value.code == "NOT_SYNCED"
        (kind,) = (one for one in (await owner.integrations.kinds()).items if one.name == "webhook")
        (events_of,) = (one for one in kind.needs if one.name == "events")
        assert "incidence.opened" in events_of.choices
        assert [one.name for one in kind.needs if one.is_required] == ["baseUrl"]
        await open_case(await backend.key(), "u-1")
        await owner.integrations.remove(made.id)
        await backend.drain()
        rows = await (await backend.units()).read(lambda work: work.session.scalar(select(func.count(WebhookPost.id))))
        assert rows == 0
