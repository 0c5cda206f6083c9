"""The same POST with the same Idempotency-Key happens once, however often and however fast it comes."""

import asyncio
import hashlib
from typing import Any

import pytest
from sqlalchemy import select

from backend.events.event import Actor
from backend.identity.gate import Caller
from backend.identity.models import IdempotentAnswer
from backend.unit import RequestUnits, Service
from tests.support.backend import PASSWORD, Backend, business_of
from tests.support.incidences import open_case


async def post(client: Any, path: str, body: dict[str, Any], key: str) -> Any:
    headers = {**client.transport.headers, "idempotency-key": key}
    return await client.transport._http.post(path, json=body, headers=headers)


async def test_a_repeated_post_gets_the_first_answer(backend: Backend) -> None:
    owner = await backend.owner()
    first = await post(owner, "/api/businesses", {"name": "Second"}, "one")
    backend.clock.advance(days=1)
    again = await post(owner, "/api/businesses", {"name": "Second"}, "one")
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert first.status_code == 201
    assert len((await owner.businesses.list()).items) == 2


async def test_twenty_at_once_happen_once(backend: Backend) -> None:
    owner = await backend.owner()
    answers = await asyncio.gather(*(post(owner, "/api/businesses", {"name": "Second"}, "one") for _ in range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len((await owner.businesses.list()).items) == 2


async def test_the_same_key_for_something_else_is_refused(backend: Backend) -> None:
    owner = await backend.owner()
    await post(owner, "/api/businesses", {"name": "Second"}, "one")
    other = await post(owner, "/api/businesses", {"name": "Third"}, "one")
    assert (other.status_code, other.json()["error"]["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")
    path = f"/api/businesses/{await business_of(owner)}/members"
    elsewhere = await post(owner, path, {"name": "Second"}, "one")
    assert elsewhere.status_code == 400
    assert len((await owner.businesses.list()).items) == 2


async def test_a_refusal_is_not_kept(backend: Backend) -> None:
    owner = await backend.owner()
    path = f"/api/businesses/{await business_of(owner)}/members"
    body = {"email": "new@example.com", "name": "New", "role": "agent", "password": PASSWORD}
    assert (await post(owner, path, body, "first")).status_code == 201
    assert (await post(owner, path, body, "second")).status_code == 409
    (member,) = [
        member for member in (await owner.businesses.members(path.split("/")[3])).items if member.name == "New"
    ]
    await owner.businesses.remove_member(path.split("/")[3], member.id)
    assert (await post(owner, path, body, "second")).status_code == 201


async def test_another_business_has_other_keys(backend: Backend) -> None:
    owner, other = await backend.owner(), await backend.another_owner()
    mine = await post(owner, "/api/businesses", {"name": "Second"}, "one")
    theirs = await post(other, "/api/businesses", {"name": "Second"}, "one")
    assert mine.json()["id"] != theirs.json()["id"]


@pytest.mark.parametrize("key", ["x" * 255, "key with spaces", "schl\xfcssel"])
async def test_any_key_that_a_header_holds_will_do(backend: Backend, key: str) -> None:
    owner = await backend.owner()
    headers = {name.encode(): value.encode() for name, value in owner.transport.headers.items()}
    headers[b"idempotency-key"] = key.encode("latin-1")
    http = owner.transport._http
    answers = [await http.post("/api/businesses", json={"name": "Second"}, headers=headers) for _ in range(2)]
    assert answers[0].json()["id"] == answers[1].json()["id"]


async def test_a_colleague_with_the_same_key_gets_an_answer_of_their_own(backend: Backend) -> None:
    first, second = await backend.member("agent"), await backend.member("agent")
    cases = {(await open_case(first, name)).incidence_id for name in ("u-1", "u-2")}
    answers = [(await post(client, "/agent/next", {}, "one")).json()["incidence"] for client in (first, second, first)]
    assert {answers[0]["incidenceId"], answers[1]["incidenceId"]} == cases
    assert answers[1]["agentId"] == (await second.identity.me()).member_id
    assert answers[2] == answers[0]


async def test_each_write_of_one_request_has_an_answer_of_its_own(backend: Backend) -> None:
    caller = Caller(await business_of(await backend.owner()), Actor("member", "m"))
    said: Service[[str], str] = lambda _work, word: word  # noqa: E731
    for _ in range(2):
        unit = RequestUnits(backend.runtime, caller, "", ("one", "the same request"))
        assert [await unit.write(said, word) for word in ("a", "b")] == ["a", "b"]


async def test_a_password_in_a_body_leaves_no_digest_that_can_be_guessed(backend: Backend) -> None:
    owner = await backend.owner()
    path = f"/api/businesses/{await business_of(owner)}/members"
    body = {"email": "new@example.com", "name": "New", "role": "agent", "password": PASSWORD}
    response = await post(owner, path, body, "one")
    guess = hashlib.sha256(b"\n".join((b"POST", path.encode(), response.request.content))).hexdigest()
    kept = await backend.runtime.database.read(lambda session: session.scalars(select(IdempotentAnswer.request)).all())
    assert len(kept) == 1
    assert guess not in kept
