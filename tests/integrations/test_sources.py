"""CRM, support and payments: read with a checkpoint, resumed where it stopped, refusals told, nothing taken in twice."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from backend.client import ApiError
from backend.core.outside import Unclear
from backend.customers.models import Customer
from backend.demo.outside.apis import ApiDouble
from backend.demo.outside.hubspot import HubSpotDouble
from backend.demo.outside.razorpay import RazorpayDouble
from backend.demo.outside.serve import served
from backend.demo.outside.talks import Mishap
from backend.demo.outside.zendesk import ZendeskDouble
from backend.integrations import hubspot as vendor
from backend.integrations import sync
from backend.integrations.models import WebhookDelivery
from backend.integrations.schemas import IntegrationAdd, IntegrationChange, IntegrationRead
from backend.signals.models import Signal
from backend.signals.schemas import ScreenPut
from tests.support.backend import Backend

ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@asynccontextmanager
async def connected(backend: Backend, double: ApiDouble, **more: Any) -> AsyncIterator[IntegrationRead]:
    body: dict[str, Any] = {"per_minute": 10_000, **more}
    match double:
        case HubSpotDouble():
            body |= {"platform": "hubspot", "token": double.token}
        case ZendeskDouble():
            body |= {"platform": "zendesk", "token": double.token, "agent_id": double.email}
        case RazorpayDouble():
            body |= {"platform": "razorpay", "token": double.key, "account_id": double.key_id}
            body |= {"webhook_secret": double.secret}
    async with served(double) as url:
        yield await (await backend.owner()).integrations.add(IntegrationAdd(base_url=url, **body))


async def customers(backend: Backend) -> dict[str, Customer]:
    found = await backend.runtime.database.read(lambda session: list(session.scalars(select(Customer))))
    return {one.external_id: one for one in found}


async def signals(backend: Backend) -> list[tuple[str, str]]:
    rows = await backend.runtime.database.read(lambda session: list(session.scalars(select(Signal))))
    return sorted((one.type, str(one.properties)) for one in rows)


async def synced(backend: Backend, made: IntegrationRead) -> Any:
    """Read it now; the newest reading."""
    owner = await backend.owner()
    await owner.integrations.sync(made.id)
    await backend.drain()
    return (await owner.integrations.runs(made.id)).items[0]


async def test_contacts_become_customers_and_are_followed(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vendor, "PAGE", 20)
    double, owner = HubSpotDouble(backend.clock), await backend.owner()
    async with connected(backend, double) as made:
        for place in range(30):
            double.put(customer_id=f"c-{place}", firstname="Asha", lastname=str(place), email=f"a{place}@example.com")
        double.put(firstname="No", lastname="Id", email="none@example.com", phone="call me \x1b[2J")
        backend.clock.advance(minutes=30)
        run = await synced(backend, made)
        assert (run.read, run.changed, run.refused, run.error) == (31, 31, 1, None)
        (problem,) = run.problems
        assert (problem.record, problem.reason) == ("131", "phone: is not a phone number")
        (shown,) = (await owner.integrations.list()).items
        assert shown.last_run is not None
        assert (shown.last_run.read, shown.last_run.refused) == (31, 1)
        found = await customers(backend)
        assert len(found) == 31
        assert (found["c-7"].name, found["c-7"].email) == ("Asha 7", "a7@example.com")
        assert found["hubspot:131"].name == "No Id"
        backend.clock.advance(hours=1)
        assert (await synced(backend, made)).read == 0
        double.put("101", phone="+91 98000 00000", email=None, hs_email_optout="true")
        run = await synced(backend, made)
        assert (run.read, run.changed) == (1, 1)
        changed = (await customers(backend))["c-0"]
        assert (changed.phone, changed.email) == ("+91 98000 00000", "a0@example.com"), (
            "what is empty there says nothing"
        )
        assert changed.email_opt_out
        audit = await owner.transport.call("GET", "/api/audit", None, limit=200)
        (event,) = [one for one in audit["items"] if one["type"] == "customer.changed"]
        assert event["actor"]["name"] == "HubSpot"
        assert "98000" not in str(event), "what is told is masked"
        run = await synced(backend, made)
        assert (run.read, run.changed) == (1, 0), "the overlap reads it again, and changes nothing"
        double.put("101", hs_email_optout="false")
        assert ((await synced(backend, made)).changed, (await customers(backend))["c-0"].email_opt_out) == (0, True)
        await owner.customers.erase("hubspot:131")
        runs = (await owner.integrations.runs(made.id)).items
        assert not any(one.problems for one in runs), "nothing is kept of what was refused of who is erased"


@ONLY_SQLITE
async def test_who_changes_while_contacts_are_read_hides_nobody_else(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    double, has_changed = HubSpotDouble(backend.clock), False
    monkeypatch.setattr(vendor, "PAGE", 20)
    async with connected(backend, double) as made:
        for place in range(45):
            double.put(customer_id=f"c-{place}")
            backend.clock.advance(seconds=1)
        real = double.answer

        def beside(method: str, path: str, asked: Any) -> Any:
            nonlocal has_changed
            answer = real(method, path, asked)
            if not has_changed:
                double.put("101", firstname="Asha")  # to the end of the list, and all others move up
                has_changed = True
            return answer

        monkeypatch.setattr(double, "answer", beside)
        run = await synced(backend, made)
        assert set(await customers(backend)) == {f"c-{place}" for place in range(45)}
        assert (run.read, run.changed) == (46, 46)


@ONLY_SQLITE
async def test_a_reading_resumes_where_it_stopped(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    double, owner = HubSpotDouble(backend.clock), await backend.owner()
    monkeypatch.setattr(vendor, "PAGE", 20)
    async with connected(backend, double) as made:
        for place in range(50):
            double.put(customer_id=f"c-{place}")
        real = double.answer

        def throttled_later(method: str, path: str, asked: Any) -> Any:
            if asked.get("after") == "20":
                double.mishaps.append(Mishap("throttle", seconds=30))
            return real(method, path, asked)

        monkeypatch.setattr(double, "answer", throttled_later)
        await owner.integrations.sync(made.id)
        await backend.drain()
        (run,) = (await owner.integrations.runs(made.id)).items
        assert (run.read, run.ended_at) == (40, None)
        assert "429" in (run.error or "")
        (shown,) = (await owner.integrations.list()).items
        assert shown.paused_until == backend.clock.now() + timedelta(seconds=30)
        asked = len(double.requests)
        monkeypatch.setattr(double, "answer", real)
        backend.clock.advance(seconds=31)
        await backend.drain()
        (run,) = (await owner.integrations.runs(made.id)).items
        assert (run.read, run.changed, run.error) == (50, 50, None)
        assert run.ended_at is not None
        assert [one[2].get("after") for one in double.requests[asked:]] == ["40"], "what was read is not read again"


@ONLY_SQLITE
async def test_trouble_of_a_reading_that_another_one_overtook_is_nobodys(backend: Backend) -> None:
    double, owner = HubSpotDouble(backend.clock), await backend.owner()
    async with connected(backend, double) as made:
        double.put(customer_id="c-1")
        units = await backend.units()
        place = await units.write(sync._begin, made.id, backend.runtime.vault)
        assert (await synced(backend, made)).ended_at is not None
        await units.write(sync._trouble, made.id, place, Unclear("it did not answer"))
        (shown,) = (await owner.integrations.list()).items
        (run,) = (await owner.integrations.runs(made.id)).items
        assert (shown.error, run.error, run.read) == (None, None, 1)


@ONLY_SQLITE
async def test_trouble_is_told_and_the_schedule_goes_on(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    double, owner = HubSpotDouble(backend.clock), await backend.owner()
    async with connected(backend, double) as made:
        assert (await owner.integrations.test(made.id)).said == "It answers, and has 0 contacts."
        double.put(customer_id="c-1")
        double.authorization = "Bearer other"
        run = await synced(backend, made)
        assert (run.read, run.error) == (0, "HubSpot answered 401: the token is not valid")
        tested = await owner.integrations.test(made.id)
        assert (tested.ok, tested.said) == (False, "HubSpot answered 401: the token is not valid")
        double.authorization = f"Bearer {double.token}"
        await backend.drain()
        backend.clock.advance(minutes=15)
        await backend.drain()
        run = (await owner.integrations.runs(made.id)).items[0]
        assert (run.read, run.error) == (1, None), "the schedule reads it, without anybody's doing"
        double.put(customer_id="c-2")
        real = double.answer
        monkeypatch.setattr(double, "answer", lambda *_: {"results": [{}], "paging": {"next": {"after": "soon"}}})
        assert "cannot be read" in ((await synced(backend, made)).error or "")
        monkeypatch.setattr(double, "answer", real)
        double.mishaps = [Mishap("break")]
        await owner.integrations.sync(made.id)
        await backend.drain()
        backend.clock.advance(seconds=61)
        await backend.drain()
        assert set(await customers(backend)) == {"c-1", "c-2"}, "what may pass is tried again soon"
        # More than a search can page through: it begins anew from the last one it showed.
        monkeypatch.setattr(vendor, "PAGE", 20)
        monkeypatch.setattr(vendor, "FURTHEST", 40)
        monkeypatch.setattr(double, "furthest", 40)
        backend.clock.advance(hours=1)
        for place in range(90):
            backend.clock.advance(seconds=0.001)
            double.put(customer_id=f"m-{place}")
        await synced(backend, made)
        assert len(await customers(backend)) == 92


@ONLY_SQLITE
async def test_tickets_count_for_the_risk(backend: Backend) -> None:
    double, owner = ZendeskDouble(backend.clock), await backend.owner()
    key = await backend.key()
    await key.context.set_screen("u-1", ScreenPut(screen="menu"))
    async with connected(backend, double) as made:
        assert (await owner.integrations.test(made.id)).said == "It answers, to Admin (admin)."
        double.page = 2
        who = double.user("u-1", name="Asha", email="asha@example.com")
        ticket = double.ticket(who)
        double.ticket(who, satisfaction_rating={"score": "bad", "reason": "slow"})
        double.ticket(double.user("stranger"))
        double.ticket(double.user(), status="deleted")
        backend.clock.advance(minutes=5)
        run = await synced(backend, made)
        assert (run.read, run.changed, run.refused) == (3, 2, 1)
        assert run.problems[0].reason == "no known customer"
        assert [type for type, _ in await signals(backend)] == ["support_negative", "support_ticket", "support_ticket"]
        assert (await customers(backend))["u-1"].name == "Asha"
        risk = await owner.customers.risk("u-1")
        assert risk.factors == ["Negative support interaction"]
        backend.clock.advance(minutes=5)
        double.ticket(who, ticket, status="solved")
        await synced(backend, made)
        assert len(await signals(backend)) == 3, "a ticket is one contact, however often it changes"


@ONLY_SQLITE
async def test_what_a_webhook_tells_of_is_read_soon_after(backend: Backend) -> None:
    """However many tell of it, by whatever is signed for this very address, now; and no word of theirs is kept."""
    owner, anonymous = await backend.owner(), await backend.anonymous()
    await (await backend.key()).context.set_screen("c-1", ScreenPut(screen="menu"))
    hubspot, zendesk = HubSpotDouble(backend.clock), ZendeskDouble(backend.clock)
    backend.settings.public_url = "https://desk.example/"
    for double, seconds in ((hubspot, 10), (zendesk, 65)):
        async with connected(backend, double, webhook_secret=double.secret) as made:
            assert made.webhook_path == f"/webhooks/generic/{made.id}"
            await synced(backend, made)
            asked = len(double.requests)
            backend.clock.advance(minutes=1)
            if isinstance(double, HubSpotDouble):
                contact = double.put(customer_id="c-1", email="asha@example.com")
                url = f"https://desk.example{made.webhook_path}"
                told = [double.webhook(contact, url) for _ in range(3)]
                wrong = double.webhook(contact, f"https://desk.example/webhooks/generic/{zendesk.secret}")
            else:
                ticket = double.ticket(double.user("c-1"))
                told = [double.webhook(ticket) for _ in range(3)]
                wrong = (told[0][0] + b" ", told[0][1])
            for body, headers in (wrong, (told[0][0], {}), (told[0][0], dict.fromkeys(told[0][1], "x"))):
                with pytest.raises(ApiError) as refused:
                    await anonymous.webhooks.generic(made.id, body, headers)
                assert (refused.value.status, refused.value.code) == (401, "BAD_SIGNATURE")
            answers = []
            for body, headers in [*told, told[0]]:
                answers.append((await anonymous.webhooks.generic(made.id, body, headers))["accepted"])
                backend.clock.advance(seconds=1)
            assert answers == [True, True, True, False]
            await backend.drain()
            assert len(double.requests) == asked, "not before it can be read"
            backend.clock.advance(seconds=seconds - 4)
            await backend.drain()
            assert len(double.requests) == asked + 1, "a storm is one reading, and puts it off no further"
            assert (await owner.integrations.runs(made.id)).items[0].changed == 1
            assert [one.outcome for one in (await owner.integrations.arrivals(made.id)).items] == ["applied"] * 3
            backend.clock.advance(minutes=6)
            with pytest.raises(ApiError) as stale:
                await anonymous.webhooks.generic(made.id, *told[0])
            assert stale.value.code == "STALE_SIGNATURE"
    assert (await customers(backend))["c-1"].email == "asha@example.com"
    bodies = await backend.runtime.database.read(lambda session: set(session.scalars(select(WebhookDelivery.body))))
    assert bodies == {b"{}"}


@ONLY_SQLITE
async def test_failed_payments_count_whether_they_are_heard_or_read(backend: Backend) -> None:
    double, owner = RazorpayDouble(backend.clock), await backend.owner()
    await (await backend.key()).context.set_screen("u-1", ScreenPut(screen="menu"))
    async with connected(backend, double) as made:
        failed = double.pay(129_950, is_failed=True, customer_id="u-1")
        double.pay(50_000, customer_id="u-1")
        anonymous = await backend.anonymous()
        for body, headers in [*double.told, double.told[0]]:
            await anonymous.webhooks.generic(made.id, body, headers)
        await backend.drain()
        (signal,) = await signals(backend)
        assert signal[0] == "payment_failed"
        assert "'amount': 1299.5" in signal[1]
        assert (await owner.customers.risk("u-1")).factors == ["Recent payment failure"]
        backend.clock.advance(minutes=5)
        for place in range(150):
            double.pay(100, is_failed=place == 149, customer_id="u-1")
        await synced(backend, made)
        assert len(await signals(backend)) == 2, "what was heard is known when it is read"
        arrivals = (await owner.integrations.arrivals(made.id)).items
        assert [one.outcome for one in arrivals] == ["ignored", "applied"]
        body, headers = double.webhook(failed)
        for wrong in (headers | {"X-Razorpay-Signature": "0" * 64}, {}):
            with pytest.raises(ApiError) as refused:
                await anonymous.webhooks.generic(made.id, body, wrong)
            assert refused.value.status == 401


@ONLY_SQLITE
async def test_another_mapping_is_data(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    double, owner = HubSpotDouble(backend.clock), await backend.owner()
    refused_by = double.refused
    async with connected(backend, double) as made:
        assert made.mapping is not None
        assert made.mapping.fields["email"] == "properties.email", "the shipped one is shown"
        mapping = made.mapping.model_copy(
            update={"fields": {"tier": "properties.plan | upper"}, "makes_customers": False}
        )
        changed = await owner.integrations.change(made.id, IntegrationChange(mapping=mapping))
        assert changed.mapping == mapping
        await (await backend.key()).context.set_screen("c-1", ScreenPut(screen="menu"))
        double.put(customer_id="c-1", plan="gold")
        double.put(customer_id="c-2", plan="gold")
        double.put(customer_id="c-1", plan="none")
        run = await synced(backend, made)
        assert sorted(one.reason.partition(":")[0] for one in run.problems) == ["no known customer", "tier"]
        assert {id: one.tier for id, one in (await customers(backend)).items()} == {"c-1": "GOLD"}
        assert "plan" in double.requests[-1][2]["properties"], "it asks for what the mapping names"
        bad = {"mapping": {"fields": {"name": "a | shout"}}}
        with pytest.raises(ApiError) as refused:
            await owner.transport.call("PATCH", f"/api/integrations/{made.id}", None, bad)
        assert (refused.value.status, "shout" in refused.value.message) == (400, True)
        nobody: dict[str, Any] = {
            "external_id": "properties.nothing",
            "handle": "",
            "fields": {"lastOrderDate": "properties.firstname"},
        }
        wrong = IntegrationChange(mapping=mapping.model_copy(update=nobody))
        await owner.integrations.change(made.id, wrong)
        backend.clock.advance(hours=1)
        double.put(customer_id="c-1", firstname="Priya Rao")
        run = await synced(backend, made)
        unfit = "lastOrderDate: is not an instant such as 2026-03-02T09:00:00Z"
        assert ("", f"{unfit}; no customer named in it") in {(one.record, one.reason) for one in run.problems}
        wrong = IntegrationChange(mapping=mapping.model_copy(update={"fields": nobody["fields"]}))
        await owner.integrations.change(made.id, wrong)
        backend.clock.advance(hours=1)
        double.put(customer_id="c-1", firstname="Priya Rao")
        run = await synced(backend, made)
        assert ("c-1", unfit) in {(one.record, one.reason) for one in run.problems}, (
            "which record, which field, and why"
        )
        double.mishaps = [Mishap("refuse")]
        monkeypatch.setattr(double, "refused", lambda status, _, more=None: refused_by(status, "Priya Rao", more))
        run = await synced(backend, made)
        (shown,) = (await owner.integrations.list()).items
        assert run.error == shown.error == "HubSpot answered 400 (Bad Request)"
        double.mishaps = [Mishap("refuse")]
        assert "Priya Rao" in (await owner.integrations.test(made.id)).said, "who tries it hears what was answered"
        kept = [*(await owner.integrations.runs(made.id)).items, *(await owner.integrations.list()).items]
        assert "Priya" not in "".join(one.model_dump_json() for one in kept), "nothing is kept of what they say"
        back = await owner.integrations.change(made.id, IntegrationChange(mapping=None))
        assert back.mapping == made.mapping


async def test_two_readings_at_once_count_once(backend: Backend) -> None:
    """A job that is slower than another one leaves the place to that."""
    double, owner = HubSpotDouble(backend.clock), await backend.owner()
    async with connected(backend, double) as made:
        double.put(customer_id="c-1")
        units = await backend.units()
        vault = backend.runtime.vault
        first = await units.write(sync._begin, made.id, vault)
        second = await units.write(sync._begin, made.id, vault)
        assert first is not None
        assert second == first
        assert await units.write(sync._onwards, made.id, first, "1:100", []) is True
        assert await units.write(sync._onwards, made.id, first, "1:100", []) is False
        assert (await owner.integrations.runs(made.id)).items[0].read == 0
