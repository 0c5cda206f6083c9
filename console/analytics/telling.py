"""Numbers in words, as the screen shows them: values with units, changes with a sign, tables with aligned columns."""

from collections.abc import Mapping, Sequence
from typing import Any

from console.desk.wording import CHANNELS, money
from widgets.paint import Cell, Span, cut
from widgets.plain import plain
from widgets.tiles import Tile

Row = Mapping[str, Any]
Number = float | int
NOTHING = "–"


def value(number: Number | None, unit: str, currency: str) -> str:
    """A value with its unit; `not enough data` for none."""
    return "not enough data" if number is None else amount(number, unit, currency)


def amount(number: Number, unit: str, currency: str) -> str:
    """A number that there is, with its unit."""
    match unit:
        case "percent":
            return f"{number:,.1f} %"
        case "seconds":
            return duration(number)
        case "money":
            return money(number, currency)
        case "ratio":
            return f"{number:,.2f}"
    return f"{number:,.0f}"


def duration(seconds: Number) -> str:
    """A length of time in its two largest units: `45 s`, `12 min 30 s`, `3 h 05 min`, `2 d 4 h`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3_600:
        return f"{whole // 60} min {whole % 60:02} s"
    if whole < 172_800:
        return f"{whole // 3_600} h {whole % 3_600 // 60:02} min"
    return f"{whole // 86_400} d {whole % 86_400 // 3_600} h"


def change(kpi: Row, currency: str) -> Span:
    """By how much it moved against the days before: a sign and a word, and a colour that says whether that is good."""
    moved = kpi["change"]
    if moved is None:
        return (NOTHING, "muted")
    if moved == 0:
        return ("= as before", "muted")
    size = f"{abs(moved):,.1f} points" if kpi["unit"] == "percent" else amount(abs(moved), kpi["unit"], currency)
    good = {"more": moved > 0, "less": moved < 0}.get(kpi["better"])
    role = "muted" if good is None else "ok" if good else "danger"
    return (f"{'▲' if moved > 0 else '▼'} {size}", role)


def tiles(told: Row) -> list[Tile]:
    """The KPIs as tiles."""
    currency = told["currency"]
    return [
        Tile(
            kpi["name"],
            kpi["label"],
            value(kpi["value"], kpi["unit"], currency),
            change(kpi, currency),
            kpi["series"],
            "bold" if kpi["value"] is not None else "muted",
        )
        for kpi in told["kpis"]
    ]


def about(kpi: Row, currency: str) -> tuple[list[tuple[str, Cell]], list[Cell]]:
    """What stands beside a number: what it was made of, what it was before, and its definition."""
    pairs: list[tuple[str, Cell]] = []
    if kpi["denominator"] is not None:
        unit = "money" if kpi["unit"] == "money" else "seconds" if kpi["unit"] == "seconds" else "count"
        if not kpi["name"].endswith(("_median", "_p90")):
            pairs.append(("made of", f"{amount(kpi['numerator'], unit, currency)} over {kpi['denominator']:,}"))
        else:
            pairs.append(("made of", f"{kpi['denominator']:,} values"))
    before = value(kpi["before"], kpi["unit"], currency)
    pairs.append(("before", [(before, ""), ("   ", ""), change(kpi, currency)]))
    if kpi["top"]:
        pairs.append(("most", ", ".join(f"{one['dimension']} {one['count']}" for one in kpi["top"][:5])))
    return pairs, [[(kpi["definition"], "muted")]]


def points(trend: Row) -> list[Cell]:
    """A trend as a table."""
    rows = [("from", "value", "made of")]
    for point in trend["points"]:
        when = point["local"][:16].replace("T", " ") if trend["by"] == "hour" else point["local"][:10]
        over = "" if point["denominator"] is None else f"{point['numerator']:,} over {point['denominator']:,}"
        rows.append((when, value(point["value"], trend["unit"], trend["currency"]), over))
    return table(rows, "<><")


def friction(report: Row, kept: Sequence[Row]) -> list[Cell]:
    """The friction report, line by line."""
    lines: list[Cell] = [heading("Top friction reasons")]
    rows = [("reason", "cases", "share", "before", "change", "open", "mostly on", "")]
    for reason in report["topFrictionReasons"]:
        moved = reason["changePercent"]
        rows.append(
            (
                reason["category"].replace("_", " "),
                f"{reason['cases']:,}",
                f"{reason['sharePercent']:.0f} %",
                f"{reason['before']:,}",
                NOTHING if moved is None else f"{moved:+.0f} %",
                f"{reason['open']:,}",
                reason["screens"][0]["screen"].replace("_", " ") if reason["screens"] else NOTHING,
                "repeats" if reason["isRepeated"] else "",
            )
        )
    lines += table(rows, "<>>>>><<") if report["topFrictionReasons"] else [[("No case has a category.", "muted")]]
    lines += ["", heading("Recommended")]
    for one in report["recommendations"]:
        lines.append([(f"{one['urgency'].lower()}: ", _URGENCY[one["urgency"]]), (one["fix"], "bold")])
        refs = f" ({', '.join(one['refs'])})" if one["refs"] else ""
        why = f"{one['category']}, for {one['owner']}: {one['evidence']}".replace("_", " ")
        lines.append([(f"  {why}{refs}", "muted")])
    if not report["recommendations"]:
        lines.append([("Nothing; no rule covers what happened.", "muted")])
    lines += ["", heading("Weekly reports")]
    for week in kept:
        counts = f"{week['cases']} cases, {len(week['repeats'])} repeated, {len(week['recommendations'])} recommended"
        lines.append(f"{week['from']} to {week['to']} ({week['zone']}): {counts}")
    if not kept:
        lines.append([("The first one is made when a week is over.", "muted")])
    return lines


_URGENCY = {"HIGH": "danger", "MEDIUM": "warning", "LOW": "muted"}


def cost(told: Row) -> list[Cell]:
    """The cost analysis, line by line."""
    currency = told["currency"]
    headings = ("channel", "contacts", "agents' time", "it costs", "the channel", "in all", "each")  # fits 80 columns
    rows = [headings, *(_costs(one, currency) for one in told["channels"])]
    lines = table(rows, "<>>>>>>") if told["channels"] else [[("Nothing was closed in these days.", "muted")]]
    each = told["costPerAssistedOrder"], told["costPerOrder"]
    of_assisted, of_all = (value(one, "money", currency) for one in each)
    return [
        *lines,
        "",
        [("In all  ", "muted"), (money(told["total"], currency), "bold")],
        [(f"Per assisted order ({told['assistedOrders']:,})  ", "muted"), (of_assisted, "bold")],
        [(f"Per order ({told['orders']:,})  ", "muted"), (of_all, "bold")],
        "",
        [(told["definition"], "muted")],
        [("The prices are the cost rules, which admins edit.", "muted")],
    ]


def _costs(one: Row, currency: str) -> tuple[str, ...]:
    channel = CHANNELS.get(one["channel"] or "", one["channel"] or NOTHING)
    amounts = one["agentTime"], one["contactCost"] + one["minuteCost"], one["total"], one["perContact"]
    counts = (f"{one['contacts']:,}", duration(one["handledSeconds"]))
    return (channel, *counts, *(money(amount, currency) for amount in amounts))


def heading(text: str) -> Cell:
    """A line that begins a part."""
    return [(text, "bold accent")]


def table(rows: Sequence[Sequence[str]], sides: str, most: int = 26) -> list[Cell]:
    """Rows in columns as wide as they need, the first one as heading. `sides` has `<` or `>` for each column."""
    cells = [[cut(plain(cell), most) for cell in row] for row in rows]
    widths = [max(len(row[place]) for row in cells) for place in range(len(sides))]
    lines = ["  ".join(f"{c:{s}{w}}" for c, s, w in zip(row, sides, widths, strict=True)).rstrip() for row in cells]
    return [[(lines[0], "muted")], *lines[1:]]
