"""Erasing a customer leaves no personal text anywhere, and the chain of the audit whole."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import String, cast, func, select, update

from backend.client import ApiError
from backend.core.rows import Base
from backend.customers import service
from backend.customers.schemas import CustomerChange
from backend.identity.models import IdempotentAnswer
from backend.incidences.schemas import IncidenceChange, IncidenceOpen, MessageSend
from backend.jobs import dead_letter
from backend.jobs.handed import Handed
from backend.signals.schemas import CartPut, SignalPost, TrackEvent
from backend.work import Work
from tests.support.backend import Backend

pytestmark = pytest.mark.alike

PERSONAL = ("asha-7731", "Asha Raghunathan", "asha.r@example.com", "98765 43210", "fc-handle-7731", "sugar free please")


def tables_holding(session: Any, text: str) -> list[str]:
    """`table.column` of every place in the database where `text` stands."""
    return [
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if any(text in (value or "") for value in session.scalars(select(cast(column, String))))
    ]


async def places_of(backend: Backend, text: str) -> list[str]:
    """Where in the database `text` stands."""
    return await backend.runtime.database.read(lambda session: tables_holding(session, text))


async def rows_of(backend: Backend, table: str) -> int:
    """How many rows a table has."""
    query = select(func.count()).select_from(Base.metadata.tables[table])
    return int(await backend.runtime.database.read(lambda session: session.scalar(query) or 0))


async def lived_in(backend: Backend) -> str:
    """Our id of a customer who has left traces everywhere."""
    owner, app, units = await backend.owner(), await backend.key(), await backend.units()
    await units.write(
        lambda work: service.customer_by_handle(
            work,
            "freshchat",
            "fc-handle-7731",
            external_id="asha-7731",
            name="Asha Raghunathan",
            email="asha.r@example.com",
            phone="+91 98765 43210",
        )
    )
    customer = await owner.customers.show("asha-7731")
    await owner.customers.change(customer.id, CustomerChange(version=customer.version, tier="GOLD"))
    await owner.customers.show("asha-7731", reveal=True)
    cart = CartPut(cart_items=[{"note": "sugar free please"}], event_type="WEDDING")
    await app.context.set_cart("asha-7731", cart)
    for _ in range(4):
        await app.context.signal("asha-7731", SignalPost(signal_type="back_navigation"))
    await app.tracking.track(TrackEvent(customer_id="asha-7731", event="login", id="login-1"))
    typed = {"wish": "sugar free please"}
    case = IncidenceOpen(
        user_id="asha-7731",
        stage="PRE_ORDER",
        channel="CALL",
        trigger="USER_INITIATED",
        order_value=Decimal(9_000),
        summary="Asha Raghunathan asks",
        user_inputs=typed,
        selected_items=[typed],
    )
    opened = await app.incidences.open(case)
    body = MessageSend(text="Dear Asha Raghunathan", last_seen_seq=opened.last_seq)
    sent = await owner.incidences.send(opened.incidence_id, body)
    cause = IncidenceChange(version=sent.incidence.version, root_cause="call 98765 43210", outcome="RESOLVED")
    await owner.incidences.change(opened.incidence_id, cause)
    return customer.id


async def test_nothing_personal_is_left(backend: Backend) -> None:
    owner, id = await backend.owner(), await lived_in(backend)
    before = await owner.audit.verify()
    await owner.customers.erase("asha-7731")
    for text in PERSONAL:
        assert await places_of(backend, text) == []
    for table in ("signals", "contexts", "customer_handles"):
        assert await rows_of(backend, table) == 0
    after = await owner.audit.verify()
    assert (after["isWhole"], after["events"]) == (True, before["events"] + 2)
    [entry] = (await owner.audit.list(type="customer.erased"))["items"]
    assert entry["subject"]["id"] == id


async def test_the_check_finds_what_is_there(backend: Backend) -> None:
    await lived_in(backend)
    for text in PERSONAL:
        assert await places_of(backend, text)


async def test_an_erased_customer_is_gone_and_may_come_again_as_another(backend: Backend) -> None:
    owner, app, id = await backend.owner(), await backend.key(), await lived_in(backend)
    await owner.customers.erase(id)
    assert (await owner.customers.list()).items == []
    for known_as in (id, "asha-7731"):
        for call in (owner.customers.show(known_as), owner.customers.erase(known_as), app.context.show(known_as)):
            with pytest.raises(ApiError) as refusal:
                await call
            assert refusal.value.status == 404
    await app.context.signal("asha-7731", SignalPost(signal_type="back_navigation"))
    again = await owner.customers.show("asha-7731")
    assert (again.id != id, again.name, again.tier) == (True, "", "BRONZE")


async def test_kept_answers_of_repeated_requests_go_too(backend: Backend) -> None:
    owner = await backend.owner()
    await lived_in(backend)
    body = IncidenceOpen(user_id="asha-7731", stage="PRE_ORDER", channel="IN_APP_CHAT", trigger="USER_INITIATED")
    await owner.transport.call("POST", "/incidences", None, body, idempotency_key="once")
    assert "idempotent_answers.answer" in await places_of(backend, "Asha Raghunathan")
    await owner.customers.erase("asha-7731")
    assert await places_of(backend, "Asha Raghunathan") == []
    assert (await owner.audit.verify())["isWhole"]


async def test_what_a_refused_job_said_of_them_goes_too(backend: Backend) -> None:
    owner, id = await backend.owner(), await lived_in(backend)
    units, now = await backend.units(), backend.clock.now()
    words = "NotFound: There is no customer 'asha-7731' here."

    def fail(work: Work) -> None:
        for name, error in (("theirs", words), ("other", "NotFound: There is no customer 'bela' here.")):
            job = Handed(name, work.business_id, "alerts.raise_alerts", {}, None, "", 4, None)
            dead_letter.record(work.session, job, error, now)

    await units.write(fail)
    await owner.customers.erase(id)
    assert await places_of(backend, "asha-7731") == []
    assert await places_of(backend, "'bela'") == ["dead_letters.error"], "and never in the chain"
    assert (await owner.audit.verify())["isWhole"]


async def test_signals_that_come_while_erasing_stay_with_the_living(backend: Backend) -> None:
    owner, app, id = await backend.owner(), await backend.key(), await lived_in(backend)
    signals = [app.context.signal("asha-7731", SignalPost(signal_type="platter_view")) for _ in range(20)]
    await asyncio.gather(*signals[:10], owner.customers.erase(id), *signals[10:])
    left = await backend.runtime.database.read(
        lambda session: session.scalars(select(Base.metadata.tables["signals"].c.customer_id)).all()
    )
    assert id not in left
    assert (await owner.audit.verify())["isWhole"]


async def test_kept_answers_go_whatever_the_id_is_made_of(backend: Backend) -> None:
    owner = await backend.owner()
    body = {"userId": 'as"ha\\77%31', "stage": "PRE_ORDER", "channel": "CALL", "trigger": "USER_INITIATED"}
    opened = await owner.transport.call("POST", "/incidences", None, body, idempotency_key="once")
    # An answer that names the customer by the external id alone.
    await backend.runtime.database.write(
        lambda session: (
            session.execute(
                update(IdempotentAnswer).values(answer={"userId": body["userId"], "text": "Asha Raghunathan"})
            )
            and None
        )
    )
    await owner.customers.erase(opened["customer"]["id"])
    assert await rows_of(backend, "idempotent_answers") == 0
