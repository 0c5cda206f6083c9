"""Customers: made once, listed, shown with care, changed by version, told by their timeline."""

import asyncio
from typing import Any

import pytest

from backend.client import ApiError, Client
from backend.customers import service
from backend.customers.masking import mask_email, mask_phone
from backend.customers.models import Customer
from backend.customers.schemas import CustomerChange
from backend.signals.schemas import ScreenPut
from tests.support.backend import Backend


async def made(backend: Backend, external_id: str, **profile: Any) -> str:
    """Our id of a customer of the owner's business."""
    units = await backend.units()
    return await units.write(lambda work: service.ensure_customer(work, external_id, **profile).id)


async def test_a_race_makes_one_customer(backend: Backend) -> None:
    await backend.owner()
    ids = await asyncio.gather(*(made(backend, "asha", name=f"Asha {number}") for number in range(20)))
    assert len(set(ids)) == 1
    assert len((await (await backend.owner()).customers.list()).items) == 1


async def test_a_race_ties_a_handle_once(backend: Backend) -> None:
    units = await backend.units()

    def tie(work: Any) -> str:
        return service.customer_by_handle(work, "freshchat", "fc-1", name="Asha", email="ASHA@example.com").id

    ids = await asyncio.gather(*(units.write(tie) for _ in range(20)))
    assert len(set(ids)) == 1
    customer = await units.read(lambda work: service.customer_by_handle(work, "freshchat", "fc-1").email)
    assert customer == "asha@example.com"


async def test_a_handle_is_tied_to_the_external_id_and_fills_only_blanks(backend: Backend) -> None:
    units, known = await backend.units(), await made(backend, "asha", name="Asha Rao")

    def tie(work: Any) -> tuple[str, str, str | None]:
        customer = service.customer_by_handle(
            work, "freshchat", "h" * 500, name="Somebody", external_id="asha", phone="+91 98765 43210", email="no mail"
        )
        return customer.id, customer.name, customer.phone

    assert await units.write(tie) == (known, "Asha Rao", "+91 98765 43210")
    assert (await (await backend.owner()).customers.show("asha")).email is None


async def test_list_sorts_searches_and_pages(backend: Backend) -> None:
    owner, app = await backend.owner(), await backend.key()
    for external_id, name in (("u1", "Chitra"), ("u2", "asha"), ("u3", "Bela"), ("u4", "100%_sure")):
        backend.clock.advance(minutes=1)
        await made(backend, external_id, name=name, email=f"{external_id}@example.com")
    for external_id in ("u3", "u1"):
        backend.clock.advance(minutes=1)
        await app.context.set_screen(external_id, ScreenPut(screen="menu"))
    orders = {
        "name": ["u4", "u2", "u3", "u1"],
        "created": ["u4", "u3", "u2", "u1"],
        "last_activity": ["u1", "u3", "u4", "u2"],
    }
    for sort, expected in orders.items():
        found, cursor = [], None
        while True:
            page = await owner.customers.list(sort=sort, limit=1, cursor=cursor)
            found += [customer.user_id for customer in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert sorted(found) == ["u1", "u2", "u3", "u4"]
        if sort == "last_activity":  # the two without activity stand last, in any order
            assert found[:2] == expected[:2]
        else:
            assert found == expected
    for q, expected in (("ASH", ["u2"]), ("u3", ["u3"]), ("%_", ["u4"]), ("u1@EXAMPLE.com", ["u1"]), ("@example", [])):
        assert [customer.user_id for customer in (await owner.customers.list(q=q)).items] == expected


@pytest.mark.parametrize(
    "query", [{"sort": "secret"}, {"cursor": "?"}, {"cursor": "WzFd"}, {"limit": 0}, {"limit": 201}]
)
@pytest.mark.alike
async def test_a_list_that_cannot_be_meant_is_refused(backend: Backend, query: dict[str, Any]) -> None:
    with pytest.raises(ApiError) as refusal:
        await (await backend.owner()).customers.list(**query)
    assert refusal.value.status == 400


@pytest.mark.alike
async def test_masked_unless_revealed_and_revealing_is_recorded(backend: Backend) -> None:
    agent, owner = await backend.member("agent"), await backend.owner()
    id = await made(backend, "asha", name="Asha Rao", email="asha.rao@example.com", phone="+91 98765 43210")
    for shown in (await agent.customers.show(id), (await agent.customers.list()).items[0]):
        assert (shown.email, shown.phone, shown.is_revealed) == ("a***@example.com", "***3210", False)
    assert (await agent.customers.timeline("asha")).items == []
    revealed = await agent.customers.show("asha", reveal=True)
    assert (revealed.email, revealed.phone) == ("asha.rao@example.com", "+91 98765 43210")
    [entry] = (await agent.customers.timeline("asha")).items
    me = await agent.identity.me()
    assert (entry.type, entry.actor["id"], entry.subject["id"]) == ("customer.revealed", me.member_id, id)
    audited = (await owner.audit.list(type="customer.revealed"))["items"]
    assert len(audited) == 1
    assert "98765" not in str(audited)


@pytest.mark.parametrize(
    ("email", "masked"), [("asha@example.com", "a***@example.com"), ("a@b.co", "***@b.co"), ("", None), (None, None)]
)
def test_mask_email(email: str | None, masked: str | None) -> None:
    assert mask_email(email) == masked


@pytest.mark.parametrize(
    ("phone", "masked"), [("+91 98765 43210", "***3210"), ("12345", "***45"), ("1", "***"), (None, None)]
)
def test_mask_phone(phone: str | None, masked: str | None) -> None:
    assert mask_phone(phone) == masked


@pytest.mark.alike
async def test_change_by_version(backend: Backend) -> None:
    owner = await backend.owner()
    await made(backend, "asha", name="Asha", email="asha@example.com")
    changed = await owner.customers.change("asha", CustomerChange(version=1, name="Asha Rao", tier="GOLD", email=None))
    assert (changed.name, changed.tier, changed.email, changed.version) == ("Asha Rao", "GOLD", None, 2)
    with pytest.raises(ApiError) as refusal:
        await owner.customers.change("asha", CustomerChange(version=1, name="Other"))
    assert (refusal.value.status, refusal.value.code) == (409, "STALE_VERSION")
    assert refusal.value.details["current"]["name"] == "Asha Rao"
    assert refusal.value.details["since"][0]["data"]["changes"]["tier"] == ["BRONZE", "GOLD"]
    assert "asha@example.com" not in str(refusal.value.details)
    assert (await owner.customers.show("asha")).name == "Asha Rao"


async def test_of_two_changes_at_once_one_wins(backend: Backend) -> None:
    owner = await backend.owner()
    await made(backend, "asha")
    tries = [owner.customers.change("asha", CustomerChange(version=1, name=f"Asha {number}")) for number in range(8)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(not isinstance(answer, ApiError) for answer in answers) == 1
    assert (await owner.customers.show("asha")).version == 2


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"version": 1, "name": ""},
        {"version": 1, "name": None},
        {"version": 1, "email": "no address"},
        {"version": 1, "phone": "call me"},
        {"version": 1, "tier": "PLATINUM"},
        {"version": 1, "language": "x" * 17},
        {"version": 1, "pastOrderCount": -1},
        {"version": 1, "externalId": "other"},
        {"version": 0, "name": "Asha"},
    ],
)
@pytest.mark.alike
async def test_a_change_that_cannot_be_meant_changes_nothing(backend: Backend, body: dict[str, Any]) -> None:
    owner = await backend.owner()
    await made(backend, "asha", name="Asha")
    before = await owner.customers.show("asha")
    with pytest.raises(ApiError) as refusal:
        await owner.transport.call("PATCH", "/api/customers/asha", None, body)
    assert refusal.value.status == 400
    assert await owner.customers.show("asha") == before
    assert (await owner.customers.timeline("asha")).items == []


async def every_path(client: Client, id: str) -> list[int]:
    """The status of each customer path for `id`."""
    tries = [
        client.customers.show(id),
        client.customers.show(id, reveal=True),
        client.customers.change(id, CustomerChange(version=1, name="X")),
        client.customers.timeline(id),
        client.customers.erase(id),
        client.context.show(id),
    ]
    answers = [await asyncio.gather(one, return_exceptions=True) for one in tries]
    return [answer.status if isinstance(answer, ApiError) else 200 for [answer] in answers]


@pytest.mark.alike
async def test_another_business_does_not_exist(backend: Backend) -> None:
    id = await made(backend, "asha", name="Asha")
    other = await backend.another_owner()
    for known_as in (id, "asha", "nobody", "\x00", "%"):
        assert await every_path(other, known_as) == [404] * 6
    assert (await other.customers.list()).items == []
    assert (await (await backend.owner()).customers.show(id)).name == "Asha"


@pytest.mark.alike
async def test_only_admins_erase(backend: Backend) -> None:
    await made(backend, "asha")
    for client in (await backend.member("agent"), await backend.member("supervisor"), await backend.key()):
        with pytest.raises(ApiError) as refusal:
            await client.customers.erase("asha")
        assert refusal.value.status == 403
    assert (await (await backend.owner()).customers.show("asha")).user_id == "asha"


@pytest.mark.alike
async def test_our_id_comes_before_an_external_one(backend: Backend) -> None:
    id = await made(backend, "asha", name="Asha")
    await made(backend, id, name="Impostor")
    assert (await (await backend.owner()).customers.show(id)).name == "Asha"
    rows = await backend.runtime.database.read(lambda session: session.query(Customer).count())
    assert rows == 2
