"""`holdfast account …`, `holdfast password …`, `holdfast join`: one's own account, and coming to a business."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from console import twin
from console.output import show

if TYPE_CHECKING:
    from backend.client import Client

SIGN_INS = ("id", "business", "last used", "from", "with")
account = typer.Typer(help="Your name, second factor and sign-ins.", no_args_is_help=True)
password = typer.Typer(help="Your password.", no_args_is_help=True)
codes = typer.Typer(help="Codes of an authenticator, asked for after the password.", no_args_is_help=True)
account.add_typer(codes, name="codes")
Server = Annotated[str, typer.Argument(help="Where the backend answers.")]


@account.command("show")
def show_account(url: twin.Url = "", json: twin.Json = False) -> None:
    """Who you are, and whether codes are asked for."""

    async def asked(api: "Client") -> dict[str, Any]:
        user, codes = twin.told(await api.identity.profile()), twin.told(await api.identity.second_factor())
        return {**user, "secondFactor": codes}

    one = twin.signed_in(url, asked)
    factor = one["secondFactor"]
    codes = f"on, {factor['recoveryCodesLeft']} to recover by left" if factor["isOn"] else "off"
    picture = one["avatarUrl"] or "none"
    email = f"{one['email']}{'' if one['isEmailProven'] else ' (not proven: holdfast account prove)'}"
    rows = [("name", one["name"]), ("e-mail", email), ("picture", picture), ("codes", codes)]
    show(twin.table(rows), one, as_json=json)


@account.command()
def change(
    name: Annotated[str, typer.Option(help="What colleagues see.")] = "",
    picture: Annotated[str | None, typer.Option(help="The address of a picture; '' is none.")] = None,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Change your name or picture."""
    from pydantic import ValidationError

    from backend.identity.schemas import UserChange
    from console.output import fail

    given = ({"name": name} if name else {}) | ({} if picture is None else {"avatarUrl": picture or None})
    try:
        body = UserChange.model_validate(given)
    except ValidationError as error:
        fail(str(error.errors()[0]["msg"]))
    one = twin.told(twin.signed_in(url, lambda api: api.identity.change_profile(body)))
    show(f"You are {one['name']}.", one, as_json=json)


@account.command()
def prove(
    code: Annotated[str, typer.Argument(help="The code in the mail; left out, one is mailed to you.")] = "",
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Prove that your e-mail is yours, so that a forgotten password never takes API keys or a second factor away."""
    if not code:
        twin.signed_in(url, lambda api: api.identity.mail_proof())
        show("A code is on its way to you. Then: holdfast account prove CODE", {"mailed": True}, as_json=json)
        return
    one = twin.told(twin.signed_in(url, lambda api: api.identity.prove_email(code)))
    show(f"{one['email']} is proven to be yours.", one, as_json=json)


@account.command("sign-ins")
def list_sign_ins(url: twin.Url = "", json: twin.Json = False) -> None:
    """Where you are signed in."""
    page = twin.told(twin.signed_in(url, lambda api: api.identity.sign_ins()))
    rows = [(one["id"], one["business"], _used(one), one["address"] or "", one["agent"] or "") for one in page["items"]]
    show(twin.table([SIGN_INS, *rows]), page, as_json=json)


@account.command("end")
def end_sign_in(
    id: Annotated[str, typer.Argument(help="Of which; all others when left out.")] = "",
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """End one sign-in, or all but this one."""

    async def end(api: "Client") -> dict[str, Any]:
        if not id:
            return twin.told(await api.identity.end_other_sign_ins())  # type: ignore[no-any-return]
        await api.identity.end_sign_in(id)
        return {"ended": 1}

    answer = twin.signed_in(url, end)
    show(f"{answer['ended']} ended.", answer, as_json=json)


@codes.command("on")
def codes_on(url: twin.Url = "", json: twin.Json = False) -> None:
    """Begin: the secret for your authenticator. `holdfast account codes confirm CODE` switches it on."""
    given = twin.secret("HOLDFAST_PASSWORD", "Password")
    one = twin.told(twin.signed_in(url, lambda api: api.identity.begin_second_factor(given)))
    scan = "" if json else _scannable(one["uri"])
    show(f"{scan}{one['secret']}\n{one['uri']}\nThen: holdfast account codes confirm CODE", one, as_json=json)


def _scannable(uri: str) -> str:
    """A code to scan, where a terminal shows it."""
    import sys

    if not sys.stdout.isatty():
        return ""
    from widgets.qr import printed

    return f"{printed(uri)}\n"


@codes.command("confirm")
def codes_confirm(
    code: Annotated[str, typer.Argument(help="A code of your authenticator.")],
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Ask for codes from now on. The codes to recover by are shown this once."""
    one = twin.told(twin.signed_in(url, lambda api: api.identity.confirm_second_factor(code)))
    _show_codes(one, json)


@codes.command("renew")
def codes_renew(
    code: Annotated[str, typer.Argument(help="A code of your authenticator; your password when left out.")] = "",
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Other codes to recover by; those of before are void. The new ones are shown this once."""
    given = {"code": code} if code else {"password": twin.secret("HOLDFAST_PASSWORD", "Password")}
    _show_codes(twin.told(twin.signed_in(url, lambda api: api.identity.renew_recovery_codes(**given))), json)


def _show_codes(one: dict[str, Any], json: bool) -> None:
    show("\n".join([*one["codes"], "Each stands in for a code once; they are shown this once."]), one, as_json=json)


@codes.command("off")
def codes_off(
    code: Annotated[str, typer.Argument(help="A code, or one to recover by.")],
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Ask for codes no more."""
    given = twin.secret("HOLDFAST_PASSWORD", "Password")
    twin.signed_in(url, lambda api: api.identity.end_second_factor(given, code))
    show("No codes are asked for any more.", {"isOn": False}, as_json=json)


@password.command("change")
def change_password(url: twin.Url = "", json: twin.Json = False) -> None:
    """Another password (HOLDFAST_PASSWORD and HOLDFAST_NEW_PASSWORD, or asked for). Other sign-ins end."""
    current, new = twin.secret("HOLDFAST_PASSWORD", "Password"), twin.secret("HOLDFAST_NEW_PASSWORD", "New password")
    _expect_length(new)
    one = twin.told(twin.signed_in(url, lambda api: api.identity.change_password(current, new)))
    show(f"It is changed; {one['ended']} other sign-ins have ended.", one, as_json=json)


@password.command("forgot")
def forgot(url: Server, email: Annotated[str, typer.Argument(help="Yours.")], json: twin.Json = False) -> None:
    """Have a code for a new password mailed to you."""
    twin.anonymous(url, lambda api: api.identity.forgot_password(email))
    said = "If there is such an account, a mail is on its way. Then: holdfast password reset"
    show(f"{said} {url}", {"email": email}, as_json=json)


@password.command("reset")
def reset(url: Server, json: twin.Json = False) -> None:
    """Set a new password by the code in a mail (HOLDFAST_TOKEN and HOLDFAST_NEW_PASSWORD, or asked for)."""
    token, new = twin.secret("HOLDFAST_TOKEN", "Code"), twin.secret("HOLDFAST_NEW_PASSWORD", "New password")
    _expect_length(new)
    twin.anonymous(url, lambda api: api.identity.reset_password(token, new))
    show("The new password holds; every sign-in has ended.", {"reset": True}, as_json=json)


def join(
    url: Server,
    name: Annotated[str, typer.Option(help="Your name, for a new account.")] = "",
    json: twin.Json = False,
) -> None:
    """Take up an invitation by the code in the mail (HOLDFAST_TOKEN and HOLDFAST_PASSWORD, or asked for): the password
    of your account, else one for a new account."""
    import os

    token, given = twin.secret("HOLDFAST_TOKEN", "Code"), twin.secret("HOLDFAST_PASSWORD", "Password")

    async def come(api: "Client") -> Any:
        from backend.identity.schemas import InvitationAccept

        code = os.environ.get("HOLDFAST_CODE")
        return await api.invitations.accept(InvitationAccept(token=token, password=given, name=name or None, code=code))

    who = twin.arrive(url, come)
    show(f"You are {who['name']}, {who['role']} at {who['business']}; kept in {who['kept']}.", who, as_json=json)


def _used(one: dict[str, Any]) -> str:
    return "here" if one["isCurrent"] else str(one["lastUsedAt"])[:19]


def _expect_length(new: str) -> None:
    from backend.identity.schemas import LEAST_PASSWORD
    from console.output import fail

    if len(new) < LEAST_PASSWORD:
        fail(f"a password has {LEAST_PASSWORD} characters at least")


def register(app: typer.Typer) -> None:
    app.add_typer(account, name="account")
    app.add_typer(password, name="password")
    app.command("join")(join)
