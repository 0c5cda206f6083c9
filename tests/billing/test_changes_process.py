"""Changes by a real server process over sockets, which is killed (SIGKILL) in their midst; and by the command line."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from backend.billing.change_schemas import DiscountAsk
from backend.billing.schemas import SubscriptionRead, SyncAsked
from backend.client import Client
from backend.core.clock import RealClock
from backend.demo.outside.serve import served
from backend.demo.outside.stripe import Mishap, StripeDouble
from backend.identity.schemas import SignUp
from console.cli import command_line
from tests.support.backend import business_of
from tests.support.server import Server

SECONDS = 60
LATE = 8.0
"""Seconds that Stripe takes for what the killed server asked for."""
APPLY = "POST /v1/subscriptions/"


class Desk:
    """A server beside a double, both on ports, and one subscription in both."""

    def __init__(self, double: StripeDouble, server: Server, owner: Client) -> None:
        self.double, self.server, self.owner = double, server, owner
        self.stripe_id = ""

    async def begin(self) -> SubscriptionRead:
        for plan in ("Basic", "Pro"):
            price = self.double.plan(plan, 1_200 if plan == "Basic" else 2_900, currency="inr")
        self.stripe_id = self.double.subscribe(price=price)["id"]
        await self.owner.identity.sign_up(SignUp(email="o@example.com", password="correct horse", name="O"))
        await self.owner.stripe.sync(await business_of(self.owner), SyncAsked(is_full=True))

        async def mirrored() -> list[SubscriptionRead]:
            return (await self.owner.subscriptions.list()).items

        (row,) = await soon(mirrored)
        return row

    async def restart(self) -> None:
        self.server.kill()
        await asyncio.to_thread(self.server.start)

    async def settled(self, id: str) -> Any:
        async def looked() -> Any:
            (one,) = (await self.owner.subscriptions.changes(id)).items
            return one if one.state not in ("INTENDED", "CALLING") else None

        return await soon(looked)


async def soon(look: Callable[[], Any]) -> Any:
    """What `look` finds, as soon as it finds anything."""
    async with asyncio.timeout(SECONDS):
        while not (found := await look()):  # noqa: ASYNC110 (another process gets there)
            await asyncio.sleep(0.1)
    return found


@asynccontextmanager
async def desk(database_url: str, folder: Path) -> AsyncIterator[Desk]:
    double = StripeDouble(RealClock())
    async with served(double) as url:
        server = Server(database_url, folder, stripe_secret_key=double.key, stripe_api_base=url)
        await asyncio.to_thread(server.start)
        try:
            async with Client(server.url) as owner:
                yield Desk(double, server, owner)
        finally:
            server.kill()


@pytest.mark.timeout(150)
@pytest.mark.parametrize(
    ("database_url", "is_done"), [("sqlite", True), ("postgresql", False)], indirect=["database_url"]
)
async def test_a_server_killed_while_it_waits_for_stripe_changes_it_once(
    database_url: str, tmp_path: Path, is_done: bool
) -> None:
    async with desk(database_url, tmp_path / "server") as here:
        row = await here.begin()
        here.double.mishaps.append(Mishap("delay", on=APPLY, seconds=LATE, is_done=is_done))
        body = DiscountAsk(percent=20, months=3, version=row.version)
        asked = await here.owner.subscriptions.discount(row.id, body, idempotency_key="once")
        assert asked.state == "INTENDED"

        async def is_at_stripe() -> bool:
            return any(
                f"{one.method} {one.path}".startswith(APPLY) and one.is_done >= is_done for one in here.double.log
            )

        await soon(is_at_stripe)
        await here.restart()  # while the first request goes on there, unheard; its key is in use until it is through
        change = await here.settled(row.id)
        assert (change.state, change.error, change.id) == ("DONE", None, asked.id)
        assert len(here.double.changes(APPLY)) == len(here.double.changes("POST /v1/coupons")) == 1
        (discount,) = here.double.subscription(here.stripe_id)["discounts"]
        assert (
            here.double.account.find("discount", discount)["source"]["coupon"]
            == f"holdfast_{asked.id.replace('-', '')}"
        )
        shown = await here.owner.subscriptions.show(row.id)
        assert [one.percent_off for one in shown.discounts] == [20.0]
        again = await here.owner.subscriptions.discount(row.id, body, idempotency_key="once", wait=5)
        assert (again.id, again.state) == (asked.id, "DONE")
        assert (await here.owner.audit.verify())["isWhole"] is True


@pytest.mark.timeout(120)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_command_line_previews_changes_and_waits(database_url: str, tmp_path: Path) -> None:
    env = {"HOLDFAST_HOME": str(tmp_path / "home"), "HOLDFAST_PASSWORD": "correct horse", "HOLDFAST_URL": None}

    async def run(*words: str) -> Any:
        return await asyncio.to_thread(CliRunner().invoke, command_line(words[0]), list(words), env=env)

    async def answered(*words: str) -> Any:
        done = await run("subscription", *words, "--json")
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    async with desk(database_url, tmp_path / "server") as here:
        row = await here.begin()
        assert (await run("sign-in", here.server.url, "o@example.com")).exit_code == 0
        preview = await answered("preview", row.id, "pause", "--months", "2")
        assert preview["saved"] in (29, 58)  # by how many days the months have
        paused = await answered("pause", row.id, "--months", "2")
        assert (paused["kind"], paused["state"]) == ("PAUSE", "DONE")
        assert (await answered("resume", here.stripe_id))["state"] == "DONE"
        refused = await run("subscription", "resume", row.id)
        assert (refused.exit_code, "not paused" in refused.stderr) == (1, True)
        price = next(one.stripe_price_id for one in (await here.owner.subscriptions.plans()).items if one.amount == 12)
        shown = await answered("preview", row.id, "downgrade", "--plan", price, "--when", "now")
        words = ("downgrade", row.id, price, "--when", "now", "--proration-date", shown["prorationDate"])
        assert (await answered(*words))["state"] == "DONE"
        done = await run("subscription", "cancel", row.id, "--feedback", "too-expensive", "--comment", "dear")
        assert done.stdout == "Done: cancel at the end of the period.\n"
        assert (await answered("keep", row.id))["state"] == "DONE"
        here.double.mishaps.append(Mishap("refuse", on=APPLY))
        failed = await run("subscription", "trial", row.id, "7", "--on-paid")
        assert (failed.exit_code, failed.stdout[:9]) == (1, "Not done:")
        kinds = [one["kind"] for one in (await answered("changes", row.id))["items"]]
        assert kinds == ["TRIAL_EXTENSION", "KEEP", "CANCEL", "DOWNGRADE", "RESUME", "PAUSE"]
