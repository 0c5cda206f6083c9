"""`holdfast retention …`: customers who want to cancel, what became of it, and what they may be offered."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from console import twin
from console.commands import retention_figures
from console.output import show

if TYPE_CHECKING:
    from backend.client import Client

Subscription = Annotated[str, typer.Argument(help="Our id of the subscription, or Stripe's.")]
Reason = Annotated[str, typer.Option(help="Why they leave, such as too_expensive.")]
HEADINGS = ("when", "customer", "flow", "plan", "reason", "step", "outcome", "kept a month", "id")
OFFERS = ("", "offer", "what", "points", "why")

group = typer.Typer(help="Customers who want to cancel.", no_args_is_help=True)
retention_figures.add_to(group)


@group.command()
def runs(
    open_only: Annotated[bool, typer.Option("--open", help="Those who are deciding now.")] = False,
    outcome: Annotated[str, typer.Option(help="saved, cancelled or abandoned.")] = "",
    group_name: Annotated[str, typer.Option("--group", help="treated or holdout.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many.")] = 50,
    cursor: Annotated[str, typer.Option(help="Go on after a page: its nextCursor.")] = "",
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Runs through cancel flows, the newest first."""
    query: dict[str, Any] = {"open": "true" if open_only else None, "outcome": outcome.upper() or None}
    query |= {"group": group_name.upper() or None, "limit": limit, "cursor": cursor or None}
    page = twin.told(twin.signed_in(url, lambda api: api.retention.runs(**query)))
    more = "\nThere are more: raise --limit, or go on with --cursor." if page["nextCursor"] else ""
    told = twin.table([HEADINGS, *map(_cells, page["items"])]) + more if page["items"] else "There is no run."
    show(f"{told}\n{page['open']} open.", page, as_json=json)


@group.command("show")
def show_run(
    id: Annotated[str, typer.Argument(help="The run's id.")], url: twin.Url = "", json: twin.Json = False
) -> None:
    """One run: its log, the order of its offers and why, and what limits forbade."""
    one = twin.told(twin.signed_in(url, lambda api: api.retention.show(id)))
    head = [_cells(one)]
    log = [
        (entry["at"], entry["kind"].lower(), str(entry["step"]), entry["offerType"].lower(), _params(entry["params"]))
        for entry in one["log"]
    ]
    offers = [_offer(entry) for entry in one["ranking"]]
    refused = [("✕", entry["offer"], entry["words"], "", entry["why"]) for entry in one["refused"]]
    parts = [twin.table(rows) for rows in (head, log, offers + refused) if rows]
    show("\n\n".join([*parts, *([one["message"]] if one["message"] else [])]), one, as_json=json)


@group.command()
def offers(subscription: Subscription, reason: Reason = "", url: twin.Url = "", json: twin.Json = False) -> None:
    """What the customer may be offered now, the best first, and what limits forbid."""
    found = twin.told(twin.signed_in(url, lambda api: api.retention.offers(subscription, reason=reason or None)))
    rows = [_offer(entry) for entry in found["offers"]]
    rows += [("✕", entry["offer"], entry["words"], "", entry["why"]) for entry in found["refused"]]
    told = [twin.table([OFFERS, *rows])] if rows else []
    show("\n\n".join([*told, *([f"Nothing: {found['why']}."] if found["why"] else [])]), found, as_json=json)


@group.command()
def offer(
    subscription: Subscription,
    offer_type: Annotated[str, typer.Argument(metavar="OFFER", help="pause, downgrade, discount or trial-extension.")],
    reason: Reason = "",
    incidence: Annotated[str, typer.Option(help="The case in which it is made.")] = "",
    accept: Annotated[bool, typer.Option("--accept", help="They have said yes already: carry it out.")] = False,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Make an offer; `--accept` when the customer has said yes, `decide` later otherwise."""
    wanted = offer_type.upper().replace("-", "_")

    async def offered(api: "Client") -> Any:
        from backend.retention.schemas import DecisionAsked, OfferAsk

        asked: dict[str, Any] = {"subscriptionId": subscription, "offerType": wanted}
        asked |= {"incidenceId": incidence or None, "reason": reason or None}
        run = await api.retention.offer(OfferAsk.model_validate(asked))
        if not accept or run.step is None:
            return run
        body = DecisionAsked(offer_type=run.step.offer_type, accepted=True, step=run.step.number)
        return await api.retention.decide(run.run_id, body)

    one = twin.told(twin.signed_in(url, offered))
    told = (
        _outcome(one)
        if accept
        else f"Offered: {one['step']['offer']['words']}. Their answer: `holdfast retention decide`."
    )
    show(f"{told}\nRun {one['runId']}.", one, as_json=json)


@group.command()
def decide(
    id: Annotated[str, typer.Argument(help="The run's id.")],
    answer: Annotated[str, typer.Argument(help="yes, no, or cancel.")],
    reason: Reason = "",
    comment: Annotated[str, typer.Option(help="In the customer's words.")] = "",
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """What the customer makes of the step that is shown now."""
    if answer not in ("yes", "no", "cancel"):
        raise typer.BadParameter("say yes, no or cancel")

    async def decided(api: "Client") -> Any:
        from backend.retention.schemas import DecisionAsked

        run = await api.retention.show(id)
        about = "CANCEL" if answer == "cancel" or run.step is None else run.step.offer_type
        said = {"offerType": about, "accepted": answer != "no", "reason": reason or None, "comment": comment or None}
        return await api.retention.decide(id, DecisionAsked.model_validate(said))

    one = twin.told(twin.signed_in(url, decided))
    show(_outcome(one), one, as_json=json)


def _outcome(one: dict[str, Any]) -> str:
    if one["pending"]:
        return "It is being carried out; look again with `holdfast retention show`."
    said = f"{one['message']} " if one["message"] else ""
    if one["outcome"]:
        kept = f" {one['revenueSaved']:,} {one['currency'].upper()} a month." if one["revenueSaved"] else ""
        return f"{said}{one['outcome'].lower()}.{kept}"
    step = one["nextStep"]
    return f"{said}Next: {step['offer']['words'] if step['offer'] else step['kind']}."


def _offer(entry: dict[str, Any]) -> tuple[str, ...]:
    return (str(entry["place"]), entry["offer"], entry["words"], f"{entry['points']:g}", "; ".join(entry["why"]))


def _params(params: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in params.items() if value is not None)


def _cells(one: dict[str, Any]) -> tuple[str, ...]:
    from backend.core.clock import RealClock
    from console.desk import ages

    state = one["outcome"] or ("PENDING" if one["pending"] else "open")
    return (
        ages.since(one["startedAt"], RealClock().now()),
        one["customerName"] or one["userId"],
        one["flowName"] or one["group"].lower(),
        one["facts"].get("plan") or "",
        one["reasonLabel"] or one["reason"] or "",
        one["step"]["id"] if one["step"] else "",
        state.lower() + (" ↺" if one["supersededBy"] else ""),
        f"{one['revenueSaved']:,} {one['currency'].upper()}" if one["revenueSaved"] else "",
        one["runId"],
    )


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="retention")
