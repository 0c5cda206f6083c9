"""`holdfast finance …`: metrics, readiness, recommendations, and connecting Stripe."""

import time
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from console import twin
from console.output import fail, show

if TYPE_CHECKING:
    from datetime import date

    from backend.client import Client

From = Annotated[str, typer.Option("--from", help="The first day, such as 2026-03-01.")]
To = Annotated[str, typer.Option(help="The last day, included.")]
By = Annotated[Literal["hour", "day"], typer.Option(help="Of a history: every hour, or the last of each day.")]
History = Annotated[bool, typer.Option("--history", help="As it was known, point by point.")]

group = typer.Typer(help="Metrics, readiness and recommendations.", no_args_is_help=True)
_LOOK_SECONDS = 2.0


@group.command()
def metrics(
    start: From = "",
    to: To = "",
    history: History = False,
    by: By = "day",
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """The six metrics: of the last 30 days, or of the days given."""
    from console.finance import words

    first, last = _day(start), _day(to)

    async def asked(api: "Client") -> Any:
        business = await _business(api)
        if history:
            return await api.finance.metric_history(business, first, last, by=by)
        return await api.finance.metrics(business, first, last)

    data = twin.told(twin.signed_in(url, asked))
    if history:
        rows = [("at", *(title for title, _, _ in words.METRICS.values()))]
        rows += [(one["at"][:16].replace("T", " "), *_values(one)) for one in data["items"]]
        show(twin.table(rows), data, as_json=json)
        return
    rows = [("metric", "value", "what it is")]
    rows += [
        (title, words.value(data[name], unit, data["currency"]), data["definitions"][name])
        for name, (title, unit, _) in words.METRICS.items()
    ]
    text = f"{data['start'][:16]} to {data['end'][:16]} ({data['zone']}), {data['currency']}\n{twin.table(rows)}"
    for one in data["others"]:
        text += f"\n\n{one['currency']}, not converted: " + ", ".join(
            f"{title.lower()} {value}"
            for (title, _, _), value in zip(words.METRICS.values(), _values(one), strict=True)
        )
    show(text, data, as_json=json)


@group.command()
def readiness(
    start: From = "",
    to: To = "",
    history: History = False,
    by: By = "day",
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """The readiness score: what helps, what hurts, and what would lift it."""
    from console.finance import words

    async def asked(api: "Client") -> Any:
        business = await _business(api)
        if history:
            return await api.finance.readiness_history(business, _day(start), _day(to), by=by)
        return await api.finance.readiness(business)

    data = twin.told(twin.signed_in(url, asked))
    if history:
        rows = [("at", "score", "tier")]
        rows += [(one["calculatedAt"][:16].replace("T", " "), str(one["score"]), one["label"]) for one in data["items"]]
        show(twin.table(rows), data, as_json=json)
        return
    lines = []
    for line in words.readiness_lines(data):
        said = "".join(text for text, _ in line.words)
        lines.append(f"{'  ' * line.depth}{line.label:<{line.width}}  {said}".rstrip())
        lines += [f"{'  ' * (line.depth + 1)}{note}" for note, _ in line.notes]
    show("\n".join(lines), data, as_json=json)


@group.command()
def recommendations(
    status: Annotated[str, typer.Option(help="pending, accepted, dismissed or resolved; all when left out.")] = "",
    priority: Annotated[str, typer.Option(help="high, medium or low; all when left out.")] = "",
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """What would help, what would bring most first."""

    async def asked(api: "Client") -> Any:
        query = {"status": status or None, "priority": priority or None, "limit": 200}
        return await api.finance.recommendations(await _business(api), **query)

    data = twin.told(twin.signed_in(url, asked))
    rows = [("id", "priority", "brings", "state", "what", "why")]
    rows += [
        (one["id"], one["priority"], f"+{one['impact']}", one["status"], one["title"], one["reason"])
        for one in data["items"]
    ]
    show(twin.table(rows) if data["items"] else "Nothing is recommended.", data, as_json=json)


Id = Annotated[str, typer.Argument(help="The recommendation's id, as `recommendations` lists it.")]


@group.command()
def accept(recommendation: Id, url: twin.Url = "", json: twin.Json = False) -> None:
    """Follow a recommendation."""
    _decide(recommendation, "accepted", url, json)


@group.command()
def dismiss(recommendation: Id, url: twin.Url = "", json: twin.Json = False) -> None:
    """Not this one; it does not come back for a while."""
    _decide(recommendation, "dismissed", url, json)


@group.command()
def connect(
    wait: Annotated[bool, typer.Option("--wait", help="Until somebody has agreed, or ten minutes are over.")] = False,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Connect a Stripe account: prints an address to open in a browser, as somebody who owns the account."""
    from datetime import UTC, datetime

    begun = twin.told(twin.signed_in(url, _begin))
    if not wait:
        show(f"{begun['url']}\n\nOpen it until {begun['expiresAt'][:16]} UTC.", begun, as_json=json)
        return
    typer.echo(begun["url"], err=True)
    while datetime.now(UTC) < datetime.fromisoformat(begun["expiresAt"]):
        one = twin.told(twin.signed_in(url, _account))
        if one["isConnected"]:
            show(f"{one['accountId']} is connected.", one, as_json=json)
            return
        if one["connecting"] and one["connecting"]["error"]:
            fail(one["connecting"]["error"])
        if one["connecting"] and one["connecting"]["by"]:
            fail(_waits(one["connecting"]))
        time.sleep(_LOOK_SECONDS)
    fail("nobody agreed in time; begin again")


@group.command()
def agree(
    replaces: Annotated[str, typer.Argument(help="Stripe's id of the account that was connected before: acct_…")],
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Agree that the account whose owner agreed at Stripe replaces the one before, whose numbers then count no more."""

    async def agreed(api: "Client") -> Any:
        return await api.stripe.agree_connect(await _business(api), replaces)

    one = twin.told(twin.signed_in(url, agreed))
    show(f"{one['accountId']} is connected in the place of {replaces}, and is read now.", one, as_json=json)


@group.command()
def status(url: twin.Url = "", json: twin.Json = False) -> None:
    """The Stripe account: whose it is, and how far it was read."""
    one = twin.told(twin.signed_in(url, _account))
    if one["isConnected"]:
        synced = one["lastSyncedAt"] or "never"
        text = (
            f"{one['accountId'] or '?'} by {one['mode']}: {100 * (one['progress'] or 0):.0f} % read, last sync {synced}"
        )
        text += f"\n{one['charges']:,} charges, {one['subscriptions']:,} subscriptions"
    elif one["connecting"] and one["connecting"]["by"]:
        text = _waits(one["connecting"])
    else:
        text = "No Stripe account is connected. `holdfast finance connect` begins."
    for former in one["former"]:
        text += (
            f"\nbefore: {former['name'] or former['accountId']} ({former['accountId']}) until {former['leftAt'][:10]}"
        )
    if one["error"]:
        text += f"\nlast error: {one['error']}"
    show(text, one, as_json=json)


def _waits(waiting: dict[str, Any]) -> str:
    from console.finance.words import titled

    by, last = titled(waiting["by"]), waiting["replaces"]
    words = f"{by} is another account than before, {titled(last)}, whose numbers would count no more."
    return f"{words} If that is right: holdfast finance agree {last['accountId']}"


def _values(one: dict[str, Any]) -> list[str]:
    from console.finance import words

    return [words.value(one[name], unit, one["currency"]) for name, (_, unit, _) in words.METRICS.items()]


def _decide(id: str, status: Any, url: str, json: bool) -> None:
    from backend.finance.schemas import RecommendationChange

    async def decided(api: "Client") -> Any:
        page = await api.finance.recommendations(await _business(api), limit=200)
        one = next((one for one in page.items if one.id == id), None)
        version = one.version if one is not None else 1  # the server says that there is none
        return await api.finance.decide(id, RecommendationChange(version=version, status=status))

    one = twin.told(twin.signed_in(url, decided))
    show(f"“{one['title']}” is {one['status']}.", one, as_json=json)


async def _begin(api: "Client") -> Any:
    return await api.stripe.begin_connect(await _business(api))


async def _account(api: "Client") -> Any:
    return await api.stripe.show(await _business(api))


async def _business(api: "Client") -> str:
    return (await api.identity.me()).business.id


def _day(text: str) -> "date | None":
    from datetime import date

    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        fail(f"{text!r} is no day; write it as 2026-03-01")


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="finance")
