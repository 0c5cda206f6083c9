"""`holdfast stripe …`: the business's Stripe account."""

import os
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console import twin
from console.output import fail, show

if TYPE_CHECKING:
    from backend.client import Client

group = typer.Typer(help="The Stripe account.", no_args_is_help=True)


@group.command()
def status(url: twin.Url = "", json: twin.Json = False) -> None:
    """Whose account it is, how far it was read, and what the key may not do."""

    async def shown(api: "Client") -> Any:
        return await api.stripe.show(await _business(api))

    one = twin.told(twin.signed_in(url, shown))
    show("\n".join(_lines(one)), one, as_json=json)


@group.command()
def connect(
    replaces: Annotated[
        str, typer.Option(help="Stripe's id of the account before, to agree that another one takes its place.")
    ] = "",
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Connect an account by a restricted key, which is read from HOLDFAST_STRIPE_KEY or asked for. The signing secrets of
    its webhooks are read from HOLDFAST_STRIPE_KEY_WEBHOOK_SECRET."""
    from backend.billing.schemas import AccountConnect

    key = os.environ.get("HOLDFAST_STRIPE_KEY", "")
    if not key and sys.stdin.isatty():
        key = str(typer.prompt("Restricted key (rk_…)", hide_input=True))
    if not key:
        fail("there is nobody to ask for the key; set HOLDFAST_STRIPE_KEY")
    secrets = os.environ.get("HOLDFAST_STRIPE_KEY_WEBHOOK_SECRET", "").replace(",", " ").split()
    try:
        body = AccountConnect(key=key, webhook_secrets=secrets, replaces=replaces)
    except ValueError:  # its words would show the key
        fail("this is not a key of Stripe's: it begins with rk_test_, rk_live_, sk_test_ or sk_live_")

    async def connected(api: "Client") -> Any:
        return await api.stripe.connect(await _business(api), body)

    one = twin.told(twin.signed_in(url, connected))
    show("\n".join(_lines(one)), one, as_json=json)


@group.command()
def disconnect(url: twin.Url = "", json: twin.Json = False) -> None:
    """Forget the key. What was read stays, to be looked at."""

    async def gone(api: "Client") -> Any:
        await api.stripe.disconnect(await _business(api))
        return {"disconnected": True}

    show("No Stripe account is connected any more.", twin.told(twin.signed_in(url, gone)), as_json=json)


@group.command()
def sync(
    full: Annotated[
        bool, typer.Option("--full", help="Everything, not only what happened since the last time.")
    ] = False,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Read now what changed at Stripe."""
    from backend.billing.schemas import SyncAsked

    async def begun(api: "Client") -> Any:
        return await api.stripe.sync(await _business(api), SyncAsked(is_full=full))

    show("It is read now.", twin.told(twin.signed_in(url, begun)), as_json=json)


async def _business(api: "Client") -> str:
    return (await api.identity.me()).business.id


def _lines(one: dict[str, Any]) -> list[str]:
    if not one["isConnected"]:
        return ["No Stripe account is connected.", f"{one['subscriptions']:,} subscriptions are known."]
    mode = {"settings": "the server's key", "key": "a key of its own", "connect": "Connect"}[one["mode"]]
    kind = {True: "live", False: "test", None: "not read yet"}[one["isLive"]]
    rows = [
        ("account", f"{one['accountId'] or '?'} ({kind}), by {mode}"),
        ("webhooks", f"{one['webhookPath']}{'' if one['hasWebhookSecret'] else ': no secret is set'}"),
        ("subscriptions", f"{one['subscriptions']:,}"),
        ("events waiting", f"{one['unprocessed']:,}"),
        ("events read", one["syncedAt"] or "never"),
        ("all listed", one["relistedAt"] or "never"),
    ]
    if one["relist"]:
        rows.append(
            (
                "listing now",
                f"{one['relist']['what']}, {one['relist']['done']:,} objects, {100 * one['relist']['progress']:.0f} %",
            )
        )
    if one["missingScopes"]:
        rows.append(("the key lacks", ", ".join(one["missingScopes"])))
    if one["error"]:
        rows.append(("last error", f"{one['error']} ({one['failedAt']})"))
    return twin.table(rows).splitlines()


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="stripe")
