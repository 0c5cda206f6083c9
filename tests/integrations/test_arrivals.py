"""Webhooks of any system: vouched for, kept once, and made customers' fields, signals and cases by a mapping."""

import asyncio
import json
from typing import Any

import pytest
from sqlalchemy import func, select

from backend.client import ApiError
from backend.customers.models import Customer
from backend.incidences.models import Incidence
from backend.integrations.mapping import RecordMap
from backend.integrations.models import WebhookDelivery
from backend.integrations.schemas import IntegrationAdd, IntegrationChange, IntegrationMade
from backend.integrations.standard_webhooks import new_secret, signed
from backend.signals.models import Signal
from tests.support.backend import Backend

MAPPING = RecordMap.model_validate(
    {
        "records": "data.items",
        "externalId": "customer",
        "handle": "ref",
        "fields": {"name": "name", "tier": "plan | upper"},
        "signals": [{"type": "login", "when": {"kind": "seen"}, "id": "id", "properties": {"source": "source"}}],
        "incidences": [
            {"when": {"kind": "complaint"}, "id": "id", "summary": "'Complaint: ' + text", "category": "topic"}
        ],
    }
)


async def inbox(backend: Backend, name: str = "shop", of: Any = None) -> IntegrationMade:
    owner = of or await backend.owner()
    return await owner.integrations.add(IntegrationAdd(platform="inbox", name=name, mapping=MAPPING))


def webhook(made: IntegrationMade, at: Any, id: str, *items: Any) -> tuple[bytes, dict[str, str]]:
    body = json.dumps({"type": "batch", "data": {"items": list(items)}}).encode()
    return body, signed(id, at, body, [made.webhook_secret or ""])


async def count(backend: Backend, model: type[Any]) -> int:
    query = select(func.count()).select_from(model)
    return await backend.runtime.database.read(lambda session: session.scalar(query) or 0)


async def test_a_webhook_becomes_fields_signals_and_cases_once(backend: Backend) -> None:
    made, anonymous, owner = await inbox(backend), await backend.anonymous(), await backend.owner()
    assert made.webhook_path == f"/webhooks/generic/{made.id}"
    items = [
        {"customer": "u-1", "ref": 9, "name": "Asha", "plan": "gold", "kind": "seen", "id": 1, "source": "app"},
        {"customer": "u-2", "kind": "complaint", "id": 2, "text": "Late again", "topic": "delivery"},
        {"kind": "seen", "id": 3},
        {"customer": "u-3", "name": "Ravi", "plan": "platinum"},
    ]
    told = webhook(made, backend.clock.now(), "msg_1", *items)
    answers = await asyncio.gather(*(anonymous.webhooks.generic(made.id, *told) for _ in range(3)))
    assert sorted(one["duplicate"] for one in answers) == [False, True, True]
    await backend.drain()
    rows = await backend.runtime.database.read(lambda session: list(session.scalars(select(Customer))))
    found = {one.external_id: (one.name, one.tier) for one in rows}
    assert found == {"u-1": ("Asha", "GOLD"), "u-2": ("", "BRONZE"), "u-3": ("Ravi", "BRONZE")}
    (case,) = (await owner.incidences.list()).items
    assert (case.summary, case.issue_category, case.customer.user_id) == ("Complaint: Late again", "delivery", "u-2")
    assert await count(backend, Signal) == 1
    (arrival,) = (await owner.integrations.arrivals(made.id)).items
    assert arrival.outcome == "applied"
    assert arrival.error == "record 3: no customer named in it; record 4: tier: must be one of GOLD, SILVER, BRONZE"
    again = webhook(made, backend.clock.now(), "msg_2", *items)
    await anonymous.webhooks.generic(made.id, *again)
    await backend.drain()
    assert (await count(backend, Signal), await count(backend, Incidence)) == (1, 1), "another webhook, the same things"
    # Erasing empties what was kept of them.
    await owner.customers.erase("u-2")
    bodies = await backend.runtime.database.read(lambda session: list(session.scalars(select(WebhookDelivery.body))))
    assert not any(b"Late again" in body for body in bodies)
    assert [one.error for one in (await owner.integrations.arrivals(made.id)).items] == [None, None]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_nobody_vouches_for_is_refused(backend: Backend) -> None:
    made, anonymous, owner = await inbox(backend), await backend.anonymous(), await backend.owner()
    stranger = await backend.another_owner()
    theirs = await inbox(backend, of=stranger)
    now = backend.clock.now()
    body, headers = webhook(made, now, "msg_1", {"customer": "u-1"})
    wrong = [
        (made.id, body + b" ", headers),
        (made.id, body, {}),
        (made.id, body, signed("msg_1", now, body, [new_secret()])),
        (theirs.id, body, headers),
        ("nothing", body, headers),
        (made.id, *webhook(theirs, now, "msg_1", {"customer": "u-1"})),
    ]
    for id, raw, told in wrong:
        with pytest.raises(ApiError) as refused:
            await anonymous.webhooks.generic(id, raw, told)
        assert (refused.value.status, refused.value.code) == (401, "BAD_SIGNATURE")
    backend.clock.advance(minutes=6)
    with pytest.raises(ApiError) as stale:
        await anonymous.webhooks.generic(made.id, body, headers)
    assert stale.value.code == "STALE_SIGNATURE"
    for raw in (b"[1]", b"{", b"\xff"):
        told = signed("msg_9", backend.clock.now(), raw, [made.webhook_secret or ""])
        with pytest.raises(ApiError) as misshapen:
            await anonymous.webhooks.generic(made.id, raw, told)
        assert (misshapen.value.status, misshapen.value.code) == (400, "MALFORMED_BODY")
    assert await count(backend, WebhookDelivery) == 0
    # Well signed, but nothing in it: kept, and told.
    raw = b'{"data": {}}'
    told = signed("msg_10", backend.clock.now(), raw, [made.webhook_secret or ""])
    await anonymous.webhooks.generic(made.id, raw, told)
    await backend.drain()
    (arrival,) = (await owner.integrations.arrivals(made.id)).items
    assert (arrival.outcome, arrival.error) == ("refused", "nothing stands at 'data.items'")
    assert (await stranger.integrations.arrivals(theirs.id)).items == []
    await owner.integrations.change(made.id, IntegrationChange(is_stopped=True))
    with pytest.raises(ApiError) as stopped:
        await anonymous.webhooks.generic(made.id, *webhook(made, backend.clock.now(), "msg_11"))
    assert stopped.value.status == 503
    await owner.integrations.remove(made.id)
    with pytest.raises(ApiError) as gone:
        await anonymous.webhooks.generic(made.id, *webhook(made, backend.clock.now(), "msg_12"))
    assert gone.value.status == 401


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_storm_of_webhooks_is_taken_once_each(backend: Backend) -> None:
    made, anonymous = await inbox(backend), await backend.anonymous()
    now = backend.clock.now()
    told = [
        webhook(made, now, f"msg_{place}", {"customer": f"u-{place % 7}", "kind": "seen", "id": place})
        for place in range(120)
    ]
    await asyncio.gather(*(anonymous.webhooks.generic(made.id, *one) for one in [*told, *told]))
    await backend.drain()
    assert (await count(backend, Signal), await count(backend, Customer)) == (120, 7)
