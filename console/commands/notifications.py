"""`holdfast notifications …`: help that is offered to customers in the app."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console import twin
from console.output import show

if TYPE_CHECKING:
    from backend.client import Client

HEADINGS = ("id", "state", "offered", "cause", "text", "why")
_REASONS = {
    "NOT_IN_APP": "the customer is not in the app",
    "SUPPRESSED": "the customer said no, and is left alone",
    "ALREADY_PROMPTED": "it was offered in this visit",
    "NO_RULE_FIRES": "no rule holds",
}
User = Annotated[str, typer.Argument(help="The customer's id.")]

group = typer.Typer(help="Help that is offered to customers in the app.", no_args_is_help=True)


@group.command()
def trigger(
    user: User,
    cause: Annotated[str, typer.Option(help="Only help of this cause, such as payment_retries.")] = "",
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Offer help now, if a rule says so."""
    from pydantic import ValidationError

    from backend.core.ids import new_id
    from backend.notifications.schemas import NotificationTrigger
    from console.output import fail

    try:
        wanted = NotificationTrigger(user_id=user, cause=cause or None)
    except ValidationError as error:
        fail(f"this is no id nor cause: {error.errors()[0]['msg']}")
    told = _told(url, lambda api: api.notifications.trigger(wanted, idempotency_key=new_id()))
    one = told["notification"]
    words = f"Offered: {one['text']} ({one['why']})" if one else f"Nothing is offered: {_REASONS[told['reason']]}."
    show(words, told, as_json=json)


@group.command()
def suppress(
    user: User,
    seconds: Annotated[
        int | None, typer.Option(min=0, max=366 * 86_400, help="For how long; as the rules say if left out. 0 ends it.")
    ] = None,
    notification: Annotated[str, typer.Option(help="Dismiss only the offer with this id.")] = "",
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Dismiss what is offered to a customer, and offer nothing for a while."""
    from backend.core.clock import RealClock
    from backend.notifications.schemas import Suppress
    from console.desk import ages

    body = Suppress(seconds=seconds, notification_id=notification or None)
    told = _told(url, lambda api: api.notifications.suppress(user, body))
    until = ages.local(told["suppressedUntil"], RealClock().now())
    show(f"{len(told['dismissed'])} dismissed; nothing is offered until {until}.", told, as_json=json)


@group.command("list")
def list_notifications(
    user: User,
    after: Annotated[int | None, typer.Option(min=0, help="Only what happened after this seq.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many.")] = 50,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """What was offered to a customer, and what became of it."""
    page = _told(url, lambda api: api.notifications.list(user, after=after, limit=limit))
    rows = [HEADINGS, *map(_cells, page["items"])]
    show(twin.table(rows) if page["items"] else "Nothing was offered.", page, as_json=json)


def _told(url: str, work: Callable[["Client"], Awaitable[Any]]) -> dict[str, Any]:
    told: dict[str, Any] = twin.told(twin.signed_in(url, work))
    return told


def _cells(one: dict[str, Any]) -> tuple[str, ...]:
    from backend.core.clock import RealClock
    from console.desk import ages

    offered = ages.since(one["offeredAt"], RealClock().now())
    return one["id"], one["state"].lower(), offered, one["cause"], one["text"], one["why"]


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="notifications")
