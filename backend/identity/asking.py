"""Who asks without being signed in: from where, with what, and how often they may."""

from fastapi import Request

from backend.identity.sign_ins import Place
from backend.runtime import Runtime
from backend.unit import Units

NOWHERE = ""  # the business of a unit whose caller has none yet


def anonymous(request: Request, runtime: Runtime) -> Units:
    """Units of nobody, at no business."""
    return Units(runtime, NOWHERE, request_id=request.state.request_id)


def address(request: Request) -> str:
    """From where it is asked."""
    return request.client.host if request.client else ""


def place(request: Request) -> Place:
    """From where, and with what."""
    return Place(address(request), request.headers.get("user-agent", ""))


def limit(runtime: Runtime, request: Request, *about: str) -> None:
    """RateLimited after too many tries of a minute from one address, or `about` the same."""
    runtime.sign_in_limit.hit("address", address(request))
    if about:
        runtime.sign_in_limit.hit(*about)
