"""Who works at a business, as what, and who may say so."""

import asyncio
from typing import Any

import pytest

from backend.client import ApiError, Client
from backend.identity.schemas import BusinessChange, BusinessCreate, MemberAdd, MemberChange
from tests.identity.mail import mailed
from tests.support.backend import PASSWORD, Backend, business_of

pytestmark = pytest.mark.alike


async def refused(call: Any) -> ApiError:
    with pytest.raises(ApiError) as error:
        await call
    return error.value


async def id_of(client: Client) -> str:
    return (await client.identity.me()).member_id


async def add(client: Client, role: Any, email: str = "new@example.com") -> Any:
    member = MemberAdd(email=email, name="New", role=role, password=PASSWORD)
    return await client.businesses.add_member(await business_of(client), member)


async def change(client: Client, member_id: str, role: Any) -> Any:
    return await client.businesses.change_member(await business_of(client), member_id, MemberChange(role=role))


async def test_a_new_member_signs_in_with_their_role(backend: Backend) -> None:
    owner = await backend.owner()
    added = await add(owner, "supervisor")
    client = backend.client()
    answer = await client.identity.sign_in("new@example.com", PASSWORD)
    assert (answer.role, answer.member_id, answer.business.id) == ("supervisor", added.id, await business_of(owner))
    listed = (await client.businesses.members(answer.business.id)).items
    assert [(member.name, member.role) for member in listed] == [("New", "supervisor"), ("Owner 1", "owner")]


async def test_nobody_works_at_a_business_twice(backend: Backend) -> None:
    owner = await backend.owner()
    answers = await asyncio.gather(*(add(owner, "agent") for _ in range(5)), return_exceptions=True)
    errors = [answer for answer in answers if isinstance(answer, ApiError)]
    assert len(errors) == 4
    assert {(error.status, error.code) for error in errors} == {(409, "MEMBER_EXISTS")}


async def test_an_account_works_at_several_businesses_with_one_password(backend: Backend) -> None:
    owner, other = await backend.owner(), await backend.another_owner()
    await add(other, "agent", "owner1@example.com")
    await owner.invitations.join(await mailed(backend))
    names = [business.id for business in (await owner.businesses.list()).items]
    assert names == [await business_of(owner), await business_of(other)]
    await owner.businesses.create(BusinessCreate(name="Third", currency="USD", time_zone="Europe/Berlin"))
    assert len((await owner.businesses.list()).items) == 3


async def test_adding_somebody_who_has_an_account_keeps_their_password(backend: Backend) -> None:
    owner, other = await backend.owner(), await backend.another_owner()
    body = MemberAdd(email="owner1@example.com", name="Impostor", role="agent", password="another one")
    await other.businesses.add_member(await business_of(other), body)
    assert await backend.client().identity.sign_in("owner1@example.com", PASSWORD)
    assert (await refused(backend.client().identity.sign_in("owner1@example.com", "another one"))).status == 401
    assert (await owner.identity.me()).user.name == "Owner 1"


async def test_a_removed_member_is_out_at_once_and_may_come_back(backend: Backend) -> None:
    owner, agent = await backend.owner(), await backend.member("agent")
    business, member = await business_of(owner), await id_of(agent)
    await owner.businesses.remove_member(business, member)
    assert (await refused(agent.identity.me())).code == "SIGN_IN_ENDED"
    assert (await refused(agent.identity.refresh())).status == 401
    assert (await refused(backend.client().identity.sign_in("agent2@example.com", PASSWORD))).code == "NO_MEMBERSHIP"
    assert (await refused(owner.businesses.remove_member(business, member))).status == 404
    again = await add(owner, "supervisor", "agent2@example.com")
    assert (again.id, again.role) == (member, "supervisor")
    assert await backend.client().identity.sign_in("agent2@example.com", PASSWORD)


async def test_a_changed_role_holds_at_once(backend: Backend) -> None:
    owner, agent = await backend.owner(), await backend.member("agent")
    assert (await refused(agent.keys.list())).code == "ROLE_MISSING"
    await change(owner, await id_of(agent), "admin")
    assert (await agent.keys.list()).items == []
    await change(owner, await id_of(agent), "agent")
    assert (await refused(agent.keys.list())).status == 403


@pytest.mark.parametrize("role", ["owner"])
async def test_nobody_hands_out_more_than_they_have(backend: Backend, role: str) -> None:
    admin, agent = await backend.member("admin"), await backend.member("agent")
    owner = await backend.owner()
    for call in (
        change(admin, await id_of(admin), role),
        change(admin, await id_of(agent), role),
        add(admin, role),
        change(admin, await id_of(owner), "agent"),
        admin.businesses.remove_member(await business_of(admin), await id_of(owner)),
    ):
        error = await refused(call)
        assert (error.status, error.code) == (403, "ROLE_MISSING")


@pytest.mark.parametrize("role", ["agent", "supervisor"])
async def test_who_is_no_admin_changes_nobody(backend: Backend, role: str) -> None:
    client = await backend.member(role)
    mine = await id_of(client)
    for call in (
        change(client, mine, "owner"),
        change(client, mine, role),
        add(client, "agent"),
        client.businesses.remove_member(await business_of(client), mine),
        client.businesses.change(await business_of(client), BusinessChange(version=1, name="Mine")),
    ):
        assert (await refused(call)).status == 403


async def test_the_last_owner_stays(backend: Backend) -> None:
    owner = await backend.owner()
    mine = await id_of(owner)
    assert (await refused(change(owner, mine, "agent"))).code == "LAST_OWNER"
    assert (await refused(owner.businesses.remove_member(await business_of(owner), mine))).code == "LAST_OWNER"
    second = await add(owner, "owner")
    await change(owner, second.id, "admin")
    assert (await refused(change(owner, mine, "admin"))).code == "LAST_OWNER"


async def test_two_owners_who_demote_each_other_at_once_leave_one(backend: Backend) -> None:
    one, two = await backend.owner(), await backend.member("owner")
    ids = await id_of(one), await id_of(two)
    answers = await asyncio.gather(change(one, ids[1], "agent"), change(two, ids[0], "agent"), return_exceptions=True)
    assert len([answer for answer in answers if isinstance(answer, ApiError)]) == 1
    survivor = one if isinstance(answers[1], ApiError) else two
    members = (await survivor.businesses.members(await business_of(survivor))).items
    assert [member.role for member in members].count("owner") == 1


async def test_another_business_does_not_exist_here(backend: Backend) -> None:
    owner, other = await backend.owner(), await backend.another_owner()
    theirs, member = await business_of(other), await id_of(other)
    for call in (
        owner.businesses.show(theirs),
        owner.businesses.members(theirs),
        owner.businesses.change(theirs, BusinessChange(version=1, name="Mine now")),
        owner.businesses.add_member(theirs, MemberAdd(email="a@b.co", name="A", role="agent", password=PASSWORD)),
        owner.businesses.change_member(theirs, member, MemberChange(role="agent")),
        owner.businesses.remove_member(theirs, member),
        owner.businesses.change_member(await business_of(owner), member, MemberChange(role="agent")),
        owner.businesses.remove_member(await business_of(owner), member),
    ):
        assert (await refused(call)).status == 404


async def test_of_changes_from_one_version_one_wins(backend: Backend) -> None:
    owner = await backend.owner()
    business = await business_of(owner)
    calls = [owner.businesses.change(business, BusinessChange(version=1, name=f"Name {number}")) for number in range(8)]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    stale = [answer for answer in answers if isinstance(answer, ApiError)]
    assert len(stale) == 7
    assert {(error.status, error.code) for error in stale} == {(409, "STALE_VERSION")}
    now = await owner.businesses.show(business)
    assert now.version == 2
    assert stale[0].details["current"]["name"] == now.name
    (won,) = [answer for answer in answers if not isinstance(answer, BaseException)]
    assert won.name == now.name


@pytest.mark.parametrize(
    "wrong", [{"currency": "rupees"}, {"timeZone": "Mars/Olympus"}, {"name": ""}, {"colour": "red"}, {"version": 0}]
)
async def test_a_business_changes_to_nothing_odd(backend: Backend, wrong: dict[str, Any]) -> None:
    owner = await backend.owner()
    path = f"/api/businesses/{await business_of(owner)}"
    error = await refused(owner.transport.call("PATCH", path, None, {"version": 1, **wrong}))
    assert (error.status, error.code) == (400, "VALIDATION_ERROR")


async def test_tokens_of_before_a_removal_stay_dead_when_the_member_comes_back(backend: Backend) -> None:
    owner, agent = await backend.owner(), await backend.member("agent")
    business, me = await business_of(owner), await agent.identity.me()
    await owner.businesses.remove_member(business, me.member_id)
    await owner.businesses.add_member(business, MemberAdd(email=me.user.email, name="Back", role="agent"))
    with pytest.raises(ApiError) as refusal:
        await agent.identity.me()
    assert refusal.value.status == 401
    await agent.identity.sign_in(me.user.email, PASSWORD)
    assert (await agent.identity.me()).member_id == me.member_id


async def test_who_was_removed_has_no_role_to_change(backend: Backend) -> None:
    owner, agent = await backend.owner(), await backend.member("agent")
    business, me = await business_of(owner), await agent.identity.me()
    await owner.businesses.remove_member(business, me.member_id)
    with pytest.raises(ApiError) as refusal:
        await owner.businesses.change_member(business, me.member_id, MemberChange(role="admin"))
    assert refusal.value.status == 404


@pytest.mark.settings(sign_in_per_minute=2)
async def test_nobody_keeps_the_one_who_hashes_passwords_busy(backend: Backend) -> None:
    owner, codes = await backend.owner(), []
    for number in range(3):
        body = MemberAdd(email=f"m{number}@example.com", name="M", role="agent", password=PASSWORD)
        try:
            await owner.businesses.add_member(await business_of(owner), body)
        except ApiError as error:
            codes.append(error.code)
    assert codes == ["RATE_LIMITED"]
    # Another business of one's own is no way around it, and neither are many.
    made = [await owner.businesses.create(BusinessCreate(name=f"No {number}")) for number in range(2)]
    with pytest.raises(ApiError, match="Too many"):
        await owner.businesses.create(BusinessCreate(name="No 3"))
    await owner.identity.switch(made[0].id)
    with pytest.raises(ApiError, match="Too many"):
        await owner.businesses.add_member(made[0].id, MemberAdd(email="m9@example.com", name="M", role="agent"))
