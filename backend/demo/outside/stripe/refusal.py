"""How Stripe says no."""

from typing import Any


class Refusal(Exception):
    """An answer that is an error: its HTTP status and what its body says.

    `is_kept`: an idempotency key remembers it, for the work had begun.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        type: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        is_kept: bool = False,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status, self.headers, self.is_kept = status, headers or {}, is_kept
        told: dict[str, Any] = {"type": type, "message": message, "code": code, "param": param, **more}
        self.body: dict[str, Any] = {"error": {key: value for key, value in told.items() if value is not None}}


def missing(kind: str, id: str, param: str = "id", status: int = 404) -> Refusal:
    """There is no such thing in this account: 404 when the path names it, 400 when a parameter does."""
    return Refusal(status, f"No such {kind}: '{id}'", code="resource_missing", param=param)


def invalid(message: str, param: str | None = None, code: str | None = None) -> Refusal:
    """A parameter that cannot be."""
    return Refusal(400, message, param=param, code=code)
