"""The whole of a case in one answer: what it asks of the database."""

from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from backend.agent.dashboard import dashboard
from backend.signals.schemas import CartPut
from backend.unit import Units
from tests.agent.asks import act
from tests.support.backend import Backend
from tests.support.incidences import open_case

pytestmark = pytest.mark.alike


async def test_the_whole_of_a_case_asks_nothing_twice(backend: Backend) -> None:
    owner, key = await backend.owner(), await backend.key()
    await key.context.set_cart("u-1", CartPut(cart_items=["Veg thali"], estimated_value=12_000))
    case = await open_case(key, orderValue=31_000)
    await act(owner, case, "APPLY_DISCOUNT", percent=5)
    units = Units(backend.runtime, (await owner.identity.me()).business.id)

    def read(session: Session) -> tuple[dict[str, Any], list[str]]:
        asked: list[str] = []
        event.listen(
            session.connection(),
            "before_cursor_execute",
            lambda _connection, _cursor, sql, given, _context, _many: asked.append(f"{sql} {given}"),
        )
        return dashboard(units.work(session), case.incidence_id), asked

    board, asked = await backend.runtime.database.read(read)
    assert (board["orderContext"]["estimatedValue"], len(board["orderContext"]["discounts"])) == (12_000, 1)
    assert len(asked) == len(set(asked)) <= 16, "\n".join(asked)
    assert sum("rule_set_versions" in one for one in asked) == 1, "the rules of all that follows come together"
