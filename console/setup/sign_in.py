"""Signing in: e-mail, password, enter, enter. The first thing that is painted, before anything slow is imported."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, Label, Static

from console.background import in_background
from console.connection import Target
from console.credentials import Vault
from widgets.entry import Entry
from widgets.plain import plain

if TYPE_CHECKING:
    from backend.client import ApiError, Client
    from backend.identity.schemas import SignInRead
    from console.app import ConsoleApp

Way: TypeAlias = "Callable[[App[Any], Client], Awaitable[SignInRead | None]]"
TRY_AGAIN = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds between tries of a server that does not answer, while a kept token is to be used."""


async def taking_up(app: App[Any], api: Client) -> SignInRead | None:
    """By the code of an invitation."""
    from console.setup import arriving

    return await arriving.take_up(app, api)


async def arriving_by_google(app: App[Any], api: Client) -> SignInRead | None:
    """By a browser."""
    from console.setup import arriving

    return await arriving.by_google(app, api)


class SignInScreen(Screen[None]):
    """Shown at the start and whenever a sign-in ends. Signs in by itself with kept tokens or given credentials."""

    CSS_PATH = "sign_in.tcss"
    AUTO_FOCUS = None
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "enter", "Sign in", show=False, priority=True),
        Binding("f7", "take_up", "Invitation", show=False, priority=True),
        Binding("f8", "forgot", "Forgotten password", show=False, priority=True),
        Binding("f9", "google", "Google", show=False, priority=True),
    ]

    def __init__(self, url: str, email: str = "", why: str = "") -> None:
        super().__init__()
        self._url, self._email, self._why = url, email, why
        self._api: Client | None = None
        self._vault: Vault | None = None
        self._is_busy = False

    @property
    def console(self) -> ConsoleApp:
        """The app, by its own type."""
        return self.app  # type: ignore[return-value]

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = "Holdfast"
            box.border_subtitle = Content(plain(self._url))
            yield Label("E-mail")
            yield Entry(self._email, id="email", compact=True)
            yield Label("Password")
            yield Input(password=True, id="password", compact=True)
            yield Static(Content(plain(self._why or "Connecting …")), id="said", markup=False)
            yield Static(Content("f7 invitation   f8 forgotten password   f9 Google"), id="ways", markup=False)

    def on_mount(self) -> None:
        """The cursor where something is missing."""
        self.query_one("#password" if self._email else "#email").focus()

    async def begin(self, api: Client, vault: Vault, target: Target) -> None:
        """The server can be spoken to: sign in by itself if that is possible, else ask."""
        self.ready(api, vault)
        if target.email and target.password:
            await self._sign_in(target.email, target.password)
        elif self._email and (tokens := await vault.read(self._url, self._email)):
            await self._resume(tokens)
        else:
            self.say("Enter your e-mail and password.")

    def ready(self, api: Client, vault: Vault) -> None:
        """From now on enter signs in."""
        self._api, self._vault = api, vault
        if self._why:
            self.refuse(self._why)

    async def _resume(self, tokens: tuple[str, str]) -> None:
        """Go on with kept tokens; a server that does not answer is asked again until it does."""
        from backend.client import ApiError, Offline

        assert self._api is not None, "ready first"
        transport = self._api.transport
        transport.access_token, transport.refresh_token = tokens
        self._keep_tokens(self._email)
        for tries in range(10_000):
            try:
                me = await self._api.identity.me()
                await self._enter(me, self._email)
                return
            except ApiError as error:
                transport.access_token = transport.refresh_token = None
                self.refuse(f"Sign in again: {error.message}" if error.status == 401 else words(error))
                return
            except Offline:
                if self._is_busy:
                    return
                self.refuse(f"{self._url} does not answer. Trying again …")
                await asyncio.sleep(TRY_AGAIN[min(tries, len(TRY_AGAIN) - 1)])

    def action_enter(self) -> None:
        """To the password, or sign in. Right here and not by the input's message: keys that follow at once, as from a
        password manager, belong into the next field."""
        password = self.query_one("#password", Input)
        if self.focused is password:
            password.call_later(self._submit)  # after the keys that are still on their way to it
        else:
            self.set_focus(password)

    def _submit(self) -> None:
        email, password = self.query_one("#email", Entry).value.strip(), self.query_one("#password", Input).value
        if self._api is None:
            self.say("Not connected yet; a moment …")
        elif not email or "@" not in email:
            self.refuse("Enter the e-mail you sign in with.")
            self.query_one("#email").focus()
        elif not password:
            self.refuse("Enter your password.")
        elif not self._is_busy:
            in_background(self.app, self._sign_in, email, password, group="sign-in")

    async def _sign_in(self, email: str, password: str) -> None:
        from backend.client import ApiError, Offline

        assert self._api is not None, "ready first"
        self._is_busy = True
        self.say("Signing in …")
        self._keep_tokens(email)
        try:
            answer = await self._with_password(email, password)
            if answer is None:
                self.say("Enter your password to begin again.")
            else:
                await self._enter(answer, email)
        except Offline:
            self.refuse(f"{self._url} does not answer. Is the server running? Enter tries again.")
        except ApiError as error:
            self.refuse(f"{words(error)} {self.console.target.hint}".strip())
            field = self.query_one("#password", Input)
            field.value = ""
            field.focus()
        except Exception as error:
            self.console.report("sign in", error)
            self.refuse("That did not work.")
        finally:
            self._is_busy = False

    async def _with_password(self, email: str, password: str) -> SignInRead | None:
        """Sign in, with a code if one is asked for; None when it is not given."""
        from backend.client import ApiError
        from console.setup import arriving

        assert self._api is not None, "ready first"
        try:
            return await self._api.identity.sign_in(email, password)
        except ApiError as error:
            if error.code != "SECOND_FACTOR_REQUIRED":
                raise
            return await arriving.second_code(self.app, self._api, error)

    def action_take_up(self) -> None:
        """Take up an invitation."""
        self._otherwise("take up the invitation", lambda: self._come(taking_up))

    def action_forgot(self) -> None:
        """Set a forgotten password anew."""
        self._otherwise("set a new password", self._set_anew)

    def action_google(self) -> None:
        """Sign in with Google, in a browser."""
        self._otherwise("sign in with Google", lambda: self._come(arriving_by_google))

    def _otherwise(self, what: str, way: Callable[[], Awaitable[None]]) -> None:
        async def go() -> None:
            from backend.client import ApiError, Offline

            self._is_busy = True
            try:
                await way()
            except Offline:
                self.refuse(f"{self._url} does not answer. Is the server running?")
            except ApiError as error:
                self.refuse(words(error))
            except Exception as error:
                self.console.report(what, error)
            finally:
                self._is_busy = False

        if self._api is None:
            self.say("Not connected yet; a moment …")
        elif not self._is_busy:
            in_background(self.app, go, group="sign-in")

    async def _come(self, way: Way) -> None:
        assert self._api is not None, "ready first"
        self._api.transport.on_tokens = None  # for whom they are is known after it
        if (answer := await way(self.app, self._api)) is not None:
            self._keep_tokens(answer.user.email)
            await self._api.transport.hold(answer.access_token, answer.refresh_token)
            await self._enter(answer, answer.user.email)

    async def _set_anew(self) -> None:
        from console.setup import arriving

        assert self._api is not None, "ready first"
        if email := await arriving.set_anew(self.app, self._api, self.query_one("#email", Entry).value.strip()):
            self.query_one("#email", Entry).value = email
            self.set_focus(self.query_one("#password"))
            self.say("The new password holds. Sign in with it.")

    def _keep_tokens(self, email: str) -> None:
        api, vault, url = self._api, self._vault, self._url
        assert api is not None, "ready first"
        assert vault is not None, "ready first"

        async def keep(access: str, refresh: str) -> None:
            was = vault.where
            try:
                await vault.keep(url, email, access, refresh)
            except OSError as error:
                self.app.notify(plain(f"The sign-in could not be kept: {error}"), severity="warning", markup=False)
                return
            if vault.where != was:
                self.console.say(f"Your sign-in is kept in {vault.where}.")

        api.transport.on_tokens = keep

    async def _enter(self, me: object, email: str) -> None:
        self.say("Signed in. Loading …")
        await self.console.signed_in(me, email)
        if self.is_attached and self.is_current and len(self.app.screen_stack) > 1:
            self.app.pop_screen()

    def start_over(self, why: str) -> None:
        """Ask again, of whoever comes next."""
        self._why = why
        password = self.query_one("#password", Input)
        password.value = ""
        self.set_focus(password if self.query_one("#email", Entry).value else self.query_one("#email"))
        self.refuse(why)

    def say(self, text: str) -> None:
        """Say how it goes."""
        self._show(text, is_wrong=False)

    def refuse(self, text: str) -> None:
        """Say what is wrong."""
        self._show(text, is_wrong=True)

    def _show(self, text: str, *, is_wrong: bool) -> None:
        if self.is_attached and (said := self.query("#said")):
            said.first(Static).set_class(is_wrong, "-wrong")
            said.first(Static).update(Content(plain(text)))


def words(error: ApiError) -> str:
    """A refusal to sign in, for people."""
    if error.code == "RATE_LIMITED":
        return "Too many tries. Wait a minute, then try again."
    return error.message
