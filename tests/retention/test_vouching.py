"""A page's key is everybody's: without the word of the business's server nobody reads or ends somebody else's plan."""

import hashlib
import hmac
from typing import Any

import httpx
import pytest

from backend.identity.schemas import KeyCreate, KeyCreated
from tests.retention.leaver import Leaver
from tests.support.backend import Backend

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # which database does not matter
SHOP = "https://shop.example"


def vouched(key: KeyCreated, customer: str) -> str:
    """What the business's server says in its page, as its programmers write it."""
    assert key.customer_secret is not None
    return hmac.new(key.customer_secret.encode(), customer.encode(), hashlib.sha256).hexdigest()


async def ask(
    backend: Backend, key: str, path: str, body: dict[str, Any], address: str = "127.0.0.1"
) -> httpx.Response:
    transport = httpx.ASGITransport(backend.app, client=(address, 50_000))
    async with httpx.AsyncClient(transport=transport, base_url="http://holdfast") as http:
        return await http.post(f"/api/retention/{path}", params={"key": key}, json=body, headers={"origin": SHOP})


def code(answer: httpx.Response) -> Any:
    return answer.json()["error"]["code"]


async def test_a_stranger_with_the_pages_key_learns_and_ends_nothing(backend: Backend) -> None:
    leaver = await Leaver(backend).arrive()
    other = await leaver.another()
    user_id = (await leaver.owner.customers.show(leaver.customer)).user_id
    page, another_page = [
        await leaver.owner.keys.create(KeyCreate(name=name, origins=[SHOP])) for name in ("page", "another page")
    ]
    body = {"customerId": user_id, "subscriptionId": leaver.stripe_id}
    theirs = vouched(page, other.customer)
    told = set()
    for token in (None, "", "0" * 64, "é", theirs, vouched(another_page, user_id), vouched(page, user_id).upper()):
        for asked in (body, body | {"customerId": "nobody"}, body | {"subscriptionId": "sub_nothing"}):
            refused = await ask(backend, page.key, "start", asked | {"customerToken": token})
            assert (refused.status_code, code(refused)) == (403, "CUSTOMER_NOT_VOUCHED")
            told.add(refused.json()["error"]["message"])
    assert len(told) == 1, "nobody learns who is a customer"
    assert (await leaver.owner.retention.runs()).items == []

    mine = {"customerToken": vouched(page, user_id)}
    started = await ask(backend, page.key, "start", body | mine)
    assert (started.status_code, started.json()["plan"]) == (201, "Pro")
    cancel = {"offerType": "CANCEL", "accepted": True}
    decision = f"{started.json()['runId']}/decision"
    for token in (None, theirs, vouched(another_page, user_id)):
        refused = await ask(backend, page.key, decision, cancel | {"customerToken": token})
        assert (refused.status_code, code(refused)) == (403, "CUSTOMER_NOT_VOUCHED")
    await backend.drain()
    assert not leaver.stripe["cancel_at_period_end"]
    own_id = {"customerToken": vouched(page, leaver.customer)}
    assert (await ask(backend, page.key, decision, cancel | own_id)).json()["pending"] is True


async def test_another_secret_comes_with_another_key_and_servers_need_none(backend: Backend) -> None:
    leaver = await Leaver(backend).arrive()
    user_id = (await leaver.owner.customers.show(leaver.customer)).user_id
    page = await leaver.owner.keys.create(KeyCreate(name="page", origins=[SHOP]))
    rotated = await leaver.owner.keys.rotate(page.id)
    assert page.customer_secret
    assert rotated.customer_secret not in (None, page.customer_secret)
    body = {"customerId": user_id, "subscriptionId": leaver.sub, "customerToken": vouched(page, user_id)}
    assert code(await ask(backend, rotated.key, "start", body)) == "CUSTOMER_NOT_VOUCHED"
    body["customerToken"] = vouched(rotated, user_id)
    assert (await ask(backend, rotated.key, "start", body)).status_code == 201
    listed = (await leaver.owner.keys.list()).model_dump_json(by_alias=True)
    assert "customerSecret" not in listed
    server = await leaver.owner.keys.create(KeyCreate(name="server"))
    assert server.customer_secret is None
    assert (await leaver.start()).run_id  # with a key for servers, as everywhere in these tests


@pytest.mark.settings(retention_per_minute=2, retention_per_minute_and_address=1)
async def test_strangers_at_many_addresses_keep_no_customer_from_leaving(backend: Backend) -> None:
    leaver = await Leaver(backend).arrive()
    page = await leaver.owner.keys.create(KeyCreate(name="page", origins=[SHOP]))
    body = {"customerId": leaver.customer, "subscriptionId": leaver.sub}
    for number in range(5):
        assert code(await ask(backend, page.key, "start", body, f"192.0.2.{number}")) == "CUSTOMER_NOT_VOUCHED"
    body["customerToken"] = vouched(page, leaver.customer)
    answers = [(await ask(backend, page.key, "start", body, f"198.51.100.{number}")).status_code for number in range(3)]
    assert answers == [201, 201, 429]
