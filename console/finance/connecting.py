"""Connecting and disconnecting the Stripe account: the URL to open, waiting for it, and asking before it ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from textual.timer import Timer

from console.finance import words
from console.frame.screen import FrameScreen
from console.twin import told
from widgets.panel import Panel
from widgets.prompt import Confirm

if TYPE_CHECKING:
    Row = Mapping[str, Any]

WAIT = 2.0
"""Seconds between looks while something goes on at Stripe."""


class Connecting(FrameScreen):
    """The keys of the tab about the account. The screen keeps what it read last in `account`."""

    account: Row | None
    _url = ""
    _waiting: Timer | None = None

    @property
    def business_id(self) -> str:
        """Whose account it is."""
        raise NotImplementedError

    def show_account(self) -> None:
        """As it is, and look again soon while it is on its way."""
        pairs, lines = words.stripe(self.account, self._url, self.console.now(), self.console.key_of("stripe_connect"))
        self.query_one("#text", Panel).show(pairs, lines, title="Stripe")
        if self._is_on_its_way() and self._waiting is None:
            self._waiting = self.set_interval(WAIT, self._look)

    def note_account(self, now: Row | None) -> None:
        """Keep how it is now, and say so when somebody has agreed."""
        was, self.account = self.account, now
        if not self._url or was is None or now is None:
            return
        if now["isConnected"] and not was["isConnected"]:
            self._url = ""
            self.console.say(f"{now['accountId']} is connected, and is read now.")
        elif (waiting := now["connecting"]) and waiting["by"]:
            self._url = ""
            self._ask_to_replace(waiting)

    def _is_on_its_way(self) -> bool:
        one = self.account
        if one is None:
            return False
        waiting = one["connecting"]
        is_open = waiting is not None and not waiting["error"] and not waiting["by"] and not one["isConnected"]
        return is_open or one["relist"] is not None

    def _look(self) -> None:
        api, business = self.console.api, self.business_id

        def done(answer: Any) -> None:
            if not self.is_attached:
                return
            self.note_account(told(answer))
            if not self._is_on_its_way() and self._waiting is not None:
                self._waiting.stop()
                self._waiting = None
            self.show_account()
            self.recheck()

        if self.is_current and self.console.is_online:
            self.console.calls.start(
                "look at the account", lambda: api.stripe.show(business), done=done, group="account", exclusive=True
            )

    def account_verdicts(self) -> dict[str, str]:
        """Why the account can be connected, read or let go, or not."""
        one = self.account
        if one is None:
            return {}
        if one["isConnected"]:
            return {"stripe_connect": f"{one['accountId'] or 'An account'} is connected; disconnect it first."}
        words_ = "No Stripe account is connected."
        waits = one["connecting"] is not None and one["connecting"]["by"] is not None
        return {"stripe_sync": words_} if waits else {"stripe_disconnect": words_, "stripe_sync": words_}

    def action_stripe_connect(self) -> None:
        """Show where an owner of the Stripe account agrees, and wait; or ask whether the one that waits replaces the last."""
        api, business = self.console.api, self.business_id
        waiting = (self.account or {}).get("connecting")
        if waiting and waiting["by"]:
            self._ask_to_replace(waiting)
            return

        async def begun() -> Any:
            answer = await api.stripe.begin_connect(business)
            return answer.url, told(await api.stripe.show(business))

        def done(found: Any) -> None:
            self._url, self.account = found
            self.app.copy_to_clipboard(self._url)
            self.console.say("Open the address in a browser; it is copied, too.")
            if self.is_attached:
                self.show_account()

        self.console.calls.start("begin to connect Stripe", begun, done=done)

    def _ask_to_replace(self, waiting: Row) -> None:
        api, business, last = self.console.api, self.business_id, waiting["replaces"]["accountId"]
        target, lines = words.replacing(waiting)

        def said(_: Any) -> None:
            self.console.say(f"{words.titled(waiting['by'])} is connected, and is read now.")
            self._look()

        def answered(is_yes: bool | None) -> None:
            if is_yes:
                agree = lambda: api.stripe.agree_connect(business, last)  # noqa: E731
                self.console.calls.start("replace the account", agree, done=said)

        question = Confirm("Another Stripe account than before", target, lines=lines, yes="Replace it")
        self.app.push_screen(question, answered)

    def action_stripe_disconnect(self) -> None:
        """Ask, with the account's id, and let it go; the one that waits to replace the last, if there is one."""
        one, api, business = self.account, self.console.api, self.business_id
        if one is None:
            return
        waiting = one["connecting"] or {}
        id = words.titled(waiting["by"]) if waiting.get("by") else one["accountId"] or "the account"
        lines = [[("What was read stays, to be looked at. Nothing new is read.", "muted")]]

        def said(_: Any) -> None:
            self.console.say(f"{id} is disconnected.")
            self._look()

        def answered(is_yes: bool | None) -> None:
            if is_yes:
                self.console.calls.start(f"disconnect {id}", gone, done=said)

        async def gone() -> bool:
            await api.stripe.disconnect(business)
            return True

        self.app.push_screen(Confirm("Disconnect Stripe", [("Account", id)], lines=lines, yes="Disconnect"), answered)

    def action_stripe_sync(self) -> None:
        """Read Stripe now."""
        from backend.billing.schemas import SyncAsked

        api, business = self.console.api, self.business_id

        def said(_: Any) -> None:
            self.console.say("Stripe is read now.")
            self._look()

        self.console.calls.start("read Stripe", lambda: api.stripe.sync(business, SyncAsked()), done=said)
