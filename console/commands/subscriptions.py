"""`holdfast subscription list|show|plans`: what customers pay for."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from console import twin
from console.commands.subscription import group
from console.output import show

if TYPE_CHECKING:
    from backend.client import Client

Id = Annotated[str, typer.Argument(help="Our id or Stripe's.")]
Sort = Literal["newest", "mrr", "-mrr", "renewal", "-renewal"]
HEADINGS = ("id", "customer", "plan", "status", "a month", "renews", "")


@group.command("list")
def listing(
    customer: Annotated[str, typer.Option(help="Of this customer: our id or the external one.")] = "",
    status: Annotated[list[str] | None, typer.Option(help="active, past_due, trialing …; repeat it.")] = None,
    plan: Annotated[str, typer.Option(help="On this plan: our id or Stripe's of the price.")] = "",
    q: Annotated[str, typer.Option(help="Part of a customer's name or id, or an id of Stripe's.")] = "",
    sort: Annotated[Sort, typer.Option(case_sensitive=False, help="A minus before it turns the order.")] = "newest",
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Who pays for what."""
    query = {
        "customerId": customer or None,
        "status": ",".join(status or ()) or None,
        "plan": plan or None,
        "q": q or None,
    }

    async def found(api: "Client") -> Any:
        return await api.subscriptions.list(**query, sort=sort, limit=limit)

    page = twin.told(twin.signed_in(url, found))
    rows = [HEADINGS, *map(_cells, page["items"])]
    show(twin.table(rows) if page["items"] else "There is none.", page, as_json=json)


@group.command("show")
def display(id: Id, url: twin.Url = "", json: twin.Json = False) -> None:
    """One subscription, as Stripe showed it last."""

    async def found(api: "Client") -> Any:
        return await api.subscriptions.show(id)

    one = twin.told(twin.signed_in(url, found))
    rows = [(name, "" if value is None else _plain(value)) for name, value in one.items()]
    show(twin.table(rows), one, as_json=json)


@group.command()
def plans(url: twin.Url = "", json: twin.Json = False) -> None:
    """What can be subscribed to, the cheapest first."""

    async def listed(api: "Client") -> Any:
        return await api.subscriptions.plans()

    page = twin.told(twin.signed_in(url, listed))
    rows = [("plan", "price", "a month", "", "id")]
    rows += [
        (
            one["name"],
            price(one),
            f"{one['monthly']:,}",
            "" if one["isActive"] else "no longer sold",
            one["stripePriceId"],
        )
        for one in page["items"]
    ]
    show(twin.table(rows) if page["items"] else "There is none.", page, as_json=json)


def price(plan: dict[str, Any]) -> str:
    """`499 INR a week`, `99 EUR every 3 months`."""
    count, interval = plan["intervalCount"], plan["interval"]
    every = f"a {interval}" if count == 1 else f"every {count} {interval}s"
    return f"{plan['amount']:,} {plan['currency']} {every}"


def _cells(one: dict[str, Any]) -> tuple[str, ...]:
    plan, renews = one["plan"], one["currentPeriodEnd"] or ""
    marks = [
        "paused" if one["pause"] else "",
        "ends then" if one["cancelAtPeriodEnd"] else "",
        "disputed" if one["isDisputed"] else "",
        "unpaid invoice" if one["hasUnpaidInvoice"] else "",
        one["freshness"].lower() if one["freshness"] != "CURRENT" else "",
    ]
    return (
        one["stripeSubscriptionId"],
        one["customer"]["name"] or one["customer"]["externalId"],
        plan["name"] if plan else "",
        one["status"],
        f"{one['mrr']:,} {one['currency']}",
        renews[:10],
        ", ".join(mark for mark in marks if mark),
    )


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {part}" for name, part in value.items() if part is not None)
    if isinstance(value, list):
        return "; ".join(map(_plain, value))
    return str(value)


def register(_app: typer.Typer) -> None:
    """The commands are in the group already."""
