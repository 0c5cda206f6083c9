"""Two hundred thousand objects, read by a real server that is killed ten times, whenever chance wants it."""

import asyncio
import os
import time
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import create_engine, select

from backend.billing import takings_normal
from backend.billing.models import Charge, Dispute, Payout, Refund
from backend.client import ApiError, Client, Offline
from backend.core.clock import RealClock
from backend.demo.outside.serve import served
from backend.demo.outside.stripe import StripeDouble
from backend.identity.schemas import SignUp
from tests.support.server import Server

CHARGES = 188_000
KILLS = 10
MEGABYTES = 40
"""By how much the memory of a process may grow while it reads."""


def megabytes(server: Server) -> float:
    assert server.process is not None
    pages = int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def kept(url: str) -> dict[str, dict[str, Any]]:
    """The mirror's rows by Stripe's ids, for what Stripe says of them."""
    engine, found = create_engine(url), {}
    with engine.connect() as connection:
        for model, key in (
            (Charge, Charge.stripe_charge_id),
            (Refund, Refund.stripe_refund_id),
            (Dispute, Dispute.stripe_dispute_id),
            (Payout, Payout.stripe_payout_id),
        ):
            columns = (key, model.status, model.amount, model.currency, model.created_at)
            found[model.__tablename__] = {row[0]: tuple(row[1:]) for row in connection.execute(select(*columns))}
    engine.dispose()
    return found


def shown(double: StripeDouble) -> dict[str, dict[str, Any]]:
    """The same as Stripe has it."""
    now, found = double.time.clock.now(), {}
    for kind, name in (("charge", "charges"), ("refund", "refunds"), ("dispute", "disputes"), ("payout", "payouts")):
        read = takings_normal.payout if kind == "payout" else takings_normal.refund
        rows = {}
        for body in double.account.rows(kind):
            one = read(body, now)
            rows[body["id"]] = (one["status"], one["amount"], one["currency"], one["created_at"])
        found[name] = rows
    return found


async def progress(client: Client, business: str) -> float | None:
    """How far it is; None while nobody answers."""
    try:
        return (await client.stripe.show(business)).progress
    except (Offline, ApiError):
        return None


@pytest.mark.soak
@pytest.mark.timeout(1_500)
async def test_ten_kills_leave_what_one_run_leaves(sqlite_template: Any, tmp_path: Path) -> None:
    url, rng = sqlite_template.make(tmp_path), Random(20)
    double = StripeDouble(RealClock(), livemode=True)
    made = double.takings(CHARGES, days=89)
    assert sum(made.values()) > 196_000
    async with served(double) as api:
        settings = {"stripe_secret_key": double.key, "stripe_api_base": api, "log_level": "WARNING"}
        server = Server(url, tmp_path / "server", **settings).start()
        client, seen, kills, grown = Client(server.url), [0.0], 0, [0.0]
        try:
            signed = await client.identity.sign_up(SignUp(email="o@example.com", password="correct horse", name="O"))
            from backend.billing.schemas import SyncAsked

            await client.stripe.sync(signed.business.id, SyncAsked(is_full=True))
            at, began = time.monotonic() + rng.uniform(5, 12), None
            async with asyncio.timeout(1_400):
                while seen[-1] < 1.0:
                    await asyncio.sleep(0.5)
                    if (share := await progress(client, signed.business.id)) is not None:
                        seen.append(share)
                    if kills < KILLS and time.monotonic() > at:
                        await asyncio.to_thread(server.kill)
                        await asyncio.to_thread(server.start)
                        kills, at = kills + 1, time.monotonic() + rng.uniform(5, 12)
                        began = None
                    elif kills == KILLS:
                        began = began or megabytes(server)
                        grown.append(megabytes(server) - began)
        finally:
            server.kill()
            await client.transport.close()
    assert kills == KILLS
    assert seen == sorted(seen), "progress never goes back"
    assert max(grown) < MEGABYTES, f"memory grew by {max(grown):.0f} MB"
    mine, theirs = kept(url), shown(double)
    assert {name: len(rows) for name, rows in mine.items()} == {name: len(rows) for name, rows in theirs.items()}
    assert mine == theirs
