"""`holdfast members …`: who works here as what, and who is asked to."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from console import twin
from console.output import fail, show

if TYPE_CHECKING:
    from backend.client import Client

group = typer.Typer(help="Who works here, and who is asked to.", no_args_is_help=True)
Who = Annotated[str, typer.Argument(help="Their e-mail or id.")]
Role = Annotated[str, typer.Option(help="agent, supervisor, admin or owner.")]


@group.command("list")
def list_members(url: twin.Url = "", json: twin.Json = False) -> None:
    """Everybody who works here; for admins, who is asked to as well."""

    async def asked(api: "Client") -> Any:
        me = await api.identity.me()
        members = twin.told(await api.businesses.members(me.business.id))["items"]
        may_see = me.role in ("admin", "owner")
        invited = twin.told(await api.invitations.list(me.business.id))["items"] if may_see else []
        return {"members": members, "invitations": invited}

    both = twin.signed_in(url, asked)
    rows = [(one["name"], one["email"], one["role"], one["availability"].lower(), one["id"]) for one in both["members"]]
    rows += [(one["name"], one["email"], one["role"], _standing(one), one["id"]) for one in both["invitations"]]
    show(twin.table(rows), both, as_json=json)


@group.command()
def invite(
    email: Annotated[str, typer.Argument(help="Whom.")],
    name: Annotated[str, typer.Option(help="Their name.")] = "",
    role: Role = "agent",
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Ask somebody by mail to work here."""
    from pydantic import ValidationError

    from backend.identity.schemas import MemberAdd

    try:
        body = MemberAdd.model_validate({"email": email, "name": name or email.partition("@")[0], "role": role})
    except ValidationError as error:
        first = error.errors()[0]
        fail(f"{first['loc'][0]}: {first['msg'].removeprefix('Value error, ')}")

    async def ask(api: "Client") -> Any:
        return twin.told(await api.businesses.add_member((await api.identity.me()).business.id, body))

    one = twin.signed_in(url, ask)
    show(f"{email} {'is asked by mail' if 'letterState' in one else 'works here again'}.", one, as_json=json)


@group.command("role")
def change_role(
    who: Who,
    role: Annotated[str, typer.Argument(help="agent, supervisor, admin or owner.")],
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Give a member another role."""
    from backend.identity.permissions import ROLES
    from backend.identity.schemas import MemberChange

    if role not in ROLES:
        fail(f"there are {', '.join(ROLES)}")

    async def change(api: "Client") -> Any:
        business, found = await _find(api, who)
        return twin.told(await api.businesses.change_member(business, found.id, MemberChange(role=role)))

    one = twin.signed_in(url, change)
    show(f"{one['name']} is {one['role']} now.", one, as_json=json)


@group.command()
def remove(who: Who, url: twin.Url = "", json: twin.Json = False) -> None:
    """Take a member's access away, or an invitation back."""

    async def away(api: "Client") -> Any:
        business, found = await _find(api, who)
        if hasattr(found, "letter_state"):
            await api.invitations.revoke(business, found.id)
        else:
            await api.businesses.remove_member(business, found.id)
        return {"id": found.id, "email": found.email}

    one = twin.signed_in(url, away)
    show(f"{one['email']} is out.", one, as_json=json)


@group.command("send")
def send_again(who: Who, url: twin.Url = "", json: twin.Json = False) -> None:
    """Mail an invitation again, with another code."""

    async def send(api: "Client") -> Any:
        business, found = await _find(api, who)
        if not hasattr(found, "letter_state"):
            fail(f"{who} works here already")
        return twin.told(await api.invitations.send_again(business, found.id))

    one = twin.signed_in(url, send)
    show(f"Another mail to {one['email']} is on its way.", one, as_json=json)


async def _find(api: "Client", who: str) -> tuple[str, Any]:
    """The business, and the member or invitation."""
    business = (await api.identity.me()).business.id
    people: list[Any] = [*(await api.businesses.members(business)).items]
    people += (await api.invitations.list(business)).items
    found = [one for one in people if who.lower() in (one.id, one.email)]
    if not found:
        fail(f"{who} neither works here nor is asked to")
    return business, found[0]


def _standing(one: dict[str, Any]) -> str:
    return "invited, expired" if one["isExpired"] else f"invited, mail {one['letterState'].lower()}"


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="members")
