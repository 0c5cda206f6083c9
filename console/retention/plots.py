"""Saved users and revenue over time as plots. Imported when the first one is shown: the library behind it is heavy."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from math import floor, log10
from typing import Any

from textual_plotext import PlotextPlot

from console.analytics.plot import runs_of
from console.analytics.telling import amount
from widgets.paint import Palette
from widgets.plain import plain

_TICKS = 6
WEEKS_FROM = 45
"""From so many days on, weeks are drawn."""
Line = tuple[str, str, Sequence[float | None]]
"""What it is, the role of its colour, its values; None is a gap."""


class SeriesPlot(PlotextPlot):
    """Some lines over the same days or weeks."""

    def show(self, title: str, days: Sequence[date], lines: Sequence[Line], unit: str, currency: str) -> None:
        """Draw them."""
        plot = self.plt
        plot.clear_figure()
        is_empty = not any(value for _, _, values in lines for value in values)
        plot.title(plain(f"{title}: none yet" if is_empty else title))
        for (name, role, values), marker in zip(lines, ("braille", "dot"), strict=False):
            label = name if len(lines) > 1 else None
            for run in runs_of(list(values)):
                places, numbers = zip(*run, strict=True)
                plot.plot(list(places), list(numbers), marker=marker, color=self._color(role), label=label)
                label = None
        high = max((value for _, _, values in lines for value in values if value is not None), default=0) or 1
        high, marks = scale(high, is_whole=unit == "count")
        plot.ylim(0, high)
        marks = marks[:1] if is_empty else marks
        plot.yticks(marks, [amount(mark, unit, currency) for mark in marks])
        ticks = range(0, len(days), max(1, -(-len(days) // _TICKS)))
        plot.xlim(0, max(1, len(days) - 1))
        plot.xticks(list(ticks), [f"{days[place].day} {days[place]:%b}" for place in ticks])
        self.refresh()

    def _color(self, role: str) -> str | tuple[int, int, int]:
        color = Palette.of(self).color(role)
        if color is None:
            return "default"
        triplet = color.get_truecolor()
        return triplet.red, triplet.green, triplet.blue


def scale(high: float, *, is_whole: bool) -> tuple[float, list[float]]:
    """The top of an axis that begins at 0 and holds `high`, above 0, and five marks or fewer on it that are easy to read."""
    if is_whole and high < 4:
        return high, [float(mark) for mark in range(int(high) + 1)]
    power = 10.0 ** floor(log10(high))
    top = next(step * power for step in (1, 2, 4, 6, 8, 10) if step * power >= high)
    return top, [top * share / 4 for share in range(5)]


def users(answer: dict[str, Any]) -> tuple[str, list[date], list[Line]]:
    """Saved and cancelled, by the day or the week in which the runs began."""
    by, days, bins = _bins(answer["series"])
    saved = [float(sum(one["saved"] for one in bin)) for bin in bins]
    gone = [float(sum(one["cancelled"] for one in bin)) for bin in bins]
    return f"Saved and cancelled, by the {by} they began", days, [("saved", "ok", saved), ("cancelled", "danger", gone)]


def revenue(answer: dict[str, Any]) -> tuple[str, list[date], list[Line]]:
    """Gross saved; nothing where not all are old enough, which the numbers call pending."""
    by, days, bins = _bins(answer["series"])
    young = datetime.fromisoformat(answer["asOf"]).date() - timedelta(days=answer["horizon"])
    gross = [
        None
        if bin[-1]["day"] > young.isoformat() or any(one["pending"] for one in bin)
        else float(sum(one["gross"] for one in bin))
        for bin in bins
    ]
    return f"Gross, NOT incremental, by the {by}", days, [("gross", "accent", gross)]


def _bins(series: Sequence[dict[str, Any]]) -> tuple[str, list[date], list[list[dict[str, Any]]]]:
    """`day` or `week`, the first day of each, and what is in each."""
    if len(series) < WEEKS_FROM:
        return "day", [date.fromisoformat(one["day"]) for one in series], [[one] for one in series]
    weeks: dict[date, list[dict[str, Any]]] = {}
    for one in series:
        day = date.fromisoformat(one["day"])
        weeks.setdefault(day - timedelta(days=day.weekday()), []).append(one)
    return "week", list(weeks), list(weeks.values())
