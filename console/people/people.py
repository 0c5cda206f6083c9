"""People (`g l`): who works here as what, and who is asked to. Admins ask, change and take away."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar

from console import asking
from console.actions import ROLES, Action
from console.background import in_background
from console.frame.overview import Detail, Overview
from console.people import words
from console.twin import told
from widgets.outline import Line
from widgets.prompt import Option

Row = Mapping[str, Any]


class PeopleScreen(Overview):
    """Everybody sees who works here; invitations are for admins."""

    family: ClassVar[str] = "people"
    heading: ClassVar[str] = "People"
    what: ClassVar[str] = "people"
    topics: ClassVar[tuple[str, ...]] = ("member", "invitation", "letter")

    def __init__(self) -> None:
        super().__init__()
        self._members: dict[str, Row] = {}
        self._invitations: dict[str, Row] = {}

    @property
    def business(self) -> str:
        """Whose people these are."""
        assert self.console.session is not None, "shown to who is signed in"
        return self.console.session.me.business.id

    @property
    def may_ask(self) -> bool:
        """Whether one is an admin here."""
        return ROLES.index(self.console.role) >= ROLES.index("admin")

    def asking(self) -> Callable[[], Awaitable[Any]]:
        api, business, may_ask = self.console.api, self.business, self.may_ask

        async def ask() -> Any:
            invited = (await api.invitations.list(business)).items if may_ask else []
            return (await api.businesses.members(business)).items, invited

        return ask

    def keep(self, answer: Any) -> None:
        self._members, self._invitations = ({one.id: told(one) for one in some} for some in answer)

    def lines(self) -> list[Line]:
        rows = [*self._members.values()], [*self._invitations.values()]
        return words.of_all(*rows, self.store.member_id, may_see=self.may_ask)

    def detail(self, key: str) -> Detail:
        now = self.console.now()
        if (member := self.member()) is not None:
            return words.of_member(member, now), (), member["name"]
        if (invitation := self.invitation()) is not None:
            return words.of_invitation(invitation, now), (), invitation["name"]
        return (), (), ""

    def member(self) -> Row | None:
        """The member under the cursor."""
        return self._members.get(self.key_after(words.MEMBER))

    def invitation(self) -> Row | None:
        """The invitation under the cursor."""
        return self._invitations.get(self.key_after(words.INVITATION))

    def tells_of(self, action: Action) -> bool:
        """Enter opens nothing: all there is to know stands beside the list."""
        return action.id != "choose"

    def verdicts(self) -> Mapping[str, str]:
        """What makes sense of who is under the cursor."""
        member, refused = self.member(), {}
        if member is None:
            refused["member_role"] = "There is no member under the cursor."
        if self.invitation() is None:
            refused["invitation_send"] = "There is no invitation under the cursor."
            if member is None:
                refused["member_remove"] = "There is nobody under the cursor."
            elif member["id"] == self.store.member_id:
                refused["member_remove"] = "That is you."
        return refused

    # -- the verbs

    def action_member_invite(self) -> None:
        """Ask somebody to work here, by mail."""
        in_background(self, self._invite, group="people", exclusive=True)

    async def _invite(self) -> None:
        from backend.identity.schemas import MemberAdd

        email = await asking.line(self.app, "Invite", hint="their e-mail", problem=_no_email)
        if email is None:
            return
        name = await asking.line(self.app, f"Invite {email}", text=email.partition("@")[0].title(), hint="their name")
        if name is None or (role := await self._role(f"Invite {name}", "")) is None:
            return
        api, business = self.console.api, self.business

        async def invite() -> Any:
            return await api.businesses.add_member(business, MemberAdd(email=email, name=name, role=role))

        def done(answer: Any) -> None:
            is_asked = hasattr(answer, "letter_state")
            self.console.say(f"{email} is asked by mail." if is_asked else f"{answer.name} works here again.")
            self.read()

        self.console.calls.start(f"invite {email}", invite, done=done)

    async def _role(self, title: str, present: str) -> str | None:
        """One of the roles that one may hand out."""
        mine = ROLES.index(self.console.role)
        options = [
            Option(role, role, "as it is" if role == present else "", "" if place <= mine else f"you are {ROLES[mine]}")
            for place, role in enumerate(ROLES)
        ]
        return await asking.choice(self.app, title, options)

    def action_member_role(self) -> None:
        """Give the member another role."""
        if (member := self.member()) is not None:
            in_background(self, self._change, member, group="people", exclusive=True)

    async def _change(self, member: Row) -> None:
        from backend.identity.schemas import MemberChange

        role = await self._role(f"{member['name']}: {member['role']}", member["role"])
        if role is None or role == member["role"]:
            return
        api, business, body = self.console.api, self.business, MemberChange(role=role)

        def done(_: Any) -> None:
            self.console.say(f"{member['name']} is {role} now.")
            self.read()

        call = lambda: api.businesses.change_member(business, member["id"], body)  # noqa: E731
        self.console.calls.start(f"change {member['name']}", call, done=done)

    def action_member_remove(self) -> None:
        """Take access away, or an invitation back."""
        if (one := self.member() or self.invitation()) is not None:
            in_background(self, self._remove, one, group="people", exclusive=True)

    async def _remove(self, one: Row) -> None:
        api, business, is_member = self.console.api, self.business, "userId" in one
        what = "Take their access away" if is_member else "Take the invitation back"
        after = (
            "Their sign-ins end at once; what they did stays." if is_member else "The code in the mail opens nothing."
        )
        target = [("Name", one["name"]), ("E-mail", one["email"]), ("Role", one["role"])]
        if not await asking.agreed(self.app, f"{what}?", target, [after], what):
            return

        async def remove() -> bool:
            if is_member:
                await api.businesses.remove_member(business, one["id"])
            else:
                await api.invitations.revoke(business, one["id"])
            return True

        def done(_: Any) -> None:
            self.console.say(f"{one['name']} works here no more." if is_member else "The invitation is taken back.")
            self.read()

        self.console.calls.start(what.lower(), remove, done=done)

    def action_invitation_send(self) -> None:
        """Send the invitation again."""
        invitation, api, business = self.invitation(), self.console.api, self.business

        def done(_: Any) -> None:
            self.console.say("Another mail is on its way; the code before opens nothing.")
            self.read()

        if invitation is not None:
            call = lambda: api.invitations.send_again(business, invitation["id"])  # noqa: E731
            self.console.calls.start("send the invitation again", call, done=done)


def _no_email(text: str) -> str:
    name, sign, host = text.partition("@")
    return "" if name and sign and "." in host and " " not in text else "An e-mail, such as asha@example.com."
