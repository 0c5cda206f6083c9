"""`holdfast sign-in`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from console import twin
from console.output import fail, show

if TYPE_CHECKING:
    from backend.client import Client


def sign_in(
    url: Annotated[str, typer.Argument(help="Where the backend answers.")],
    email: Annotated[str, typer.Argument(help="Who signs in; left out with --google.")] = "",
    google: Annotated[bool, typer.Option("--google", help="With Google, in a browser.")] = False,
    json: twin.Json = False,
) -> None:
    """Sign in for the commands below. The password is asked for, or HOLDFAST_PASSWORD; a code of an authenticator as
    well where one is needed, or HOLDFAST_CODE."""
    if not google and not email:
        fail("say who signs in: holdfast sign-in URL EMAIL, or --google")
    who = twin.arrive(url, _by_google) if google else twin.sign_in(url, email)
    text = f"Signed in at {who['url']} as {who['name']}, {who['role']} at {who['business']}; kept in {who['kept']}."
    show(text, who, as_json=json)


async def _by_google(api: "Client") -> Any:
    import asyncio
    import secrets
    import webbrowser

    from backend.client import ApiError
    from backend.core.verifier import challenge_of

    verifier = secrets.token_urlsafe(48)
    await api.identity.begin_google(challenge_of(verifier))
    url = api.identity.google_url(challenge_of(verifier))
    typer.echo(f"Open this in a browser: {url}", err=True)
    await asyncio.to_thread(webbrowser.open, url)
    code = str(await asyncio.to_thread(typer.prompt, "The code in the browser", err=True))
    try:
        return await api.identity.collect_google(verifier, code)
    except ApiError as error:
        if error.code != "SECOND_FACTOR_REQUIRED":
            raise
        second = str(await asyncio.to_thread(typer.prompt, "Code of your authenticator", err=True))
        return await api.identity.sign_in_with_code(str(error.details["challenge"]), second)


def register(app: typer.Typer) -> None:
    app.command("sign-in")(sign_in)
