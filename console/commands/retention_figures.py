"""`holdfast retention summary` and the like: what offers brought, each number beside what it means."""

from typing import Annotated, Any

import typer

from console import twin
from console.output import show

Days = Annotated[int, typer.Option(min=1, max=800, help="Runs that began on the last so many days.")]
Horizon = Annotated[int, typer.Option(help="Days after a run in which payments count: 30, 90 or 180.")]


def _asked(name: str, days: int, horizon: int, url: str) -> Any:
    return twin.told(twin.signed_in(url, lambda api: getattr(api.retention, name)(days=days, horizon=horizon)))


def summary(days: Days = 180, horizon: Horizon = 90, url: twin.Url = "", json: twin.Json = False) -> None:
    """Every number of Retention, with its definition."""
    data = _asked("summary", days, horizon, url)
    show(f"{_head(data)}\n{_figures(data)}", data, as_json=json)


def revenue(days: Days = 180, horizon: Horizon = 90, url: twin.Url = "", json: twin.Json = False) -> None:
    """What was saved, gross and against the holdout, and gross by day."""
    data = _asked("saved_revenue", days, horizon, url)
    rows = [("day", "saved", "gross (not incremental)", "pending")]
    rows += [
        (one["day"], f"{one['saved']}", f"{one['gross']:,.2f}", f"{one['pending']}")
        for one in data["series"]
        if one["saved"]
    ]
    show(f"{_head(data)}\n{_figures(data)}\n\n{twin.table(rows)}", data, as_json=json)


def users(days: Days = 180, horizon: Horizon = 90, url: twin.Url = "", json: twin.Json = False) -> None:
    """Who wanted to cancel and what they did, by day."""
    data = _asked("saved_users", days, horizon, url)
    names = ("day", "attempts", "saved", "cancelled", "abandoned")
    rows = [names, *(tuple(str(one[name]) for name in names) for one in data["series"] if one["attempts"])]
    show(f"{_head(data)}\n{_figures(data)}\n\n{twin.table(rows)}", data, as_json=json)


def performance(days: Days = 180, horizon: Horizon = 90, url: twin.Url = "", json: twin.Json = False) -> None:
    """How each offer did."""
    data = _asked("offers_performance", days, horizon, url)
    rows = [("offer", "shown", "accepted", "acceptance", "paid of list", "gross (not incremental)", "discount")]
    rows += [
        (
            one["words"],
            f"{one['shown']}",
            f"{one['accepted']}",
            _share(one["acceptance"]),
            f"{_share(one['paidShare'])} in {one['first']}",
            f"{one['gross']:,.2f}",
            f"{one['discount']:,.2f}",
        )
        for one in data["items"]
    ]
    show(f"{_head(data)}\n{twin.table(rows)}\n\n{_definitions(data)}", data, as_json=json)


def reasons(days: Days = 180, horizon: Horizon = 90, url: twin.Url = "", json: twin.Json = False) -> None:
    """Why people want to leave, and how many did."""
    data = _asked("churn_reasons", days, horizon, url)
    rows = [("reason", "attempts", "saved", "cancelled", "save rate", "lost a month")]
    rows += [
        (
            one["label"],
            f"{one['attempts']}",
            f"{one['saved']}",
            f"{one['cancelled']}",
            _share(one["saveRate"]),
            f"{one['monthlyLost']:,.2f}",
        )
        for one in data["items"]
    ]
    show(f"{_head(data)}\n{twin.table(rows)}\n\n{_definitions(data)}", data, as_json=json)


def _head(data: dict[str, Any]) -> str:
    other = f", {data['otherCurrencies']} in other currencies" if data["otherCurrencies"] else ""
    return (
        f"{data['runs']} run{'' if data['runs'] == 1 else 's'} in {data['days']} days ({data['zone']}), "
        f"{data['mature']} of them at least {data['horizon']} days old, in {data['currency']}{other}"
    )


def _figures(data: dict[str, Any]) -> str:
    rows = [("what", "value", "what it is")]
    return twin.table(rows + [(one["label"], one["words"], one["definition"]) for one in data["figures"]])


def _definitions(data: dict[str, Any]) -> str:
    return "\n".join(f"{name}: {words}" for name, words in data["definitions"].items())


def _share(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.0f} %"


def add_to(group: typer.Typer) -> None:
    """Put the commands beside those of runs."""
    for name, command in (
        ("summary", summary),
        ("revenue", revenue),
        ("users", users),
        ("performance", performance),
        ("reasons", reasons),
    ):
        group.command(name)(command)


def ranking(
    flow: Annotated[str, typer.Argument(help="The flow's name or id.")],
    days: Days = 180,
    horizon: Horizon = 90,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """How a flow does, and which of its offers comes first for whom, and why."""
    data = twin.told(twin.signed_in(url, lambda api: api.flows.ranking(flow, days=days, horizon=horizon)))
    parts = [_head(data), _figures(data)]
    for one in data["segments"]:
        rows = [("offer", "outcomes", "paid of list", "believed (90 %)", "better than your rule", "comes first")]
        rows += [
            (
                arm["words"],
                f"{arm['outcomes']:g}",
                _share(arm["paidShare"]),
                f"{_share(arm['mean'])} ({_share(arm['low'])} to {_share(arm['high'])})",
                "your rule" if arm["isRule"] else _share(arm["betterThanRule"]),
                _share(arm["propensity"]),
            )
            for arm in one["arms"]
        ]
        parts.append(f"{one['words']} ({one['runs']} runs)\n{twin.table(rows)}\n{one['why']}")
    show("\n\n".join(parts), data, as_json=json)
