"""What one may do before one is signed in: give the second code, take up an invitation, set a forgotten password anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.app import App

from console import asking

if TYPE_CHECKING:
    from backend.client import ApiError, Client
    from backend.identity.schemas import SignInRead


async def second_code(app: App[Any], api: Client, error: ApiError) -> SignInRead | None:
    """Sign in with a code, asked again while it is wrong; None when one leaves. Raises what else is refused."""
    from backend.client import ApiError

    problem = ""
    while True:
        hint = "six digits, or one of the codes to recover by"
        code = await asking.line(app, "Code of your authenticator", hint=hint, said=problem)
        if code is None:
            return None
        try:
            return await api.identity.sign_in_with_code(str(error.details["challenge"]), code)
        except ApiError as refusal:
            if refusal.code != "WRONG_CODE":
                raise
            problem = refusal.message


async def take_up(app: App[Any], api: Client) -> SignInRead | None:
    """Become a member by the code of a mail, and sign in."""
    from backend.client import ApiError
    from backend.identity.schemas import InvitationAccept

    token = await asking.line(app, "Invitation", hint="the code in the mail, hfi_…")
    if token is None:
        return None
    shown = await api.invitations.show(token)
    title = f"{shown.business}: {shown.role}, invited by {shown.invited_by}"
    body: dict[str, Any] = {"token": token}
    if shown.has_account:
        password = await asking.line(app, title, hint=f"the password of {shown.email}", is_secret=True)
    else:
        name = await asking.line(app, title, text=shown.name, hint="your name")
        if name is None:
            return None
        body["name"] = name
        hint = f"a new password for {shown.email}"
        password = await asking.line(app, title, hint=hint, is_secret=True, problem=asking.new_password)
    if password is None:
        return None
    body["password"] = password
    try:
        return await api.invitations.accept(InvitationAccept(**body))
    except ApiError as error:
        if error.code != "SECOND_FACTOR_REQUIRED":
            raise
    code = await asking.line(app, "Code of your authenticator", hint="six digits")
    return None if code is None else await api.invitations.accept(InvitationAccept(**body, code=code))


async def set_anew(app: App[Any], api: Client, email: str) -> str | None:
    """Set a password by the code of a mail; the e-mail that it was for."""
    given = await asking.line(app, "Forgotten password", text=email, hint="your e-mail")
    if given is None:
        return None
    await api.identity.forgot_password(given)
    said = "If there is such an account, a mail is on its way. Its code holds 30 minutes."
    token = await asking.line(app, "The code in the mail", hint="hfp_…", said=said)
    if token is None:
        return None
    hint = "a new password"
    password = await asking.line(app, "New password", hint=hint, is_secret=True, problem=asking.new_password)
    if password is None:
        return None
    await api.identity.reset_password(token, password)
    return given


async def by_google(app: App[Any], api: Client) -> SignInRead | None:
    """Open a browser for Google, and sign in by the code that it shows in the end."""
    import secrets

    from backend.client import ApiError
    from backend.core.verifier import challenge_of

    verifier = secrets.token_urlsafe(48)
    await api.identity.begin_google(challenge_of(verifier))  # says when it is not set up, before a browser opens
    url = api.identity.google_url(challenge_of(verifier))
    app.open_url(url)
    said = f"If no browser opens: {url}"
    while (code := await asking.line(app, "The code in the browser", hint=said, said=said)) is not None:
        try:
            return await api.identity.collect_google(verifier, code)
        except ApiError as error:
            if error.code == "SECOND_FACTOR_REQUIRED":
                return await second_code(app, api, error)
            if error.code not in ("WRONG_CODE", "ATTEMPT_PENDING"):
                raise
            said = error.message
    return None
