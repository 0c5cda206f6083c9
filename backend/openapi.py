"""GET /openapi.json: the document of the whole API, made by a process of its own when it is first asked for.

It takes a second, in which a server would answer nobody else, and 50 MB, which it would keep.
"""

import asyncio
import sys

from starlette.requests import Request
from starlette.responses import Response

from backend.core.errors import Unavailable

PATH = "/openapi.json"


class OpenApi:
    """The route's endpoint. Who asks while the document is made waits for it; where that failed, it is tried anew."""

    def __init__(self) -> None:
        self._making: asyncio.Task[bytes] | None = None

    async def answer(self, _request: Request) -> Response:
        """The document as JSON. Unavailable when it cannot be made."""
        if self._making is None or (self._making.done() and self._making.exception()):
            self._making = asyncio.create_task(_made())
        return Response(await asyncio.shield(self._making), media_type="application/json")


async def _made() -> bytes:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "backend.document", stdout=asyncio.subprocess.PIPE
    )
    document, _ = await process.communicate()
    if process.returncode:
        raise Unavailable("The document could not be made; the log of the server says why. Ask again.")
    return document
