"""`holdfast delivery …`, `jobs …` and `alerts times`: everything that their screens do is a command."""

import asyncio
import base64
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from backend.demo.outside.pigeonhole import SLACK_PATH, Pigeonhole
from backend.demo.outside.serve import served
from backend.identity.totp import code_at, step_at
from console.cli import command_line
from tests.console.desk.floor import EMAIL, PASSWORD, Floor
from tests.console.running.test_running import world
from tests.identity.mail import letters

Run = Callable[..., Coroutine[Any, Any, Any]]


@pytest.fixture
def run(floor: Floor, home: Path) -> Run:
    """Run a command beside the server, which answers from this thread."""
    env: dict[str, str | None] = {"HOLDFAST_HOME": str(home), "HOLDFAST_URL": None, "HOLDFAST_PASSWORD": PASSWORD}
    env["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"

    async def running(*args: str, **more: str) -> Any:
        call = asyncio.to_thread(CliRunner().invoke, command_line(args[0]), list(args), env=env | more)
        done = asyncio.ensure_future(call)
        while not done.done():
            await floor.backend.drain()
            await asyncio.sleep(0.02)
        await floor.backend.drain()  # what the command set going as it ended
        return await done

    return running


async def test_channels_and_letters(floor: Floor, run: Run) -> None:
    async def answered(*args: str, **more: str) -> Any:
        done = await run(*args, "--json", **more)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    chat = Pigeonhole(answers=[(200, None), (404, None)])
    async with served(chat) as address:
        assert (await run("sign-in", floor.url, EMAIL)).exit_code == 0
        assert "There is no channel" in (await run("delivery", "channels")).stdout
        wrong = await run("delivery", "add", "slack", HOLDFAST_CHANNEL_ADDRESS="http://hooks.example.com/x")
        assert (wrong.exit_code, "must be https" in wrong.stderr) == (1, True)
        secret = address + SLACK_PATH
        added = await run("delivery", "add", "slack", "--name", "ops", HOLDFAST_CHANNEL_ADDRESS=secret)
        assert (added.exit_code, SLACK_PATH in added.output) == (0, False), "what opens it is never shown"
        again = await run("delivery", "add", "teams", "--name", "ops", HOLDFAST_CHANNEL_ADDRESS=secret)
        assert "called ops already" in again.stderr
        tried = await run("delivery", "test", "ops")
        assert (tried.exit_code, "It went out." in tried.stdout) == (0, True)
        refused = await run("delivery", "test", "ops")
        assert (refused.exit_code, "did not go out: Slack answered 404" in refused.stdout) == (1, True)
        (failed,) = (await answered("delivery", "letters", "--state", "failed"))["items"]
        shown = (await run("delivery", "letter", failed["id"])).stdout
        assert "ops · failed: Slack answered 404" in shown
        assert "Nothing is to be done." in shown
        assert "tried again" in (await run("delivery", "retry", failed["id"])).stdout
        async with asyncio.timeout(20):
            while (channel := (await answered("delivery", "channels"))["items"][0])["sent"] < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert channel["failed"] == 0
        assert (await answered("delivery", "rename", "ops", "desk"))["name"] == "desk"
        assert "is stopped: nothing leaves" in (await run("delivery", "stop", "desk")).stdout
        assert "Let it go on first" in (await run("delivery", "test", "desk")).stderr
        assert (await answered("delivery", "resume", "desk"))["stoppedAt"] is None
        assert "no channel 'ops'" in (await run("delivery", "stop", "ops")).stderr
        assert "Nothing leaves by desk" in (await run("delivery", "remove", "desk")).stdout
        assert (await answered("delivery", "channels"))["items"] == []

        told = await run("alerts", "times", "--quiet", "22:00-07:30", "--zone", "Europe/Lisbon")
        assert told.stdout == "Europe/Lisbon: quiet from 22:00 to 07:30, the daily digest at 08:30.\n"
        assert "no IANA time zone" in (await run("alerts", "times", "--zone", "Mars")).stderr


async def test_jobs(floor: Floor, run: Run) -> None:
    async with served(Pigeonhole(answers=[(200, None), (404, None)])) as address:
        await world(floor, address)
        assert (await run("sign-in", floor.url, EMAIL)).exit_code == 0
        waiting = json.loads((await run("jobs", "list", "--status", "waiting", "--json")).stdout)["items"]
        (later,) = [one["id"] for one in waiting if one["name"] == "alerts.dispatch"]
        assert f"It runs now: {later}" in (await run("jobs", "retry", later)).stdout
        at = floor.clock.now().replace(hour=22)
        await floor.units.write(lambda work: work.enqueue("alerts.dispatch", at=at, key="other", destination="x"))
        (other,) = json.loads((await run("jobs", "list", "--status", "waiting", "--json")).stdout)["items"]
        assert (await run("jobs", "cancel", other["id"])).stdout == "It is cancelled.\n"
        assert (await run("jobs", "list", "--status", "waiting")).stdout == "There is no job.\n"
        assert "There is no job" in (await run("jobs", "retry", "nobody")).stderr
        assert "risk." in (await run("jobs", "schedules")).stdout
        dead = (await run("jobs", "dead")).stdout
        assert "\x1b" not in dead
        assert {"integrations.carry", "delivery.send"} <= set(dead.split())
        letters = json.loads((await run("jobs", "dead", "--json")).stdout)["items"]
        (letter,) = [one["id"] for one in letters if one["job"] == "delivery.send"]
        assert "delivery.send is run once more" in (await run("jobs", "replay", letter)).stdout
        parts = await run("monitoring")
        assert "Letters to staff" in parts.stdout
        assert (await run("jobs", "list", "--status", "wrong")).exit_code == 1
    assert (await run("sign-in", floor.url, "ben@feast.co")).exit_code == 0
    for args in (("jobs", "list"), ("delivery", "channels")):
        denied = await run(*args)
        assert (denied.exit_code, "role" in denied.stderr or "may" in denied.stderr) == (1, True), denied.stderr


async def test_an_e_mail_is_proven_and_codes_are_asked_for_and_no_more(floor: Floor, run: Run) -> None:
    async def answered(*args: str) -> Any:
        done = await run("account", *args, "--json")
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    def code_of(secret: str) -> str:
        floor.clock.advance(seconds=30)  # each is good for once
        return code_at(base64.b32decode(secret), step_at(floor.clock.now()))

    assert (await run("sign-in", floor.url, EMAIL)).exit_code == 0
    assert "not proven" in (await run("account", "show")).stdout
    assert await answered("prove") == {"mailed": True}
    wrong = await run("account", "prove", "WRONGONE")
    assert (wrong.exit_code, wrong.stdout) == (1, "")
    _, words = (await letters(floor.backend))[-1]
    code = next(line for line in words.splitlines() if len(line) == 8 and line.isupper())
    assert (await answered("prove", code))["isEmailProven"] is True
    assert "not proven" not in (await run("account", "show")).stdout

    begun = await answered("codes", "on")
    assert begun["uri"].startswith("otpauth://totp/")
    assert (await run("account", "codes", "confirm", "000000")).exit_code == 1
    assert (await answered("show"))["secondFactor"]["isOn"] is False
    first = (await answered("codes", "confirm", code_of(begun["secret"])))["codes"]
    renewed = await run("account", "codes", "renew")
    new = renewed.stdout.split()[:10]
    assert (renewed.exit_code, len(set(first)), len(set(new)), set(first) & set(new)) == (0, 10, 10, set())
    assert "10 to recover by left" in (await run("account", "show")).stdout
    assert (await run("account", "codes", "off", first[0])).exit_code == 1, "void since there are others"
    assert await answered("codes", "off", new[0]) == {"isOn": False}
    assert (await answered("show"))["secondFactor"]["isOn"] is False
