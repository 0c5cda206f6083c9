"""API keys: shown once, kept as fingerprints, good for what they are for and no longer."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, text, update
from sqlalchemy.orm import Session

from backend.client import ApiError
from backend.core.errors import Unauthenticated
from backend.identity.models import ApiKey
from backend.identity.schemas import KeyCreate
from tests.support.backend import Backend

pytestmark = pytest.mark.alike


async def refused(call: Any) -> ApiError:
    with pytest.raises(ApiError) as error:
        await call
    return error.value


async def try_key(backend: Backend, key: str, **query: str) -> int:
    """The status of a call that any key with the scope `friction` may make."""
    client = backend.client(api_key=key)
    body = {"context": {}, "userId": "nobody"}
    response = await client.transport._http.post(
        "/friction/detect", json=body, headers=client.transport.headers, params=query
    )
    return response.status_code


def stored(session: Session) -> str:
    """Everything in the database, as text."""
    tables = inspect(session.connection()).get_table_names()
    return "\n".join(str(row) for table in tables for row in session.execute(text(f'SELECT * FROM "{table}"')))


def files_with(secret: str, folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


async def test_the_key_is_in_the_answer_and_nowhere_else(backend: Backend, tmp_path: Path) -> None:
    owner = await backend.owner()
    created = await owner.keys.create(KeyCreate(name="web"))
    rotated = await owner.keys.rotate(created.id)
    refresh, access = owner.transport.refresh_token, owner.transport.access_token
    assert created.key.startswith("hfk_")
    assert len(created.key) > 40
    everything = await backend.runtime.database.read(stored)
    for secret in (created.key, rotated.key, refresh, access):
        assert secret
        assert secret not in everything
        assert files_with(secret, tmp_path) == []
    assert created.hint in everything or rotated.hint in everything
    (listed,) = (await owner.keys.list()).items
    assert "key" not in listed.model_dump()


async def test_a_key_kept_with_an_idempotency_key_is_nowhere_either(backend: Backend) -> None:
    owner = await backend.owner()
    headers = {**owner.transport.headers, "idempotency-key": "again"}
    http = owner.transport._http
    keys = [(await http.post("/api/keys", json={"name": "web"}, headers=headers)).json()["key"] for _ in range(2)]
    everything = await backend.runtime.database.read(stored)
    assert keys[0] != keys[1]
    assert all(key not in everything for key in keys)


async def test_a_key_may_do_what_its_scopes_say(backend: Backend) -> None:
    owner = await backend.owner()
    can = await owner.keys.create(KeyCreate(name="can", scopes=["friction"]))
    cannot = await owner.keys.create(KeyCreate(name="cannot", scopes=["track"]))
    assert await try_key(backend, can.key) not in (401, 403)
    assert await try_key(backend, cannot.key) == 403
    assert (await refused(backend.client(api_key=can.key).incidences.list())).code == "STAFF_ONLY"


async def test_a_key_may_come_in_the_query(backend: Backend) -> None:
    owner = await backend.owner()
    key = (await owner.keys.create(KeyCreate(name="web"))).key
    response = await backend.client().transport._http.post(
        "/friction/detect", json={"userId": "x"}, params={"key": key}
    )
    assert response.status_code not in (401, 403)


async def test_a_rotated_key_stops_at_once(backend: Backend) -> None:
    owner = await backend.owner()
    first = await owner.keys.create(KeyCreate(name="web"))
    assert await try_key(backend, first.key) not in (401, 403)
    second = await owner.keys.rotate(first.id)
    assert (second.id, second.scopes) == (first.id, first.scopes)
    assert await try_key(backend, first.key) == 401
    assert await try_key(backend, second.key) not in (401, 403)


async def test_a_revoked_key_stops_at_once_and_for_good(backend: Backend) -> None:
    owner = await backend.owner()
    key = await owner.keys.create(KeyCreate(name="web"))
    assert await try_key(backend, key.key) not in (401, 403)
    await owner.keys.revoke(key.id)
    assert await try_key(backend, key.key) == 401
    for call in (owner.keys.revoke(key.id), owner.keys.rotate(key.id)):
        assert (await refused(call)).status == 404
    (listed,) = (await owner.keys.list()).items
    assert listed.revoked_at == backend.clock.now()


async def test_the_last_use_is_recorded_to_the_minute(backend: Backend) -> None:
    owner = await backend.owner()
    created = await owner.keys.create(KeyCreate(name="web"))

    async def last_used() -> Any:
        return (await owner.keys.list()).items[0].last_used_at

    assert await last_used() is None
    await try_key(backend, created.key)
    first = backend.clock.now()
    assert await last_used() == first
    backend.clock.advance(seconds=30)
    backend.runtime.gate.forget()
    await try_key(backend, created.key)
    assert await last_used() == first
    backend.clock.advance(minutes=5)
    backend.runtime.gate.forget()
    await try_key(backend, created.key)
    assert await last_used() == first + timedelta(minutes=5, seconds=30)


async def test_another_business_has_other_keys(backend: Backend) -> None:
    owner, other = await backend.owner(), await backend.another_owner()
    key = await owner.keys.create(KeyCreate(name="mine"))
    assert (await other.keys.list()).items == []
    for call in (other.keys.rotate(key.id), other.keys.revoke(key.id)):
        assert (await refused(call)).status == 404


@pytest.mark.parametrize("wrong", [{"name": ""}, {"name": "web", "scopes": ["everything"]}, {"scopes": []}])
async def test_a_misshapen_key_is_refused(backend: Backend, wrong: dict[str, Any]) -> None:
    owner = await backend.owner()
    assert (await refused(owner.transport.call("POST", "/api/keys", None, wrong))).status == 400


@pytest.mark.parametrize("key", ["", "garbage", "hfk_" + "x" * 43, "hfk_é", "x" * 10_000])
async def test_a_key_nobody_made_is_refused(backend: Backend, key: str) -> None:
    response = await backend.client().transport._http.post("/friction/detect", json={}, params={"key": key})
    assert response.status_code == 401


async def test_rotating_at_once_leaves_one_good_key(backend: Backend) -> None:
    owner = await backend.owner()
    created = await owner.keys.create(KeyCreate(name="web"))
    rotated = await asyncio.gather(*(owner.keys.rotate(created.id) for _ in range(5)))
    good = [key for key in rotated if await try_key(backend, key.key) not in (401, 403)]
    assert len(good) == 1


async def test_a_key_that_is_rotated_while_it_is_looked_up_is_not_remembered(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = await backend.owner()
    created = await owner.keys.create(KeyCreate(name="web"))
    write, gate = backend.runtime.database.write, backend.runtime.gate

    async def rotated_meanwhile(unit: Any) -> Any:
        monkeypatch.setattr(backend.runtime.database, "write", write)
        await owner.keys.rotate(created.id)
        return await write(unit)

    monkeypatch.setattr(backend.runtime.database, "write", rotated_meanwhile)  # the gate writes the last use
    await gate.by_key(created.key)
    with pytest.raises(Unauthenticated):
        await gate.by_key(created.key)


async def test_who_asks_at_once_is_looked_up_once(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    key = (await (await backend.owner()).keys.create(KeyCreate(name="web"))).key
    read, gate, looks = backend.runtime.database.read, backend.runtime.gate, 0

    async def counted(unit: Any) -> Any:
        nonlocal looks
        looks += 1
        return await read(unit)

    monkeypatch.setattr(backend.runtime.database, "read", counted)
    callers = await asyncio.gather(*(gate.by_key(key) for _ in range(20)))
    assert (looks, len({id(caller) for caller in callers})) == (1, 1)
    wrong = await asyncio.gather(*(gate.by_key("nobody's") for _ in range(20)), return_exceptions=True)
    assert looks == 2
    assert all(isinstance(one, Unauthenticated) for one in wrong)
    with pytest.raises(Unauthenticated):
        await gate.by_key("nobody's")
    assert looks == 3, "what is refused is not remembered"


async def test_who_leaves_while_they_are_looked_up_leaves_the_others_their_answer(backend: Backend) -> None:
    key = (await (await backend.owner()).keys.create(KeyCreate(name="web"))).key
    first, second = (asyncio.create_task(backend.runtime.gate.by_key(key)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).is_key


async def test_who_comes_while_a_look_hangs_waits_for_it_no_longer_than_it_would_be_believed(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process may have revoked the key since: nobody tells us."""
    created = await (await backend.owner()).keys.create(KeyCreate(name="web"))
    gate, database, goes_on = backend.runtime.gate, backend.runtime.database, asyncio.Event()
    write = database.write
    monkeypatch.setattr("backend.identity.gate._REMEMBER_SECONDS", 0.1)

    async def slowly(unit: Any) -> Any:
        await goes_on.wait()
        return await write(unit)

    monkeypatch.setattr(database, "write", slowly)
    first = asyncio.create_task(gate.by_key(created.key))
    await asyncio.sleep(0.2)
    revoked = update(ApiKey).where(ApiKey.id == created.id).values(revoked_at=backend.clock.now())
    await write(lambda session: session.execute(revoked) and None)
    with pytest.raises(Unauthenticated):
        await gate.by_key(created.key)
    goes_on.set()
    assert (await first).is_key
    with pytest.raises(Unauthenticated):
        await gate.by_key(created.key)
