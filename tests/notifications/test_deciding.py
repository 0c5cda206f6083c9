"""What a customer makes of help: seen, dismissed, accepted; the case that follows; who may tell it; erasure."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from backend.client import ApiError
from backend.core.clock import instant
from backend.incidences.schemas import IncidenceChange
from backend.jobs.registry import JOBS
from backend.notifications.models import Notification
from backend.notifications.schemas import NotificationTrigger, Suppress
from backend.signals.schemas import Prompt, TrackEvent
from tests.signals.conftest import Shop
from tests.support.follows import follows
from tests.support.incidences import open_case

pytestmark = pytest.mark.alike


async def offered(shop: Shop, user: str = "asha", type: str = "platter_view", times: int = 4) -> Prompt:
    prompt = (await shop.post(user, type, times)).prompt
    assert prompt is not None
    return prompt


async def test_seen_is_told_once_and_shown_nowhere_again(shop: Shop) -> None:
    await shop.post("asha", "customization", 5)
    await shop.app.tracking.track(
        TrackEvent(customer_id="asha", event="customization")
    )  # a batch offers, and shows nothing
    page = await shop.app.notifications.list("asha")
    (id,) = page.to_show
    seen = await shop.app.notifications.see(id)
    shop.backend.clock.advance(seconds=5)
    assert await shop.app.notifications.see(id) == seen
    assert (seen.state, seen.seen_at) == ("SEEN", seen.offered_at)
    assert (await shop.post("asha", "screen_view")).prompt is None
    later = await shop.app.notifications.list("asha", after=page.after)
    assert ([one.state for one in later.items], later.to_show) == (["SEEN"], [])
    assert (await shop.app.notifications.list("asha", after=later.after)).items == []
    assert len(await shop.events("asha", "notification.seen")) == 1


async def test_accepted_told_twice_opens_one_case(shop: Shop) -> None:
    prompt = await offered(shop)
    answers = await asyncio.gather(*(shop.app.notifications.accept(prompt.id) for _ in range(4)))
    assert {one.state for one in answers} == {"ACCEPTED"}
    async with follows(shop.backend, shop.owner):
        await shop.backend.drain()
    (case,) = (await shop.owner.incidences.list()).items
    assert (case.trigger, case.issue_category, case.user_id) == ("USER_INITIATED", "platters_viewed", "asha")
    assert case.summary == "Accepted “Want expert recommendation?”: viewed 4 platters"
    (told,) = (await shop.owner.audit.list(type="notification.accepted"))["items"]
    units = await shop.backend.units()
    job = JOBS["incidences.open_for_accepted"]
    await job.run(_Again(units), event_id=told["id"], seq=told["seq"])  # as after a kill in its midst
    assert len((await shop.owner.incidences.list()).items) == 1
    (kept,) = (await shop.app.notifications.list("asha")).items
    assert kept.incidence_id == case.incidence_id


async def test_it_stands_in_the_story_of_the_open_case(shop: Shop) -> None:
    case = await open_case(shop.owner, "asha")
    prompt = await offered(shop)
    await shop.app.notifications.see(prompt.id)
    async with follows(shop.backend, shop.owner):
        await shop.app.notifications.accept(prompt.id)
        await shop.backend.drain()
    story = (await shop.owner.incidences.timeline(case.incidence_id)).items
    assert [one.type for one in story if one.type.startswith("notification.") or one.type.endswith("wanted")] == [
        "notification.offered",
        "notification.seen",
        "notification.accepted",
        "incidence.help_wanted",
    ]
    assert len((await shop.owner.incidences.list()).items) == 1
    other = await offered(shop, type="customization", times=6)
    await shop.app.notifications.suppress("asha", Suppress(notification_id=other.id))
    story = (await shop.owner.incidences.timeline(case.incidence_id)).items
    assert story[-1].type == "notification.dismissed"


async def test_accepting_wakes_the_case_even_after_the_visit(shop: Shop) -> None:
    case = await open_case(shop.owner, "asha")
    until = shop.backend.clock.now() + timedelta(days=1)
    await shop.owner.incidences.change(case.incidence_id, IncidenceChange(version=case.version, snoozed_until=until))
    prompt = await offered(shop)
    await shop.post("asha", "session_end")
    assert (await shop.app.notifications.list("asha")).items[0].state == "EXPIRED"
    assert (await shop.app.notifications.accept(prompt.id)).state == "ACCEPTED"
    async with follows(shop.backend, shop.owner):
        await shop.backend.drain()
    woken = await shop.owner.incidences.show(case.incidence_id)
    assert (woken.status, woken.snoozed_until) == ("OPEN", None)
    shop.backend.clock.advance(days=2)
    await shop.backend.drain()  # the timer of its sleep is gone, too
    story = (await shop.owner.incidences.timeline(case.incidence_id)).items
    assert "incidence.snooze_ended" not in {one.type for one in story}


async def test_help_for_friction_and_an_acceptance_at_once_share_one_case(shop: Shop) -> None:
    prompt = await offered(shop)
    await shop.post("asha", "inactivity", value=90)
    await asyncio.gather(shop.app.notifications.accept(prompt.id), shop.post("asha", "back_navigation", 9))
    assert "score" in [data["cause"] for data in await shop.events("asha", "customer.help_offered")]
    await shop.backend.drain()
    assert len((await shop.owner.incidences.list()).items) == 1


async def test_two_acceptances_at_once_share_one_case(shop: Shop) -> None:
    first, second = await offered(shop), await offered(shop, type="customization", times=6)
    await asyncio.gather(shop.app.notifications.accept(first.id), shop.app.notifications.accept(second.id))
    await shop.backend.drain()
    assert len((await shop.owner.incidences.list()).items) == 1
    page = await shop.app.notifications.list("asha")
    assert len({one.incidence_id for one in page.items}) == 1


async def test_a_dismissed_offer_cannot_be_accepted_and_an_accepted_one_stays(shop: Shop) -> None:
    prompt, other = await offered(shop), await offered(shop, type="customization", times=6)
    await shop.app.notifications.accept(other.id)
    assert (await shop.app.notifications.suppress("asha")).dismissed == [prompt.id]
    assert (await shop.app.notifications.suppress("asha")).dismissed == []
    with pytest.raises(ApiError) as refused:
        await shop.app.notifications.accept(prompt.id)
    assert (refused.value.status, refused.value.code) == (409, "NOTIFICATION_DISMISSED")
    assert (await shop.app.notifications.see(prompt.id)).state == "DISMISSED"
    await shop.backend.drain()
    assert len((await shop.owner.incidences.list()).items) == 1
    assert (await shop.owner.notifications.accept(other.id)).state == "ACCEPTED"
    until = (await shop.events("asha", "customer.help_suppressed"))[-1]["until"]
    assert until > instant(shop.backend.clock.now())


async def test_who_may_not(shop: Shop) -> None:
    prompt = await offered(shop)
    narrow, stranger = await shop.backend.key("context"), await shop.backend.another_owner()
    for client, status in ((narrow, 403), (await shop.backend.anonymous(), 401), (stranger, 404)):
        for call in (
            client.notifications.list("asha"),
            client.notifications.see(prompt.id),
            client.notifications.accept(prompt.id),
            client.notifications.suppress("asha"),
            client.notifications.trigger(NotificationTrigger(user_id="asha")),
        ):
            with pytest.raises(ApiError) as refused:
                await call
            assert refused.value.status == status
    await offered(shop, "ravi")
    with pytest.raises(ApiError) as refused:
        await shop.app.notifications.suppress("ravi", Suppress(notification_id=prompt.id))
    assert refused.value.status == 404
    states = [(await shop.app.notifications.list(user)).items[0].state for user in ("asha", "ravi")]
    assert states == ["OFFERED", "OFFERED"]
    assert await shop.events("ravi", "customer.help_suppressed") == []


async def test_nothing_is_left_of_an_erased_customer(shop: Shop) -> None:
    prompt = await offered(shop)
    await offered(shop, "ravi")
    await shop.app.notifications.accept(prompt.id)
    await shop.owner.customers.erase("asha")
    await shop.backend.drain()  # the acceptance finds nobody to open a case for
    assert (await shop.owner.incidences.list()).items == []
    count = select(func.count()).select_from(Notification)
    assert await shop.backend.runtime.database.read(lambda session: session.scalar(count)) == 1
    with pytest.raises(ApiError) as refused:
        await shop.app.notifications.see(prompt.id)
    assert refused.value.status == 404


class _Again:
    """A job's context: the units of the business."""

    def __init__(self, units: object) -> None:
        self.write = units.write  # type: ignore[attr-defined]
