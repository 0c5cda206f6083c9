"""What the headless commands stand on: which server, as whom, and how answers and refusals are told."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from console.output import fail

if TYPE_CHECKING:
    from backend.client import Client

T = TypeVar("T")
Url = Annotated[str, typer.Option(envvar="HOLDFAST_URL", help="The server; the one signed in to last when left out.")]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON, as the API does.")]
Work = Callable[["Client"], Awaitable[T]]


def signed_in(url: str, work: Work[T]) -> T:
    """What `work` answers when it is done as the member who signed in at `url`. Exits with words when it cannot be."""
    return _run(_as_member(url, work))


def sign_in(url: str, email: str) -> dict[str, Any]:
    """Sign in with HOLDFAST_PASSWORD or a password that is asked for, and keep the tokens. Who, and where they are kept."""
    given = os.environ.get("HOLDFAST_PASSWORD")
    if not given and not sys.stdin.isatty():
        fail("there is nobody to ask for the password; set HOLDFAST_PASSWORD")
    return _run(_sign_in(address(url), email.lower(), given or str(typer.prompt("Password", hide_input=True))))


def address(url: str) -> str:
    """A URL as people type it, as it is kept."""
    return (url if "://" in url else f"http://{url}").rstrip("/")


def last_url() -> str:
    """The server signed in to last, "" when there is none."""
    from console import servers

    return next(reversed(servers.known()), "")


def _run(work: Awaitable[T]) -> T:
    from backend.client import ApiError, Offline

    async def awaited() -> T:
        return await work

    try:
        return asyncio.run(awaited())
    except ApiError as error:
        fail(_words(error))
    except Offline as error:
        fail(f"{error} Is the server running?")


def _words(error: Any) -> str:
    """A refusal in words, with whatever helps to do better."""
    from widgets.plain import plain

    told = plain(error.message)
    if error.status == 401:
        return f"{told} Run `holdfast sign-in URL EMAIL`."
    problems = [f"{plain(str(one['field']))}: {plain(str(one['reason']))}" for one in error.details.get("problems", [])]
    return "\n".join([told, *problems[1:]])


async def _sign_in(url: str, email: str, password: str) -> dict[str, Any]:
    from backend.client import Client
    from console import servers
    from console.credentials import Vault

    vault = Vault()
    async with Client(url) as api:
        api.transport.on_tokens = lambda access, refresh: vault.keep(url, email, access, refresh)
        me = await _with_code(api, email, password)
    servers.remember(url, email)
    who = {"email": me.user.email, "name": me.user.name, "role": me.role, "business": me.business.name}
    return who | {"url": url, "kept": vault.where}


async def _with_code(api: "Client", email: str, password: str) -> Any:
    """Sign in; a code that is asked for as well is HOLDFAST_CODE, or typed."""
    from backend.client import ApiError

    try:
        return await api.identity.sign_in(email, password)
    except ApiError as error:
        code = os.environ.get("HOLDFAST_CODE", "")
        if error.code != "SECOND_FACTOR_REQUIRED" or not (code or sys.stdin.isatty()):
            raise
        code = code or str(await asyncio.to_thread(typer.prompt, "Code of your authenticator"))
        return await api.identity.sign_in_with_code(str(error.details["challenge"]), code)


def arrive(url: str, come: "Callable[[Client], Awaitable[Any]]") -> dict[str, Any]:
    """What `come` signs in as at `url`, kept as signing in is. Who, and where it is kept."""
    return _run(_arrive(address(url), come))


async def _arrive(url: str, come: "Callable[[Client], Awaitable[Any]]") -> dict[str, Any]:
    from backend.client import Client
    from console import servers
    from console.credentials import Vault

    vault = Vault()
    async with Client(url) as api:
        me = await come(api)
        await vault.keep(url, me.user.email, me.access_token, me.refresh_token)
    servers.remember(url, me.user.email)
    who = {"email": me.user.email, "name": me.user.name, "role": me.role, "business": me.business.name}
    return who | {"url": url, "kept": vault.where}


def anonymous(url: str, work: Work[T]) -> T:
    """What `work` answers when it is done at `url` by nobody in particular."""

    async def done() -> T:
        from backend.client import Client

        async with Client(address(url)) as api:
            return await work(api)

    return _run(done())


def secret(variable: str, prompt: str) -> str:
    """What the environment says, or what is typed without being shown. Exits when there is nobody to ask."""
    if given := os.environ.get(variable):
        return given
    if not sys.stdin.isatty():
        fail(f"there is nobody to ask for it; set {variable}")
    return str(typer.prompt(prompt, hide_input=True))


async def _as_member(url: str, work: Work[T]) -> T:
    from backend.client import Client
    from console import servers
    from console.credentials import Vault

    known = servers.known()
    at = address(url) if url else next(reversed(known), "")
    vault = Vault()
    tokens = await vault.read(at, known[at]) if at in known else None
    if tokens is None:
        fail(f"you are not signed in{f' at {at}' if at else ''}. Run `holdfast sign-in URL EMAIL`.")
    async with Client(at) as api:
        api.transport.access_token, api.transport.refresh_token = tokens
        api.transport.on_tokens = lambda access, refresh: vault.keep(at, known[at], access, refresh)
        return await work(api)


def told(answer: Any) -> Any:
    """A wire type, or plain data, as the API has it."""
    return answer.model_dump(mode="json", by_alias=True) if hasattr(answer, "model_dump") else answer


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows in columns as wide as they need, safe to print; the last column runs on."""
    from rich.cells import cell_len

    from widgets.plain import plain

    cells = [[plain(cell) for cell in row] for row in rows]
    widths = [max(cell_len(row[place]) for row in cells) for place in range(len(cells[0]))] if cells else []
    lines = []
    for row in cells:
        padded = [cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)]
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines)
