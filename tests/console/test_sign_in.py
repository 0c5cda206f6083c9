"""Signing in: enter, enter; wrong passwords, dead servers and ended sign-ins are told in words."""

import stat
from pathlib import Path
from typing import Any

from textual.widgets import Input, Static

from console.app import ConsoleApp
from console.connection import Target, free_port
from console.preferences import PreferenceFile
from console.setup.lock import LockScreen
from console.setup.sign_in import SignInScreen
from tests.console.place import EMAIL, MODES, PASSWORD, Desk, burst, until
from tests.widgets.stage import said


def form_says(app: ConsoleApp) -> str:
    return str(app.screen.query_one("#said", Static).content)


def console(url: str, **kwargs: Any) -> ConsoleApp:
    return ConsoleApp(Target(url, **kwargs), modes=MODES, incidence="tests.console.tiny:TinyCase")


async def test_enter_enter(desk: Desk, home: Path) -> None:
    app = console(desk.server.url)
    async with app.run_test() as pilot:
        await until(lambda: "Enter your e-mail" in form_says(app))
        assert desk.server.url in str(app.screen.query_one("Vertical").border_subtitle)
        burst(app, EMAIL, "enter")
        burst(app, PASSWORD, "enter")  # in one packet, as from a password manager
        await until(lambda: app.current_mode == "queue")
        await until(lambda: app.feed.kind == "live")
        await pilot.pause()
        assert any("readable by you only" in text for text in said(app)), "where tokens are kept is said out loud"
    assert PreferenceFile().current.email == EMAIL
    kept = home / "console" / "credentials.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    again = console(desk.server.url)
    async with again.run_test():
        await until(lambda: again.feed.kind == "live")
        assert again.troubles == []


async def test_a_password_manager_types_both_at_once(desk: Desk) -> None:
    app = console(desk.server.url)
    async with app.run_test():
        await until(lambda: "Enter your e-mail" in form_says(app))
        burst(app, EMAIL, "tab")
        burst(app, PASSWORD, "enter")
        await until(lambda: app.current_mode == "queue")


async def test_a_wrong_password_is_said_and_cleared(desk: Desk) -> None:
    app = console(desk.server.url, email=EMAIL)
    async with app.run_test() as pilot:
        await until(lambda: "Enter your e-mail" in form_says(app))
        assert app.focused is app.screen.query_one("#password")
        burst(app, "wrong", "enter")
        await until(lambda: "wrong" in form_says(app))
        assert app.screen.query_one("#password", Input).value == ""
        burst(app, "", "enter")
        await until(lambda: "Enter your password" in form_says(app))
        await pilot.pause()
        burst(app, PASSWORD, "enter")
        await until(lambda: app.current_mode == "queue")


async def test_a_dead_server_is_said(home: Path) -> None:
    app = console(f"http://127.0.0.1:{free_port()}")
    async with app.run_test():
        await until(lambda: "Enter your e-mail" in form_says(app))
        burst(app, "", "enter", "enter")
        await until(lambda: "Enter the e-mail" in form_says(app))
        burst(app, EMAIL, "enter")
        burst(app, PASSWORD, "enter")
        await until(lambda: "does not answer" in form_says(app))


async def test_kept_tokens_wait_for_a_dead_server(desk: Desk) -> None:
    async with desk.console():
        pass
    desk.server.kill()
    app = console(desk.server.url)
    async with app.run_test():
        await until(lambda: "does not answer" in form_says(app))
        desk.server.start()
        await until(lambda: app.feed.kind == "live")


async def test_kept_tokens_that_ended_ask_again(desk: Desk, home: Path) -> None:
    async with desk.console() as (app, _):
        await app.api.identity.sign_out()
    again = console(desk.server.url)
    async with again.run_test():
        await until(lambda: "Sign in again" in form_says(again))
        burst(again, PASSWORD, "enter")
        await until(lambda: again.feed.kind == "live")


async def test_a_sign_in_that_ends_asks_over_the_work(desk: Desk) -> None:
    await desk.incidence()
    async with desk.console() as (app, pilot):
        assert app.session is not None
        await app.api.identity.sign_out()
        app.api.transport.access_token = "expired"
        app.api.transport.refresh_token = "hfr_used"
        await pilot.press("t")
        await until(lambda: isinstance(app.screen, SignInScreen))
        await pilot.pause()
        assert app.store.incidences, "what was there is still there behind it"
        burst(app, PASSWORD, "enter")
        await until(lambda: not isinstance(app.screen, SignInScreen))
        await until(lambda: app.feed.kind == "live")
        assert app.troubles == []


async def test_signing_out_forgets_the_token(desk: Desk, home: Path) -> None:
    async with desk.console() as (app, pilot):
        await pilot.press("f10")
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert app.session is not None, "enter is No"
        await pilot.press("f10")
        await pilot.pause()
        await pilot.press("y")
        await until(lambda: isinstance(app.screen, SignInScreen))
        assert app.session is None
        assert await app.vault.read(desk.server.url, EMAIL) is None


async def test_a_passing_server_leaves_no_sign_in_and_locks_nobody_out(desk: Desk, home: Path) -> None:
    app = console(desk.server.url, email=EMAIL, password=PASSWORD, is_passing=True)
    async with app.run_test() as pilot:
        await until(lambda: app.feed.kind == "live")
        assert not any("kept" in text for text in said(app))
        app.action_lock()
        await until(lambda: isinstance(app.screen, LockScreen))
        await pilot.pause()
        assert f"This demo's password: {PASSWORD}" in form_says(app)
        burst(app, "guess", "enter")
        await until(lambda: "wrong" in form_says(app))
        assert PASSWORD in form_says(app)
        burst(app, PASSWORD, "enter")
        await until(lambda: not isinstance(app.screen, LockScreen))
        app.action_sign_out()
        await until(lambda: isinstance(app.screen, SignInScreen) and PASSWORD in form_says(app))
    assert not (home / "console" / "credentials.json").exists()
    assert PreferenceFile().current.url == ""


async def test_the_lock_opens_with_the_password_only(desk: Desk) -> None:
    await desk.incidence()
    async with desk.console() as (app, pilot):
        app.preferences.change(lock_minutes=5)
        now = [0.0]
        app.idle._clock = lambda: now[0]
        app.idle.touch()
        now[0] = 299
        app.tick()
        assert not isinstance(app.screen, LockScreen)
        now[0] = 300
        app.tick()
        await until(lambda: isinstance(app.screen, LockScreen))
        await pilot.pause()
        await pilot.press("escape", "q")
        assert isinstance(app.screen, LockScreen)
        burst(app, "guess", "enter")
        await until(lambda: "wrong" in form_says(app))
        burst(app, PASSWORD, "enter")
        await until(lambda: not isinstance(app.screen, LockScreen))
