"""`holdfast mcp`: the copilot's tools for a model on this machine, over stdin and stdout, as whoever is signed in."""

from typing import TYPE_CHECKING, Any

import typer

from console import twin

if TYPE_CHECKING:
    from backend.client import Client


def mcp(url: twin.Url = "") -> None:
    """Speak the Model Context Protocol on stdin and stdout, with the rights of the member who is signed in."""
    twin.signed_in(url, _serve)


async def _serve(api: "Client") -> None:
    from backend.client import ApiError, Offline
    from backend.copilot.mcp_server import serve_stdio

    async def listed() -> list[Any]:
        return [*(await api.copilot.tools()).items]

    await serve_stdio(listed, api.copilot.call_tool, (ApiError, Offline))


def register(app: typer.Typer) -> None:
    app.command()(mcp)
