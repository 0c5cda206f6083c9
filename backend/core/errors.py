"""Typed errors. Services raise them; `core.http` alone turns them into the one envelope."""

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

_OURS = Path(__file__).parent.parent


class Said(Exception):
    """An error whose words are ours, and may be kept."""


def kept(error: BaseException) -> str:
    """What may be kept of an error, on one line or more. The words of one that nobody foresaw may be a customer's: of it
    stay its kind and where in our code it was raised, and the log of this machine tells the rest."""
    name = type(error).__name__
    if isinstance(error, Said):
        return f"{name}: {error}"
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).parts[: len(_OURS.parts)] == _OURS.parts] or frames
    place = f" at {'/'.join(Path(ours[-1].filename).parts[-2:])}:{ours[-1].lineno}" if ours else ""
    return f"{name}{place}; the server's log tells more"


class Failure(Said):
    """Something the caller can understand and mend. `message` says what was wrong and what to do."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "VALIDATION_ERROR"

    def __init__(self, message: str, *, code: str | None = None, headers: dict[str, str] | None = None, **details: Any):
        super().__init__(message)
        self.message = message
        self.error_code = code or self.code
        self.headers = headers or {}
        self.details = details


class Invalid(Failure):
    """The request's shape is wrong: 400."""


class Unprocessable(Failure):
    """Well formed, but it makes no sense here: 422."""

    status = 422
    code = "UNPROCESSABLE"


class Unauthenticated(Failure):
    """No sign-in, or one that no longer holds: 401."""

    status = 401
    code = "UNAUTHENTICATED"


class Forbidden(Failure):
    """Signed in, but may not: 403."""

    status = 403
    code = "FORBIDDEN"


class Denied(Forbidden):
    """Forbidden by a rule, and the try has to be on record: `record` writes that down, when the unit was undone."""

    def __init__(self, message: str, *, record: Callable[[Any], None], **details: Any) -> None:
        super().__init__(message, **details)
        self.record = record


class NotFound(Failure):
    """No such thing in this business: 404."""

    status = 404
    code = "NOT_FOUND"


class Conflict(Failure):
    """It clashes with what is there: 409."""

    status = 409
    code = "CONFLICT"


class StaleVersion(Conflict):
    """The caller saw an older version; `details` carry the current row and what happened since: 409."""

    code = "STALE_VERSION"


class TooSlow(Failure):
    """The body did not come in time: 408."""

    status = 408
    code = "TOO_SLOW"


class TooLarge(Failure):
    """The body is over the limit: 413."""

    status = 413
    code = "TOO_LARGE"


class RateLimited(Failure):
    """Too many requests; `Retry-After` says when to come back: 429."""

    status = 429
    code = "RATE_LIMITED"


class Unavailable(Failure):
    """A part the request needs is down; nothing was changed: 503."""

    status = 503
    code = "UNAVAILABLE"
