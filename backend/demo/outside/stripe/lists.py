"""Pages of objects as Stripe's lists are asked for and answered."""

from collections.abc import Callable
from typing import Any

from backend.demo.outside.stripe.refusal import invalid, missing
from backend.demo.outside.stripe.routes import Asked
from backend.demo.outside.stripe.rows import Body


def bounds(given: Any, name: str = "created") -> tuple[int | None, int | None]:
    """A filter by time as (first second, first second no more); either may be None. Refusal (400) for non-numbers."""
    try:
        if given is None or given == "":
            return None, None
        if not isinstance(given, dict):
            return int(given), int(given) + 1
        since = [int(given["gte"])] if "gte" in given else []
        since += [int(given["gt"]) + 1] if "gt" in given else []
        until = [int(given["lt"])] if "lt" in given else []
        until += [int(given["lte"]) + 1] if "lte" in given else []
    except (TypeError, ValueError):
        raise invalid(f"Invalid timestamp: {given}", name) from None
    return max(since, default=None), min(until, default=None)


def within(value: int | None, given: Any, name: str) -> bool:
    """Whether a time passes a filter."""
    since, until = bounds(given, name)
    return (since is None or (value or 0) >= since) and (until is None or (value or 0) < until)


def listed(
    asked: Asked, kind: str, *equal: str, where: Callable[[Body], bool] = lambda body: True, since: int | None = None
) -> Body:
    """A page of a kind. `equal`: parameters that the objects' keys of that name must equal."""
    limit = asked.number("limit", 10) or 0
    if not 1 <= limit <= 100:
        raise invalid("Invalid integer: limit must be between 1 and 100.", "limit", "parameter_invalid_integer")
    rows = asked.book.rows(kind)
    wanted = {key: asked.params[key] for key in equal if asked.params.get(key) not in (None, "")}
    for cursor in ("starting_after", "ending_before"):
        if asked.params.get(cursor) and asked.params[cursor] not in rows:
            raise missing(kind.replace("_", " "), asked.params[cursor], cursor)
    first, last = bounds(asked.params.get("created"))
    if since is not None:
        first = max(since, first or since)
    found, has_more = rows.page(
        limit=limit,
        after=asked.text("starting_after"),
        before=asked.text("ending_before"),
        since=first,
        until=last,
        narrow={key: value for key, value in wanted.items() if key in rows.indexed},
        where=lambda body: all(_text(body.get(key)) == value for key, value in wanted.items()) and where(body),
    )
    return as_list(found, asked.path, has_more=has_more)


def as_list(found: list[Body], url: str, *, has_more: bool = False) -> Body:
    """Objects as Stripe wraps them."""
    return {"object": "list", "data": found, "has_more": has_more, "url": url}


def _text(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value
