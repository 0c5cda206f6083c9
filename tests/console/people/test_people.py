"""People, accounts and businesses by keys: asked and taken away, codes and sign-ins, and nothing left of elsewhere."""

import base64
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Input, Static
from typer.testing import CliRunner

from backend.client import Client
from backend.identity.models import RecoveryCode, SecondFactor
from backend.identity.schemas import BusinessCreate, InvitationRead, MemberAdd
from backend.identity.totp import code_at, step_at
from console.account.account import AccountScreen
from console.account.scan import Scan
from console.actions import BY_ID
from console.cli import command_line
from console.connection import Target
from console.drafts import Draft
from console.people.people import PeopleScreen
from console.rules.typing_prompt import TypingPrompt
from console.setup.sign_in import SignInScreen
from tests.console.desk.floor import EMAIL, PASSWORD, Console, Floor, until
from tests.console.place import burst
from tests.identity.mail import letters, mailed
from tests.widgets.stage import said, text_of
from widgets.outline import Outline
from widgets.prompt import Choice, Confirm
from widgets.qr import half_blocks


async def go(app: Console, pilot: Pilot[Any], letter: str, kind: type[Any]) -> Outline:
    await pilot.press("g", letter)
    await until(lambda: isinstance(app.screen, kind) and app.screen.is_read)
    await pilot.pause()
    return app.screen.query_one(Outline)


async def to_line(outline: Outline, pilot: Pilot[Any], key: str) -> None:
    await pilot.press("home")
    for _ in range(30):
        if outline.key.startswith(key):
            return
        await pilot.press("j")
    raise AssertionError(f"no line {key}")


async def asked(app: Console, pilot: Pilot[Any], kind: type[Any], *keys: str) -> None:
    """Answer the question that comes next."""
    await until(lambda: isinstance(app.screen, kind))
    await pilot.pause()
    question = app.screen
    burst(app, *keys) if len(keys) > 1 else await pilot.press(keys[0])
    await until(lambda: app.screen is not question)
    await pilot.pause()


async def test_people_are_asked_changed_and_taken_away(floor: Floor) -> None:
    async with floor.console() as (app, pilot):
        outline = await go(app, pilot, "l", PeopleScreen)
        assert "Ben Carter" in text_of(app)
        assert "Nobody is asked." in text_of(app)
        await pilot.press("n")
        await asked(app, pilot, TypingPrompt, "ravi@feast.co", "enter")
        await asked(app, pilot, TypingPrompt, "enter")
        await asked(app, pilot, Choice, "supervisor", "enter")
        await until(lambda: "invitation:" in "".join(line.id or "" for line in outline.options))
        (invited,) = (await floor.api.invitations.list(floor.me.business.id)).items
        assert (invited.email, invited.name, invited.role) == ("ravi@feast.co", "Ravi", "supervisor")
        await to_line(outline, pilot, "invitation:")
        assert "the mail waits to leave" in text_of(app)
        first = await mailed(floor.backend)
        await pilot.press("s")
        await until(lambda: any("in 60 s" in text for text in said(app)))
        floor.clock.advance(seconds=60)
        await pilot.press("s")
        await until(lambda: any("Another mail" in text for text in said(app)))
        assert await mailed(floor.backend) != first
        await pilot.press("D")
        await asked(app, pilot, Confirm, "y")
        await until(lambda: any("taken back" in text for text in said(app)))
        assert (await floor.api.invitations.list(floor.me.business.id)).items == []
        await to_line(outline, pilot, f"member:{floor.me.member_id}")
        assert app.screen.refusal(BY_ID["member_remove"]) == "That is you."  # type: ignore[attr-defined]
        await to_line(outline, pilot, f"member:{floor.ben_id}")
        await pilot.press("r")
        await asked(app, pilot, Choice, "admin", "enter")
        await until(lambda: any("Ben Carter is admin now" in text for text in said(app)))
        assert (await floor.ben.keys.list()).items == []
        await pilot.press("D")
        await asked(app, pilot, Confirm, "enter")
        assert await floor.ben.identity.me(), "enter is No"
        await pilot.press("D")
        await asked(app, pilot, Confirm, "y")
        await until(lambda: "Ben Carter" not in text_of(app).replace("Ben Carter works", ""))
        assert app.troubles == []


async def test_an_agent_sees_who_works_here_and_changes_nobody(floor: Floor) -> None:
    body = MemberAdd(email="ravi@feast.co", name="Ravi", role="agent")
    assert isinstance(await floor.api.businesses.add_member(floor.me.business.id, body), InvitationRead)
    async with floor.console(email="ben@feast.co") as (app, pilot):
        await go(app, pilot, "l", PeopleScreen)
        assert "Invitations" not in text_of(app)
        assert "role" in app.screen.refusal(BY_ID["member_invite"])  # type: ignore[attr-defined]
        assert app.troubles == []


async def test_an_account_is_looked_after(floor: Floor) -> None:
    phone = Client(floor.url)
    await phone.identity.sign_in(EMAIL, PASSWORD)
    async with floor.console(size=(120, 40)) as (app, pilot):
        outline = await go(app, pilot, "h", AccountScreen)
        await to_line(outline, pilot, "name")
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, TypingPrompt))
        await pilot.press("end", "ctrl+u")
        await asked(app, pilot, TypingPrompt, "Asha Rao", "enter")
        await until(lambda: "Asha Rao" in text_of(app))
        await to_line(outline, pilot, "email")
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, TypingPrompt))
        _, words = (await letters(floor.backend))[-1]
        code = next(line for line in words.splitlines() if len(line) == 8 and line.isupper())
        await asked(app, pilot, TypingPrompt, *code, "enter")
        await until(lambda: "not proven" not in text_of(app) and isinstance(app.screen, AccountScreen))
        await pilot.press("X")
        await asked(app, pilot, Confirm, "y")
        await until(lambda: any("2 have ended" in text for text in said(app)))  # the phone's and the floor's own
        await to_line(outline, pilot, "codes")
        await pilot.press("enter")
        await asked(app, pilot, TypingPrompt, *PASSWORD, "enter")
        await until(lambda: isinstance(app.screen, Scan))
        await pilot.pause()
        secret = await floor.backend.runtime.database.read(lambda session: session.query(SecondFactor).one().sealed)
        text = str(floor.backend.runtime.vault.open(secret)["secret"])
        assert text[:4] in text_of(app)
        uri = f"otpauth://totp/Holdfast:{EMAIL.replace('@', '%40')}?secret={text}&issuer=Holdfast"
        assert [row for row in half_blocks(uri) if row.strip() not in text_of(app)] == []
        await asked(app, pilot, Scan, "y")
        await asked(app, pilot, TypingPrompt, *code_at(base64.b32decode(text), step_at(floor.clock.now())), "enter")
        await asked(app, pilot, Confirm, "n")
        await until(lambda: "10 left" in text_of(app))
        before = await floor.backend.runtime.database.read(lambda session: session.query(RecoveryCode).first())
        await to_line(outline, pilot, "recovery")
        await pilot.press("enter")
        await asked(app, pilot, TypingPrompt, *PASSWORD, "enter")
        await asked(app, pilot, Confirm, "n")
        after = await floor.backend.runtime.database.read(lambda session: session.query(RecoveryCode).all())
        assert len(after) == 10
        assert before.fingerprint not in {one.fingerprint for one in after}
        app.action_lock()
        await pilot.pause()
        burst(app, PASSWORD, "enter")
        await until(lambda: isinstance(app.screen, AccountScreen))
        assert app.troubles == []
    floor.clock.advance(seconds=30)
    again = Console(Target(floor.url, email=EMAIL, password=PASSWORD))
    again.frozen = floor.clock
    async with again.run_test() as pilot:
        await until(lambda: isinstance(again.screen, TypingPrompt))
        await pilot.pause()
        burst(again, "000000", "enter")
        await until(lambda: "This code is wrong" in text_of(again))
        await pilot.pause()
        burst(again, code_at(base64.b32decode(text), step_at(floor.clock.now())), "enter")
        await until(lambda: again.feed.kind == "live")
    await phone.transport.close()


async def test_what_reaches_one_is_changed(floor: Floor) -> None:
    async with floor.console(email="ben@feast.co", size=(120, 40)) as (app, pilot):
        outline = await go(app, pilot, "h", AccountScreen)
        for line, wrong, right in (
            ("quiet", "21:00-25:00", "21:00-8:00"),
            ("zone", "Mars", "asia/kolkata"),
            ("digest", "noon", "7:15"),
        ):
            await to_line(outline, pilot, line)
            await pilot.press("enter")
            await until(lambda: isinstance(app.screen, TypingPrompt))
            await pilot.press("end", "ctrl+u")
            burst(app, wrong, "enter")
            await until(lambda: "✗" in text_of(app))
            await pilot.press("end", "ctrl+u")
            await asked(app, pilot, TypingPrompt, right, "enter")
            await until(lambda: app.screen.is_read and "21:00 to 08:00" in text_of(app))  # type: ignore[attr-defined]
        await until(lambda: "07:15" in text_of(app))
        times = await floor.ben.alerts.times()
        assert (times.quiet_from, times.quiet_to, times.zone, times.digest_at) == (
            "21:00",
            "08:00",
            "Asia/Kolkata",
            "07:15",
        )
        await to_line(outline, pilot, "kind:WATCHED")
        await pilot.press("enter")
        await until(lambda: "○ off" in text_of(app))
        assert (await floor.ben.alerts.muted()).kinds == ["WATCHED"]
        await pilot.press("enter")
        await until(lambda: "○ off" not in text_of(app))
        await to_line(outline, pilot, "quiet")
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, TypingPrompt))
        await pilot.press("end", "ctrl+u")
        await asked(app, pilot, TypingPrompt, "none", "enter")
        await until(lambda: "21:00" not in text_of(app))
        assert app.troubles == []


async def test_an_invitation_is_taken_up_and_a_password_set_anew_before_one_signs_in(floor: Floor) -> None:
    body = MemberAdd(email="ravi@feast.co", name="Ravi", role="agent")
    await floor.api.businesses.add_member(floor.me.business.id, body)
    app = Console(Target(floor.url))
    app.frozen = floor.clock
    async with app.run_test() as pilot:
        await until(lambda: "Enter your e-mail" in str(app.screen.query_one("#said", Static).content))
        await pilot.press("f7")
        await asked(app, pilot, TypingPrompt, "hfi_wrong", "enter")
        await until(lambda: "no such invitation" in text_of(app))
        await pilot.press("f7")
        await asked(app, pilot, TypingPrompt, *await mailed(floor.backend), "enter")
        await asked(app, pilot, TypingPrompt, "enter")
        await asked(app, pilot, TypingPrompt, *"a good one", "enter")
        await until(lambda: app.feed.kind == "live")
        assert app.session is not None
        assert app.session.me.user.email == "ravi@feast.co"
        app.action_sign_out()
        await until(lambda: isinstance(app.screen, SignInScreen) and "signed out" in text_of(app))
        await pilot.press("f8")
        await asked(app, pilot, TypingPrompt, *"ravi@feast.co", "enter")
        await floor.backend.drain()
        await asked(app, pilot, TypingPrompt, *await mailed(floor.backend), "enter")
        await asked(app, pilot, TypingPrompt, *"a better one", "enter")
        await until(lambda: "The new password holds" in text_of(app))
        assert app.screen.query_one("#email", Input).value == "ravi@feast.co"
        burst(app, "a better one", "enter")
        await until(lambda: app.session is not None and app.feed.kind == "live")
        assert app.troubles == []


async def test_nothing_of_the_old_business_is_left_on_screen(floor: Floor) -> None:
    await floor.incidence(name="Zaphod Beeblebrox")
    away = await floor.api.businesses.create(BusinessCreate(name="Second Helping"))
    async with floor.console() as (app, pilot):
        assert "Zaphod" in text_of(app)
        session = app.session
        assert session is not None
        (case,) = app.store.incidences
        session.drafts.keep(Draft(case, "note", "half a word"))
        app.calls.last_failed = ("take", lambda: None)
        await pilot.press("g", "b")
        await asked(app, pilot, Choice, "enter")
        await until(lambda: app.session is not session and app.feed.kind == "live")
        await until(lambda: app.current_mode == "queue")
        await pilot.pause()
        assert app.session is not None
        assert (app.session.me.business.id, app.session.folder != session.folder) == (away.id, True)
        assert "Zaphod" not in text_of(app)
        assert "Second Helping" in text_of(app)
        assert (app.store.incidences, app.calls.last_failed) == ({}, None)
        assert app.session.drafts.incidence_ids == frozenset()
        app.action_switch_business("fe")
        await until(lambda: app.session is not None and app.session.me.business.id == floor.me.business.id)
        await until(lambda: "Zaphod" in text_of(app))
        assert app.session.drafts.incidence_ids == {case}
        assert app.troubles == []


def test_the_commands_say_what_is_missing() -> None:
    for line in (["members", "role", "a@b.co", "king"], ["password", "reset", "http://127.0.0.1:1"]):
        answer = CliRunner().invoke(
            command_line(line[0]), line, env={"HOLDFAST_NEW_PASSWORD": "", "HOLDFAST_TOKEN": ""}
        )
        assert answer.exit_code != 0
