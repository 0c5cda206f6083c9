"""A trend as a plot. Imported when the first one is shown: the library behind it is heavy."""

from collections.abc import Mapping
from typing import Any

from textual_plotext import PlotextPlot

from console.analytics.telling import amount
from widgets.paint import Palette

_TICKS = 6


class TrendPlot(PlotextPlot):
    """One metric over time; a gap where there is not enough to say a value."""

    def show(self, trend: Mapping[str, Any]) -> None:
        """Draw another trend."""
        points = trend["points"]
        plot = self.plt
        plot.clear_figure()
        plot.title(f"{trend['label']} by {trend['by']} ({trend['zone']})")
        color = Palette.of(self).color("accent")
        shade: str | tuple[int, int, int]
        shade = (
            "default"
            if color is None
            else (color.get_truecolor().red, color.get_truecolor().green, color.get_truecolor().blue)
        )
        for run in runs_of([point["value"] for point in points]):
            places, values = zip(*run, strict=True)
            plot.plot(list(places), list(values), marker="braille", color=shade)
            if len(run) == 1:
                plot.scatter(list(places), list(values), marker="dot", color=shade)
        known = [point["value"] for point in points if point["value"] is not None]
        if known:
            low, high = min(0, *known), max(known) or 1
            if trend["unit"] == "percent":
                high = max(100, high)
            plot.ylim(low, high)
            marks = [low + (high - low) * share / 4 for share in range(5)]
            plot.yticks(marks, [amount(mark, trend["unit"], trend["currency"]) for mark in marks])
        step = max(1, -(-len(points) // _TICKS))
        ticks = range(0, len(points), step)
        cut = slice(5, 16) if trend["by"] == "hour" else slice(5, 10)
        plot.xlim(0, max(1, len(points) - 1))
        plot.xticks(list(ticks), [points[place]["local"][cut].replace("T", " ") for place in ticks])
        self.refresh()


def runs_of(values: list[float | None]) -> list[list[tuple[int, float]]]:
    """The values that follow one another without a gap, each with its place."""
    runs: list[list[tuple[int, float]]] = [[]]
    for place, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append((place, value))
    return [run for run in runs if run]
