"""Who is erased while somebody begins to work for them is not worked for: on PostgreSQL both happen at once."""

import asyncio
from collections.abc import Callable

import psycopg
import pytest

from backend.customers import service
from backend.work import Work
from tests.support.backend import Backend

ERASE = "UPDATE customers SET external_id = 'erased-1', name = '', erased_at = now() WHERE external_id = 'asha'"


def by_external_id(work: Work) -> str:
    return service.ensure_customer(work, "asha").id


def by_handle(work: Work) -> str:
    return service.customer_by_handle(work, "freshchat", "fc-1", external_id="asha", name="Asha").id


@pytest.mark.parametrize("find", [by_external_id, by_handle])
async def test_a_customer_erased_meanwhile_is_another_one_now(backend: Backend, find: Callable[[Work], str]) -> None:
    if backend.url.startswith("sqlite"):
        pytest.skip("one writer")
    units = await backend.units()
    before = await units.write(by_handle)
    with psycopg.connect(backend.url) as erasing:
        erasing.execute(ERASE)
        erasing.execute("DELETE FROM customer_handles")
        found = asyncio.create_task(units.write(find))
        await asyncio.sleep(0.2)
        erasing.commit()
    assert await found != before
    assert await units.read(lambda work: service.find_customer(work, "asha").id) == await found
