"""`holdfast flow` and `holdfast retention` against a real server."""

import asyncio
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from backend.billing.models import Plan, Subscription
from backend.client import Client
from backend.customers.models import Customer
from backend.identity.schemas import SignUp
from console.cli import command_line
from tests.support.backend import business_of
from tests.support.server import Server

EMAIL, PASSWORD = "owner@example.com", "correct horse battery"
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Shell:
    """The owner of a business with one subscriber, signed in, in a shell."""

    def __init__(self, server: Server, url: str, folder: Path) -> None:
        business = asyncio.run(self._open(server.url))
        engine = create_engine(url)
        with Session(engine) as session:
            session.add_all(_rows(business))
            session.commit()
        engine.dispose()
        self.folder = folder
        self.env: dict[str, str | None] = {
            "HOLDFAST_HOME": str(folder / "home"),
            "HOLDFAST_URL": None,
            "HOLDFAST_PASSWORD": PASSWORD,
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        }
        assert self.run("sign-in", server.url, EMAIL).exit_code == 0

    async def _open(self, url: str) -> str:
        async with Client(url) as owner:
            await owner.identity.sign_up(SignUp(email=EMAIL, password=PASSWORD, name="Olga"))
            now = await owner.rules.show("flow")
            settings = now["settings"] | {"holdout": [{"fromRuns": 0, "share": 0}], "waitSeconds": 0, "explore": 0}
            await owner.rules.publish("flow", {"version": 1, "settings": settings, "reason": "for a test"})
            return await business_of(owner)

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(command_line(words[0]), list(words), env=self.env)

    def text(self, *words: str) -> str:
        done = self.run(*words)
        assert done.exit_code == 0, done.output
        return done.stdout

    def json(self, *words: str) -> Any:
        return json.loads(self.text(*words, "--json"))

    def refused(self, *words: str) -> str:
        done = self.run(*words)
        assert (done.exit_code, done.stdout) == (1, "")
        return done.stderr


def _rows(business: str) -> list[Any]:
    now = datetime.now(UTC)
    of = {"business_id": business, "currency": "inr", "interval": "month", "interval_count": 1}
    plans = [
        Plan(id=name, stripe_price_id=f"price_{name}", stripe_product_id=f"prod_{name}", name=name, amount=amount, **of)
        for name, amount in (("Pro", 290_000), ("Basic", 120_000))
    ]
    customer = Customer(id="ada", business_id=business, external_id="u-1", name="Ada", created_at=now)
    subscription = Subscription(
        id="sub", customer_id="ada", stripe_subscription_id="sub_1", stripe_customer_id="cus_1", stripe_item_id="si_1",
        status="active", plan_id="Pro", amount=290_000, mrr=290_000, started_at=now - timedelta(days=400), discounts=[],
        current_period_end=now + timedelta(days=9), is_live=False, read_at=now, **of,
    )  # fmt: skip
    return [*plans, customer, subscription]


def test_from_the_shell(server: Server, database_url: str, tmp_path: Path) -> None:
    shell = Shell(server, database_url, tmp_path)
    an_agent_looks_what_may_be_offered_and_offers_it(shell)
    a_flow_from_reading_to_putting_it_before_customers(shell)
    what_offers_brought(shell)


def a_flow_from_reading_to_putting_it_before_customers(shell: Shell) -> None:
    assert "Leaving        active  1" in shell.text("flow", "list")
    text = shell.text("flow", "show", "Leaving")
    file = shell.folder / "flow.yaml"
    file.write_text(text.replace("percent: 20", "percent: 25"), encoding="utf-8")
    edited = shell.text("flow", "edit", "Leaving", "--file", str(file), "--reason", "more of them stay")
    assert edited == "Leaving: document 2; customers meet document 1, document 2 once it is activated.\n"
    assert "-    percent: 20\n+    percent: 25" in shell.text("flow", "diff", "Leaving", "1", "2")
    tried = shell.json("flow", "dry-run", "Leaving", "--file", str(file))
    assert (tried["runs"], tried["changed"]) == (0, 0)  # what an agent chose, no flow did
    assert shell.text("flow", "activate", "Leaving") == "Leaving: customers meet document 2.\n"
    assert "more of them stay" in shell.text("flow", "versions", "Leaving")
    file.write_text(text.replace("percent: 20", "percent: many"), encoding="utf-8")
    assert "line 4" in shell.refused("flow", "edit", "Leaving", "--file", str(file))
    os.environ.pop("EDITOR", None)
    assert "set EDITOR" in shell.refused("flow", "edit", "Leaving")
    file.write_text(text.replace("name: Leaving", "name: Mine"), encoding="utf-8")
    assert "Mine is a draft" in shell.text("flow", "add", "--file", str(file))
    assert shell.text("flow", "archive", "Mine") == "Mine is archived.\n"
    assert "no flow 'Nobody'" in shell.refused("flow", "show", "Nobody")


def an_agent_looks_what_may_be_offered_and_offers_it(shell: Shell) -> None:
    assert "There is no run." in shell.text("retention", "runs")
    offers = shell.json("retention", "offers", "sub_1", "--reason", "too_expensive")
    assert [one["offer"] for one in offers["offers"]] == ["DISCOUNT:20", "DOWNGRADE", "PAUSE:2"]
    assert "20 % off for 3 months" in shell.text("retention", "offers", "sub")
    assert "no such offer" in shell.refused("retention", "offer", "sub", "trial-extension")
    run = shell.json("retention", "offer", "sub", "pause")
    assert "Next: confirm." in shell.text("retention", "decide", run["runId"], "no")
    assert "1 open." in shell.text("retention", "runs", "--open")
    taken = shell.json("retention", "offer", "sub", "discount", "--accept")
    assert taken["runId"] == run["runId"]
    told = shell.text("retention", "show", run["runId"])
    assert "declined" in told
    assert any(line.split()[1:4] == ["accepted", "1", "discount"] for line in told.splitlines())
    assert "20 % off for 3 months" in told
    assert "no run" in shell.refused("retention", "show", "nothing")


def what_offers_brought(shell: Shell) -> None:
    told = shell.text("retention", "summary")
    assert "1 run in 180 days (Asia/Kolkata), 0 of them at least 90 days old, in INR" in told
    assert "no causal estimate: nobody is in the holdout" in told
    assert "NOT incremental" in told
    assert shell.json("retention", "revenue", "--horizon", "30")["horizon"] == 30
    assert sum(day["attempts"] for day in shell.json("retention", "users", "--days", "7")["series"]) == 1
    assert "discount of 20 %" in shell.text("retention", "performance")
    assert "No reason told" in shell.text("retention", "reasons")
    assert "Save rate" in shell.text("flow", "ranking", "Leaving")
    assert "30, 90 or 180" in shell.refused("retention", "summary", "--horizon", "60")
