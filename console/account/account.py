"""Your account (`g h`): enter changes a line; where one is signed in is listed, and ended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, ClassVar

from textual.widgets import OptionList

from console import asking
from console.account import reaching, words
from console.account.scan import Scan
from console.background import in_background
from console.frame.overview import Detail, Overview
from console.twin import told
from widgets.outline import Line

Row = Mapping[str, Any]


class AccountScreen(Overview):
    """One's own, at whatever business."""

    family: ClassVar[str] = "account"
    heading: ClassVar[str] = "Your account"
    what: ClassVar[str] = "account"
    topics: ClassVar[tuple[str, ...]] = ("signin",)

    def __init__(self) -> None:
        super().__init__()
        self._user: Row = {}
        self._codes: Row = {}
        self._sign_ins: dict[str, Row] = {}
        self._times: Row = {}
        self._muted: list[str] = []

    def asking(self) -> Callable[[], Awaitable[Any]]:
        identity, alerts = self.console.api.identity, self.console.api.alerts

        async def ask() -> Any:
            own = await identity.profile(), await identity.second_factor(), (await identity.sign_ins()).items
            return own, await alerts.times(), await alerts.muted()

        return ask

    def keep(self, answer: Any) -> None:
        (user, codes, sign_ins), times, muted = answer
        self._times, self._muted = told(times), muted.kinds
        self._user, self._codes = told(user), told(codes)
        self._sign_ins = {one.id: told(one) for one in sign_ins}

    def lines(self) -> list[Line]:
        own = words.of_all(self._user, self._codes, [*self._sign_ins.values()], self.console.now())
        return own + reaching.lines(self._times, self._muted)

    def detail(self, key: str) -> Detail:
        if (one := self.sign_in()) is not None:
            return words.of_sign_in(one, self.console.now()), (), "Sign-in"
        about = reaching.ABOUT_KINDS if key.startswith(reaching.KIND) else (words.ABOUT | reaching.ABOUT).get(key)
        return (), [about] if about else (), ""

    def sign_in(self) -> Row | None:
        """The sign-in under the cursor."""
        return self._sign_ins.get(self.key_after(words.SIGN_IN))

    def verdicts(self) -> Mapping[str, str]:
        """This one is ended by signing out."""
        one, refused = self.sign_in(), {}
        if one is None:
            refused["sign_in_end"] = "There is no sign-in under the cursor."
        elif one["isCurrent"]:
            refused["sign_in_end"] = f"It is this one; {self.console.key_of('sign_out')} signs out."
        if len(self._sign_ins) < 2:
            refused["sign_in_end_others"] = "There is no other."
        return refused

    # -- the verbs

    def action_sign_in_end(self) -> None:
        """End the sign-in under the cursor."""
        one, identity = self.sign_in(), self.console.api.identity

        async def end(id: str) -> bool:
            await identity.end_sign_in(id)
            return True

        if one is not None:
            self._call("end the sign-in", lambda: end(one["id"]), lambda _: "That sign-in has ended.")

    def action_sign_in_end_others(self) -> None:
        """End all others."""
        call = self.console.api.identity.end_other_sign_ins
        self._call("end the other sign-ins", call, lambda answer: f"{answer.ended} have ended; this one is left.")

    def on_option_list_option_selected(self, _event: OptionList.OptionSelected) -> None:
        """Change what is under the cursor."""
        ways = {
            "name": self._rename,
            "picture": self._picture,
            "email": self._prove,
            "password": self._password,
            "codes": self._codes_off if self._codes.get("isOn") else self._codes_on,
            "recovery": self._renew,
        }
        if kind := self.key_after(reaching.KIND):
            self._turn(kind)
        elif self.key in reaching.ABOUT:
            in_background(self, self._hours, self.key, group="account", exclusive=True)
        elif (way := ways.get(self.key)) is not None:
            in_background(self, way, group="account", exclusive=True)

    def _turn(self, kind: str) -> None:
        """Hear of a kind of alerts, or nothing of it any more."""
        from backend.alerts.schemas import Muted

        is_muted, called = kind in self._muted, reaching.KINDS[kind]
        body = Muted.model_validate({"kinds": sorted({*self._muted} ^ {kind})})
        said = f"You hear of {called} again." if is_muted else f"You hear nothing of {called} any more."
        self._call("change what you are told of", lambda: self.console.api.alerts.mute(body), lambda _: said)

    async def _hours(self, what: str) -> None:
        """Be told outside in other hours; what waits already keeps its time."""
        from backend.alerts.schemas import AlertTimes
        from console.rules.typing_prompt import TypingPrompt

        known = dict(self._times)
        calm = f"{known['quietFrom']}-{known['quietTo']}" if known["quietFrom"] else "none"
        prompts = {
            reaching.ZONE: ("Your time zone", known["zone"], reaching.read_zone, "such as Asia/Kolkata"),
            reaching.QUIET: ("Your quiet hours", calm, reaching.read_quiet, "21:00-08:00, or none"),
            reaching.DIGEST: ("Your daily digest", known["digestAt"], reaching.read_clock, "such as 08:30"),
        }
        title, text, read, hint = prompts[what]
        typed = await self.app.push_screen_wait(TypingPrompt(title, text, read, hint=hint))
        if typed is None:
            return
        names = {reaching.ZONE: ["zone"], reaching.QUIET: ["quietFrom", "quietTo"], reaching.DIGEST: ["digestAt"]}[what]
        given = typed.value if what == reaching.QUIET else (typed.value,)
        body = AlertTimes.model_validate(known | dict(zip(names, given, strict=True)))
        said = "It is changed; what waits already keeps its time."
        self._call("change your hours", lambda: self.console.api.alerts.set_times(body), lambda _: said)

    async def _rename(self) -> None:
        from backend.identity.schemas import UserChange

        name = await asking.line(self.app, "Your name", text=self._user["name"], hint="what colleagues see")
        if name is not None:
            change = self.console.api.identity.change_profile
            self._call(
                "change your name", lambda: change(UserChange(name=name)), lambda one: f"You are {one.name} now."
            )

    async def _picture(self) -> None:
        from console.rules.reading import Reading
        from console.rules.typing_prompt import TypingPrompt

        def read(text: str) -> Reading:
            is_right = not text.strip() or text.strip().startswith(("https://", "http://"))
            return Reading(text.strip(), "" if is_right else "An address, https://…; empty is none.")

        typed = await self.app.push_screen_wait(TypingPrompt("Your picture", self._user["avatarUrl"] or "", read))
        if typed is None:
            return
        api, url = self.console.api, typed.value or None

        async def change() -> Any:
            from backend.identity.schemas import UserChange

            return await api.identity.change_profile(UserChange.model_validate({"avatarUrl": url}))

        self._call("change your picture", change, lambda _: "It is changed.")

    async def _prove(self) -> None:
        identity, calls = self.console.api.identity, self.console.calls

        async def mail() -> bool:
            await identity.mail_proof()
            return True

        if not await calls.ask("mail you a code", mail):
            return
        said = f"A code is on its way to {self._user['email']}."
        while (
            code := await asking.line(self.app, "The code in the mail", hint="eight letters", said=said)
        ) is not None:
            if await calls.ask("prove your e-mail", partial(identity.prove_email, code)) is not None:
                self.console.say("Your e-mail is proven.")
                self.read()
                return

    async def _password(self) -> None:
        current = await asking.line(self.app, "Your password as it is", is_secret=True, hint="what you signed in with")
        if current is None:
            return
        title = "Your new password"
        new = await asking.line(self.app, title, is_secret=True, hint="a new one", problem=asking.new_password)
        again = None if new is None else await asking.line(self.app, f"{title} again", is_secret=True, hint="the same")
        if new is None or again is None:
            return
        if new != again:
            self.console.say("The two are not the same; nothing was changed.", "warning")
            return
        change = self.console.api.identity.change_password
        said = lambda answer: f"It is changed; {answer.ended} other sign-ins have ended."  # noqa: E731
        self._call("change your password", lambda: change(current, new), said)

    async def _codes_on(self) -> None:
        identity, console = self.console.api.identity, self.console
        password = await asking.line(self.app, "Ask for codes", is_secret=True, hint="your password")
        if password is None:
            return
        begun = await console.calls.ask("begin with codes", lambda: identity.begin_second_factor(password))
        if begun is None:
            return
        if not await self.app.push_screen_wait(Scan(begun.uri, begun.secret, f"Holdfast: {self._user['email']}")):
            return
        while (code := await asking.line(self.app, "A code of it", hint="six digits")) is not None:
            kept = await console.calls.ask("confirm the code", partial(identity.confirm_second_factor, code))
            if kept is not None:
                await self._show_recovery(kept.codes)
                self.read()
                return

    async def _show_recovery(self, codes: list[str]) -> None:
        pairs = [(codes[place], codes[place + 1]) for place in range(0, len(codes) - 1, 2)]
        lines = ["Each stands in for a code once, as when the phone is lost. They are shown this once."]
        if await asking.agreed(self.app, "Codes to recover by", pairs, lines, "Copy them", "I have them", "ok"):
            self.app.copy_to_clipboard("\n".join(codes))
            self.console.say("The codes are copied.")

    async def _codes_off(self) -> None:
        password = await asking.line(self.app, "Ask for codes no more", is_secret=True, hint="your password")
        code = (
            None if password is None else await asking.line(self.app, "A code", hint="six digits, or one to recover by")
        )
        if password is None or code is None:
            return
        identity = self.console.api.identity

        async def off() -> bool:
            await identity.end_second_factor(password, code)
            return True

        self._call("switch codes off", off, lambda _: "No codes are asked for any more.")

    async def _renew(self) -> None:
        hint = "your password, or a code of your authenticator"
        said = "All codes to recover by that you have kept are void from then on."
        given = await asking.line(self.app, "New codes to recover by", is_secret=True, hint=hint, said=said)
        if given is None:
            return
        identity = self.console.api.identity
        is_code = len(given) == 6 and given.isdigit()  # no password is so short
        as_given = {"code" if is_code else "password": given}
        kept = await self.console.calls.ask("renew the codes", lambda: identity.renew_recovery_codes(**as_given))
        if kept is not None:
            await self._show_recovery(kept.codes)
            self.read()

    def _call(self, what: str, call: Callable[[], Awaitable[Any]], said: Callable[[Any], str]) -> None:
        def done(answer: Any) -> None:
            self.console.say(said(answer))
            self.read()

        self.console.calls.start(what, call, done=done)
