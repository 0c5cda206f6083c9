"""A trend in one line of text."""

from collections.abc import Sequence

from rich.text import Text
from textual.widget import Widget

from widgets.paint import Palette

_LEVELS = "▁▂▃▄▅▆▇█"
_GAP = " "


def sparkline(values: Sequence[float | None], width: int, low: float | None = None, high: float | None = None) -> str:
    """Draw values as a string of at most ``width`` cells; more values than cells are averaged, None is a gap.

    ``low`` and ``high`` fix the scale; without them it is that of the values. Equal values stand in the middle.
    """
    shown = _resampled(values, width)
    known = [value for value in shown if value is not None]
    if not known:
        return _GAP * len(shown)
    bottom = min(known) if low is None else low
    span = (max(known) if high is None else high) - bottom
    return "".join(_GAP if value is None else _level(value, bottom, span) for value in shown)


def _level(value: float, bottom: float, span: float) -> str:
    if span <= 0:
        return _LEVELS[len(_LEVELS) // 2 - 1]
    share = max(0.0, min(1.0, (value - bottom) / span))
    return _LEVELS[min(len(_LEVELS) - 1, int(share * len(_LEVELS)))]


def _resampled(values: Sequence[float | None], width: int) -> list[float | None]:
    count = len(values)
    if width <= 0:
        return []
    if count <= width:
        return list(values)
    buckets = [values[count * cell // width : count * (cell + 1) // width] for cell in range(width)]
    return [_mean([value for value in bucket if value is not None]) for bucket in buckets]


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


class Sparkline(Widget):
    """A trend as wide as the widget, in the colour of a role."""

    DEFAULT_CSS = "Sparkline { height: 1; width: 1fr; }"

    def __init__(
        self,
        values: Sequence[float | None] = (),
        role: str = "accent",
        *,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._values = list(values)
        self._role = role

    def show(self, values: Sequence[float | None], role: str | None = None) -> None:
        """Draw other values, and in another role when given."""
        self._values = list(values)
        self._role = self._role if role is None else role
        self.refresh()

    def render(self) -> Text:
        return Text(sparkline(self._values, self.size.width), style=Palette.of(self).style(self._role), no_wrap=True)
