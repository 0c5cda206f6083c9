"""/api/audit: what happened, newest first, to those who may know."""

import pytest

from backend.client import ApiError
from backend.identity.schemas import KeyCreate
from tests.support.backend import Backend


async def test_pages_are_newest_first_and_whole(backend: Backend) -> None:
    owner = await backend.owner()
    for number in range(5):
        await owner.keys.create(KeyCreate(name=f"key {number}"))
    seqs, cursor = [], None
    while True:
        page = await owner.audit.list(limit=3, cursor=cursor)
        seqs += [entry["seq"] for entry in page["items"]]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert seqs == list(range(8, 0, -1))


async def test_an_entry_tells_who_did_what_to_what(backend: Backend) -> None:
    owner = await backend.owner()
    key = await owner.keys.create(KeyCreate(name="web", scopes=["track"]))
    (entry,) = (await owner.audit.list(subject=key.id))["items"]
    me = await owner.identity.me()
    assert entry["type"] == "key.created"
    assert entry["subject"] == {"type": "key", "id": key.id}
    assert entry["actor"] == {"kind": "member", "id": me.member_id, "name": me.user.name}
    assert entry["data"] == {"name": "web", "scopes": ["track"]}
    assert entry["at"] == "2026-03-02T09:00:00.000000Z"
    assert len(entry["hash"]) == 64
    assert entry["requestId"]
    assert key.key not in str(entry)


async def test_filters_narrow(backend: Backend) -> None:
    owner, admin = await backend.owner(), await backend.member("admin")
    await owner.keys.create(KeyCreate(name="owner's"))
    await admin.keys.create(KeyCreate(name="admin's"))
    mine = (await owner.audit.list(actor=(await admin.identity.me()).member_id))["items"]
    assert [entry["type"] for entry in mine] == ["key.created", "signin.started"]
    kinds = (await owner.audit.list(type="key.created"))["items"]
    assert [entry["data"]["name"] for entry in kinds] == ["admin's", "owner's"]
    assert (await owner.audit.list(incidence="none"))["items"] == []


async def test_a_supervisor_sees_no_event_of_admins_even_by_asking_for_it(backend: Backend) -> None:
    owner, supervisor = await backend.owner(), await backend.member("supervisor")
    await owner.keys.create(KeyCreate(name="secret project"))
    seen = (await supervisor.audit.list())["items"]
    assert {entry["type"] for entry in seen} == {"business.created", "member.added"}
    assert (await supervisor.audit.list(type="key.created"))["items"] == []
    assert (await supervisor.audit.verify())["isWhole"] is True


async def test_another_business_is_not_there(backend: Backend) -> None:
    owner, other = await backend.owner(), await backend.another_owner()
    key = await owner.keys.create(KeyCreate(name="mine"))
    assert (await other.audit.list(subject=key.id))["items"] == []
    assert len((await other.audit.list())["items"]) == 3


@pytest.mark.parametrize("query", [{"cursor": "garbage"}, {"cursor": "WyJ4Il0"}, {"limit": 0}, {"limit": 201}])
async def test_a_bad_query_is_refused(backend: Backend, query: dict[str, str]) -> None:
    owner = await backend.owner()
    with pytest.raises(ApiError) as refused:
        await owner.audit.list(**query)
    assert (refused.value.status, refused.value.code) == (400, "VALIDATION_ERROR")
