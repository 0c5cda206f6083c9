"""/retention.js."""

from functools import cache
from pathlib import Path

from fastapi import Request, Response

from backend.core.scripts import Script
from backend.unit import Router

router = Router(tags=["retention"])


@cache
def _dialog() -> Script:
    return Script(Path(__file__).with_name("retention.js"))


@router.get("/retention.js", response_class=Response)
async def dialog_script(request: Request) -> Response:
    """What a page loads to let customers cancel, or stay: `Holdfast.retention({…}).open()`, or data-holdfast-cancel."""
    return _dialog().answer(request.headers)
