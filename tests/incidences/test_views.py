"""Saved views: one's own, kept under a name once, told to oneself alone, and erased with whom they look for."""

import asyncio
import json
from typing import Any

import pytest

from backend.client import ApiError, Client
from backend.incidences import views
from backend.incidences.schemas import IncidenceOpen
from backend.incidences.view_schemas import ViewKeep
from tests.support.backend import Backend
from tests.support.follows import follows, frames

pytestmark = pytest.mark.alike


async def kept(client: Client) -> dict[str, str]:
    return {one.name: one.filter for one in (await client.views.list()).items}


async def keep(client: Client, name: str, filter: str = "p1 @me") -> Any:
    return await client.views.keep(ViewKeep(name=name, filter=filter))


async def test_they_are_ones_own(backend: Backend) -> None:
    ann, ben = await backend.member("agent"), await backend.member("agent")
    async with follows(backend, ann) as seen:
        first = await keep(ann, "Mine")
        await keep(ann, "Big", "value>90k")
        again = await keep(ann, "Mine", "p2")
        await keep(ben, "Mine", "p3")
    assert (again.view_id, await kept(ann), await kept(ben)) == (
        first.view_id,
        {"Mine": "p2", "Big": "value>90k"},
        {"Mine": "p3"},
    )
    assert "value>90k" not in json.dumps(seen), "the feed tells that there is one, not what one looks for"
    with pytest.raises(ApiError) as error:
        await ben.views.drop(first.view_id)
    assert error.value.status == 404
    await ann.views.drop(first.view_id)
    assert await kept(ann) == {"Big": "value>90k"}
    told = [frame["type"] for frame in await frames(backend, ann, 0) if frame["type"].startswith("view.")]
    assert told == ["view.kept"] * 4 + ["view.dropped"]


async def test_two_machines_keep_one_name_at_once(backend: Backend) -> None:
    ann = await backend.member("agent")
    answers = await asyncio.gather(*(keep(ann, "Mine", f"p{number}") for number in (1, 2, 3, 4)))
    assert len({one.view_id for one in answers}) == 1
    assert list(await kept(ann)) == ["Mine"]


async def test_there_is_an_end_to_them(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "MOST", 2)
    ann = await backend.member("agent")
    await keep(ann, "a")
    await keep(ann, "b")
    with pytest.raises(ApiError) as error:
        await keep(ann, "c")
    assert error.value.code == "TOO_MANY_VIEWS"
    await keep(ann, "b", "p2")
    assert await kept(ann) == {"a": "p1 @me", "b": "p2"}


async def test_who_is_erased_is_looked_for_no_more(backend: Backend) -> None:
    owner = await backend.owner()
    body = {"user_id": "CUST-7731", "stage": "PRE_ORDER", "channel": "IN_APP_CHAT", "trigger": "USER_INITIATED"}
    await owner.incidences.open(IncidenceOpen.model_validate(body))
    await keep(owner, "The one", "-waiting cust-7731")
    await keep(owner, "Another", "cust-77310")
    await owner.customers.erase("CUST-7731")
    assert list(await kept(owner)) == ["Another"]
