"""`holdfast subscription pause|resume|downgrade|discount|trial|cancel|keep|preview|changes …`: changing one at Stripe."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from console import twin
from console.output import fail, show

if TYPE_CHECKING:
    from backend.client import Client

Id = Annotated[str, typer.Argument(help="The subscription's id, ours or Stripe's.")]
Version = Annotated[int | None, typer.Option(min=1, help="Refuse unless it is still at this version.")]
Case = Annotated[str, typer.Option("--incidence", help="Show it in the timeline of this case: its id or INC-1042.")]
Wait = Annotated[float, typer.Option(min=0, max=10, help="Seconds to wait for the outcome.")]
When = Annotated[Literal["now", "period-end"], typer.Option(case_sensitive=False, help="When it takes effect.")]
Months = Annotated[int, typer.Option(min=1, max=24, help="For how many months.")]
Feedback = Literal[
    "customer-service",
    "low-quality",
    "missing-features",
    "other",
    "switched-service",
    "too-complex",
    "too-expensive",
    "unused",
]
Kind = Literal["pause", "resume", "downgrade", "discount", "trial", "cancel", "keep"]
CHANGES = ("asked", "state", "what", "why not", "id")

group = typer.Typer(help="Subscriptions at Stripe.", no_args_is_help=True)


@group.command()
def pause(
    id: Id,
    months: Months = 1,
    version: Version = None,
    incidence: Case = "",
    wait: Wait = 8,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Bill nothing for some months; the service goes on."""
    _ask(id, "pause", {"months": months}, version, incidence, wait, url, json)


@group.command()
def resume(
    id: Id,
    version: Version = None,
    incidence: Case = "",
    wait: Wait = 8,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Bill again."""
    _ask(id, "resume", {}, version, incidence, wait, url, json)


@group.command()
def downgrade(
    id: Id,
    plan: Annotated[str, typer.Argument(help="The cheaper plan: its id, or that of its price at Stripe.")],
    when: When = "period-end",
    proration_date: Annotated[str, typer.Option(help="With --when now: prorationDate of its preview.")] = "",
    version: Version = None,
    incidence: Case = "",
    wait: Wait = 8,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Move it to a cheaper plan. At once it needs a preview from the last ten minutes."""
    body = {"planId": plan, "when": _spelled(when)} | ({"prorationDate": proration_date} if proration_date else {})
    _ask(id, "downgrade", body, version, incidence, wait, url, json)


@group.command()
def discount(
    id: Id,
    percent: Annotated[float, typer.Argument(min=0.01, max=100, help="How much off each invoice, in percent.")],
    months: Months = 1,
    version: Version = None,
    incidence: Case = "",
    wait: Wait = 8,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """A percentage off for some months; more than the cx rules allow needs a supervisor."""
    _ask(id, "discount", {"percent": percent, "months": months}, version, incidence, wait, url, json)


@group.command()
def trial(
    id: Id,
    days: Annotated[int, typer.Argument(min=1, max=730, help="How many free days more.")],
    on_paid: Annotated[bool, typer.Option(help="Also when it is in no trial: its billing dates move.")] = False,
    version: Version = None,
    incidence: Case = "",
    wait: Wait = 8,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """More free days."""
    _ask(id, "trial", {"days": days, "onPaid": on_paid}, version, incidence, wait, url, json)


@group.command()
def cancel(
    id: Id,
    when: When = "period-end",
    feedback: Annotated[Feedback | None, typer.Option(case_sensitive=False, help="Why, in Stripe's words.")] = None,
    comment: Annotated[str, typer.Option(help="Why, in the customer's words.")] = "",
    version: Version = None,
    incidence: Case = "",
    wait: Wait = 8,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """End it."""
    said = {"feedback": _spelled(feedback) if feedback else None, "comment": comment or None}
    body = {"when": _spelled(when)} | {name: value for name, value in said.items() if value}
    _ask(id, "cancel", body, version, incidence, wait, url, json)


@group.command()
def keep(
    id: Id,
    version: Version = None,
    incidence: Case = "",
    wait: Wait = 8,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Undo what is to happen at the end of the period: a cancellation, or a move to another plan."""
    _ask(id, "keep", {}, version, incidence, wait, url, json)


@group.command()
def preview(
    id: Id,
    what: Annotated[Kind, typer.Argument(case_sensitive=False, help="The change.")],
    plan: Annotated[str, typer.Option(help="Of a downgrade.")] = "",
    when: When = "period-end",
    months: Months = 1,
    percent: Annotated[float, typer.Option(min=0.01, max=100, help="Of a discount.")] = 10,
    days: Annotated[int, typer.Option(min=1, max=730, help="Of a trial.")] = 7,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """What a change would come to: the next invoice, what is given back, and when."""
    from backend.billing.change_schemas import PreviewAsk

    params: dict[str, dict[str, Any]] = {
        "pause": {"months": months},
        "downgrade": {"planId": plan, "when": _spelled(when)},
        "discount": {"percent": percent, "months": months},
        "trial": {"days": days, "onPaid": True},
        "cancel": {"when": _spelled(when)},
    }
    if what == "downgrade" and not plan:
        fail("say which plan: --plan")
    kind = "TRIAL_EXTENSION" if what == "trial" else what.upper()
    wanted = PreviewAsk.model_validate({"kind": kind, "params": params.get(what, {})})

    async def previewed(api: "Client") -> Any:
        return await api.subscriptions.preview(id, wanted)

    one = twin.told(twin.signed_in(url, previewed))
    until = f"\nSend it with --proration-date {one['prorationDate']}" if one["prorationDate"] else ""
    show("\n".join(one["words"]) + until, one, as_json=json)


@group.command()
def changes(
    id: Id,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many.")] = 50,
    cursor: Annotated[str, typer.Option(help="Go on after a page: its nextCursor.")] = "",
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """What was asked for, and what came of it; the newest first."""

    async def listed(api: "Client") -> Any:
        return await api.subscriptions.changes(id, limit=limit, cursor=cursor or None)

    page = twin.told(twin.signed_in(url, listed))
    rows = [CHANGES, *map(_cells, page["items"])]
    show(twin.table(rows) if page["items"] else "Nothing was changed.", page, as_json=json)


def _ask(
    id: str, what: str, body: dict[str, Any], version: int | None, incidence: str, wait: float, url: str, json: bool
) -> None:
    from pydantic import ValidationError

    from backend.billing import change_schemas as s
    from backend.core.ids import new_id

    models: dict[str, type[s.Ask]] = {
        "pause": s.PauseAsk,
        "resume": s.ResumeAsk,
        "downgrade": s.DowngradeAsk,
        "discount": s.DiscountAsk,
    }
    models |= {"trial": s.TrialAsk, "cancel": s.CancelAsk, "keep": s.KeepAsk}

    async def asked(api: "Client") -> Any:
        seen = version or (await api.subscriptions.show(id)).version
        case = (await api.incidences.show(incidence)).incidence_id if incidence else None
        about = {"version": seen} | ({"incidenceId": case} if case else {})
        try:
            wanted = models[what].model_validate({**body, **about})
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False)[0]
            fail(f"{'.'.join(map(str, first['loc']))}: {first['msg'].removeprefix('Value error, ')}")
        verb = getattr(api.subscriptions, "extend_trial" if what == "trial" else what)
        return await verb(id, wanted, wait=wait, idempotency_key=new_id())

    one = twin.told(twin.signed_in(url, asked))
    show(_outcome(one), one, as_json=json)
    if one["state"] in ("FAILED", "MISMATCHED"):
        raise typer.Exit(1)


def _outcome(one: dict[str, Any]) -> str:
    told = {
        "DONE": "Done: {words}.",
        "FAILED": "Not done: {words}. {error}",
        "MISMATCHED": "Somebody must look: {words}. {error}",
    }
    return told.get(one["state"], "Asked for: {words}. See `holdfast subscription changes`.").format(**one)


def _cells(one: dict[str, Any]) -> tuple[str, ...]:
    from backend.core.clock import RealClock
    from console.desk import ages

    when = ages.local(one["askedAt"], RealClock().now())
    return (when, one["state"].lower(), one["words"], one["error"] or "", one["id"])


def _spelled(word: str) -> str:
    return word.replace("-", "_")


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="subscription")
