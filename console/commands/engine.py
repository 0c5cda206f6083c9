"""`holdfast friction …` and `holdfast route`: what the rules in force say."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from console import twin
from console.output import show

if TYPE_CHECKING:
    from backend.client import Client

group = typer.Typer(help="Friction: how hard customers find it.", no_args_is_help=True)


@group.command()
def detect(
    user_id: Annotated[str, typer.Argument(help="A customer's external id; none to judge what the options say.")] = "",
    inactivity: Annotated[float | None, typer.Option(help="Seconds without an action.", min=0)] = None,
    back: Annotated[int | None, typer.Option(help="Back navigations.", min=0)] = None,
    price_checks: Annotated[int | None, typer.Option(help="Uses of the price calculator.", min=0)] = None,
    event: Annotated[str, typer.Option(help="WEDDING, CORPORATE, RELIGIOUS …")] = "",
    value: Annotated[float | None, typer.Option(help="What the cart is worth.", min=0)] = None,
    first_time: Annotated[bool | None, typer.Option(help="The customer never ordered.")] = None,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """The friction score of a customer, or of a situation."""
    from backend.signals.schemas import FrictionJudge

    given = {
        "user_id": user_id or None,
        "inactivity_seconds": inactivity,
        "back_navigation_count": back,
        "price_check_count": price_checks,
        "event_type": event or None,
        "cart_value": value,
        "is_first_time_user": first_time,
    }
    body = FrictionJudge(**{name: value for name, value in given.items() if value is not None})

    async def judged(api: "Client") -> Any:
        return await api.friction.detect(body)

    verdict = twin.told(twin.signed_in(url, judged))
    reasons = [f"  +{reason['points']} {reason['text']}" for reason in verdict["reasons"]]
    due = f"help is due ({verdict['action']})" if verdict["triggered"] else "no help is due"
    show(twin.table([(line,) for line in (f"Friction {verdict['score']}: {due}", *reasons)]), verdict, as_json=json)


def route(
    value: Annotated[float, typer.Argument(help="What the order is worth, in major units.", min=0)],
    event: Annotated[str, typer.Option(help="WEDDING, CORPORATE, RELIGIOUS …")] = "",
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Which channels an order allows, and why."""
    from decimal import Decimal

    from backend.incidences.schemas import RouteRequest

    async def asked(api: "Client") -> Any:
        return await api.channels.route(RouteRequest(order_value=Decimal(str(value)), event_type=event or None))

    verdict = twin.told(twin.signed_in(url, asked))
    after = verdict["autoEscalation"]
    then = f", the next channel after {after['afterSeconds']} s" if after else ""
    channels = " and ".join(verdict["channels"]) or "no person, self-service only"
    text = f"{channels}{then}: {verdict['reason']} (rule {verdict['rule']}, version {verdict['ruleVersion']})"
    show(twin.table([(text,)]), verdict, as_json=json)


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="friction")
    app.command()(route)
