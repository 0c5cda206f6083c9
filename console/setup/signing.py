"""Who sits here: signing in and out, going to another business, locking the screen."""

import asyncio
import contextlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib import import_module
from typing import TYPE_CHECKING, Any

from console import approvals, families, servers
from console.actions import Action
from console.background import in_background
from console.connection import Target, Unreachable
from console.credentials import Vault
from console.frame.verbs import Verbs
from console.idle import Idle
from console.live import FeedState, Missed
from console.setup.lock import LockScreen
from console.setup.sign_in import SignInScreen
from console.store import Store
from console.undo import Undo

if TYPE_CHECKING:
    from backend.core.clock import Clock

START = "start"
"""The mode of the first screen."""


class Signing(Verbs):
    """`console.app.ConsoleApp` is made of it: what begins and ends a session, and what of the screens outlives it."""

    target: Target
    vault: Vault
    idle: Idle
    feed: FeedState
    last_verb: tuple[Action, str] | None
    report: Callable[[str, Exception], None]
    guard: Callable[[str], AbstractContextManager[None]]
    tick: Callable[[], None]
    _clock: "Clock | None"
    _families: dict[str, str]
    _came_from: list[str]
    _add_families: Callable[[], None]
    _feed_changed: Callable[[FeedState], None]
    _was_missed: Callable[[Missed], None]

    # -- coming

    def _known_email(self) -> str:
        return self.target.email or servers.known().get(self.target.url, "")

    async def _begin(self) -> None:
        try:
            # While the server is waited for, what comes after the sign-in is imported.
            await asyncio.gather(self.connection.open(), asyncio.to_thread(_import_desk))
        except Unreachable as error:
            self._sign_in_screen.refuse(str(error))
            return
        from backend.core.clock import RealClock

        self._clock = RealClock()
        await self._sign_in_screen.begin(self.connection.api, self.vault, self.target)

    @property
    def _sign_in_screen(self) -> SignInScreen:
        found = next((screen for screen in self.screen_stack if isinstance(screen, SignInScreen)), None)
        assert found is not None, "the sign-in screen is there until one is signed in"
        return found

    async def signed_in(self, me: Any, email: str) -> None:
        """Signed in as `me` (MeRead or SignInRead): load, follow, and show the queue."""
        from console.copilot.talk import Talk
        from console.session import Session

        if self.session is not None and self.session.me.member_id == me.member_id:
            self.session.start()  # the same person again: everything is still there
            return
        if self.session is not None:
            await self.session.close()
            await self._forget_screens()
            self.feed = FeedState("connecting")
        assert self._clock is not None, "connected before one signs in"
        api = self.connection.api
        self.session = Session(
            api,
            me,
            self._clock,
            on_state=self._feed_changed,
            on_missed=self._was_missed,
            on_trouble=lambda error: self.report("follow the feed", error),
            on_alerts=self.alerts_came,
            on_header=self.show_header,
            talk=Talk(self),  # type: ignore[arg-type]
        )
        self.store, self.undo = self.session.store, Undo()
        approvals.watch(self)  # type: ignore[arg-type]
        self.store.listen("rules", self.rules_published)
        self.idle.touch()
        if not self.target.is_passing:
            with contextlib.suppress(OSError):
                self.preferences.change(email=email, url=self.target.url)
        self.store.listen("member", lambda _: self.show_header())
        self.tick()
        self.session.start()
        await self.go("floor" if self.target.wall else families.HOME)

    async def _forget_screens(self) -> None:
        """Back to the first screen; what was shown to one person is not shown to the next."""
        await self.switch_mode(START)
        for name in self._families:
            await self.remove_mode(name)
        self._add_families()
        self._came_from.clear()
        self.last_verb = self.calls.last_failed = None

    # -- another business

    def action_switch_business(self, name: str = "") -> None:
        """Go to another business of one's own: the one named, else one out of all."""
        in_background(self, self._switch, name, group="sign-in", exclusive=True)

    async def _switch(self, name: str) -> None:
        """Nothing of the old business is on screen, or called for, once the new tokens are there."""
        from console.setup import switching

        with self.guard("switch the business"):
            session = self.session
            if session is None:
                return
            business = await switching.chosen(self, session.me, name)  # type: ignore[arg-type]
            if business is None:
                return
            await session.rest()
            await self._forget_screens()
            self._sign_in_screen.say(f"Going to {business.name} …")
            self.clear_notifications()
            answer = await self.calls.ask(
                "switch the business", lambda: self.connection.api.identity.switch(business.id)
            )
            if answer is None:
                session.start()
                await self.go(families.HOME)
                return
            await self.signed_in(answer, answer.user.email)
            self.say(f"You are at {answer.business.name} now, as {answer.role}.")

    # -- leaving

    def sign_in_ended(self, why: str) -> None:
        """Ask to sign in again, over whatever is there; nothing of it is lost."""
        if not any(isinstance(screen, SignInScreen) for screen in self.screen_stack):
            screen = SignInScreen(self.target.url, self._known_email(), f"{why} {self.target.hint}".strip())
            self.push_screen(screen)
            self.call_after_refresh(lambda: screen.ready(self.connection.api, self.vault))

    def action_sign_out(self) -> None:
        """End the sign-in at the server, forget its tokens, and ask to sign in."""
        in_background(self, self._sign_out, group="sign-in", exclusive=True)

    async def _sign_out(self) -> None:
        from backend.client import ApiError, Offline

        if self.session is None:
            return
        with self.guard("sign out"):
            email = self.session.me.user.email
            with contextlib.suppress(ApiError, Offline):
                await self.connection.api.identity.sign_out()
            await self.vault.forget(self.target.url, email)
            await self.session.close()
            self.session = None
            transport = self.connection.api.transport
            transport.access_token = transport.refresh_token = None
            self.store = Store()
            await self._forget_screens()
            self._sign_in_screen.start_over(f"You are signed out. {self.target.hint}".strip())

    def action_lock(self) -> None:
        """Lock the screen."""
        if self.session is not None and not any(
            isinstance(screen, (LockScreen, SignInScreen)) for screen in self.screen_stack
        ):
            self.push_screen(LockScreen(self.session.me.user.email, self.connection.api, self.target.hint))


def _import_desk() -> None:
    for module in ("console.session", "console.copilot.talk", "websockets.asyncio.client"):
        import_module(module)
    families.imported(families.MODES[families.HOME])
