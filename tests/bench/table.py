"""How fast the queue table is, against a bare virtual list on the same Line API with no product in it.

``python -m tests.bench.table`` prints the rows of :func:`bench_table`. Times run from the call or key to the moment
the terminal would be written to, escapes included. Of the rounds of paging the least disturbed one counts, for both.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from statistics import median
from typing import Any

from rich.segment import Segment
from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.drivers.headless_driver import HeadlessDriver
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from themes import DEFAULT_THEME, THEMES
from widgets.collector import collect_if_due, settle_collector
from widgets.queue_columns import Column
from widgets.queue_table import QueueTable

SCREEN = (140, 45)
MANY, SOME = 100_000, 10_000
CHANGES_A_SECOND = 50
PAGES, ROUNDS = 150, 4
LIVE_SECONDS = 4.0

Row = dict[str, Any]

_SUBJECTS = ("Box never arrived", "Charged twice", "李小龍 asks for a pause", "App freezes at guest count 🥜")
_PRIORITIES = (("▲ urgent", "priority-urgent"), ("△ high", "priority-high"), ("  normal", "priority-normal"))


def _rows(count: int) -> list[Row]:
    chance = random.Random(7)
    return [
        {
            "key": f"INC{number:06d}",
            "version": 1,
            "priority": number % 3,
            "customer": f"Customer {number}",
            "subject": _SUBJECTS[number % len(_SUBJECTS)],
            "sla": chance.randint(-60, 4000),
            "friction": chance.randint(0, 100),
            "owner": ("mia", "jo", "-")[number % 3],
        }
        for number in range(count)
    ]


def _columns() -> list[Column]:
    return [
        Column("key", "ID", 9, priority=0, render=lambda value, _: [(value, "muted")]),
        Column("priority", "Priority", 8, render=lambda value, _: [_PRIORITIES[value]]),
        Column("customer", "Customer", least=14, priority=0, render=lambda value, _: [(value, "customer")]),
        Column("subject", "Subject", least=20, weight=3, priority=0),
        Column(
            "sla", "SLA", 6, align="right", render=lambda value, _: [(f"{value}m", "sla-soon" if value < 45 else "")]
        ),
        Column("friction", "Friction", 8, align="right", render=lambda value, _: [(str(value), "friction-high")]),
        Column("owner", "Owner", 6),
    ]


class _Terminal(HeadlessDriver):
    """A terminal that takes everything at once and tells when."""

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)
        self.wrote = asyncio.Event()

    @property
    def is_headless(self) -> bool:
        """False, so that the app draws."""
        return False

    def write(self, data: str) -> None:
        """Note that something was drawn."""
        self.wrote.set()


class _BareList(ScrollView, can_focus=True):
    """The floor: one string a row, a cursor line, no keys, no marks, no columns, no cleaning, no cache."""

    BINDINGS = [Binding("pagedown", "move(44)"), Binding("j", "move(1)")]

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Row] = []
        self.line = 0

    def load(self, rows: list[Row]) -> None:
        """Show these rows."""
        self.rows = rows
        self.virtual_size = Size(0, len(rows))

    def change(self, number: int, row: Row) -> None:
        """Replace a row and draw its line when it is in view."""
        self.rows[number] = row
        if 0 <= number - round(self.scroll_y) < self.size.height:
            self.refresh_line(number)

    def action_move(self, by: int) -> None:
        """Move the cursor and keep it in view."""
        before, self.line = self.line, min(self.line + by, len(self.rows) - 1)
        if self.line >= round(self.scroll_y) + self.size.height:
            self.scroll_to(y=self.line - self.size.height + 1, animate=False, force=True)
        self.refresh_line(before)
        self.refresh_line(self.line)

    def render_line(self, y: int) -> Strip:
        number = round(self.scroll_y) + y
        if number >= len(self.rows):
            return Strip.blank(self.size.width)
        text = "  ".join(map(str, self.rows[number].values()))
        return Strip([Segment(text, self.rich_style)]).adjust_cell_length(self.size.width)


class _BenchApp(App[None]):
    def __init__(self, widget: QueueTable | _BareList) -> None:
        super().__init__(driver_class=_Terminal)
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = DEFAULT_THEME
        self.widget = widget

    def compose(self) -> ComposeResult:
        yield self.widget

    async def written(self, act: Callable[[], object]) -> float:
        """Milliseconds from an act to the first write to the terminal after it."""
        terminal = self._driver
        assert isinstance(terminal, _Terminal)
        terminal.wrote.clear()
        started = time.perf_counter()
        act()
        await asyncio.wait_for(terminal.wrote.wait(), 30)
        return (time.perf_counter() - started) * 1000

    async def key(self, key: str) -> float:
        """Milliseconds from a key to the terminal."""
        return await self.written(lambda: self.post_message(events.Key(key, key if len(key) == 1 else None)))


def _nth(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


async def _measure(
    widget: QueueTable | _BareList, load: Callable[[list[Row]], None], change: Callable[[int, Row], None]
) -> dict[str, float]:
    app = _BenchApp(widget)
    found: dict[str, float] = {}
    async with app.run_test(headless=False, size=SCREEN) as pilot:
        widget.focus()
        await pilot.pause(0.3)
        rows = _rows(MANY)
        found["ready"] = await app.written(lambda: load(rows)) / 1000
        settle_collector()  # as the console does, and then once a second:
        app.set_interval(1, lambda: collect_if_due(is_resting=False))
        await pilot.pause(0.5)
        rounds = [[await app.key("pagedown") for _ in range(PAGES)] for _ in range(ROUNDS)]
        found["page p50"] = min(median(pages) for pages in rounds)
        found["page p99"] = min(_nth(pages, 0.99) for pages in rounds)
        await pilot.pause(2)
        top = round(widget.scroll_y)
        repaints = []
        for turn in range(30):
            changed = {**rows[top + 3 + turn], "version": turn + 2, "friction": turn, "subject": f"changed {turn}"}
            repaints.append(await app.written(lambda changed=changed, turn=turn: change(top + 3 + turn, changed)))  # type: ignore[misc]
            await pilot.pause(0.01)
        found["repaint"] = median(repaints)
        load(_rows(SOME))
        await pilot.press("g") if isinstance(widget, QueueTable) else widget.scroll_to(y=0, animate=False)
        await pilot.pause(2)
        found["live cpu"], found["live key p95"] = await _live(app, change)
    return found


async def _live(app: _BenchApp, change: Callable[[int, Row], None]) -> tuple[float, float]:
    """Share of one core, and key to paint at p95 in ms, with 10,000 rows and 50 changes a second."""
    rows, chance = _rows(SOME), random.Random(3)

    async def feed() -> None:
        version = 100
        while True:
            version += 1
            number = chance.randrange(SOME) if version % 4 else chance.randrange(40)
            change(number, {**rows[number], "version": version, "friction": chance.randint(0, 100)})
            await asyncio.sleep(1 / CHANGES_A_SECOND)

    feeding = asyncio.create_task(feed())
    try:
        cpu, wall = time.process_time(), time.perf_counter()
        await asyncio.sleep(LIVE_SECONDS)
        share = (time.process_time() - cpu) / (time.perf_counter() - wall)
        keys = []
        for _ in range(60):
            keys.append(await app.key("j"))
            await asyncio.sleep(0.03)
    finally:
        feeding.cancel()
    return share, _nth(keys, 0.95)


async def _table() -> dict[str, float]:
    table = QueueTable(_columns())

    def load(rows: list[Row]) -> None:
        table.set_rows(rows)

    def change(_number: int, row: Row) -> None:
        table.upsert([row])
        if len(table.model) == MANY:
            table.flush()

    return await _measure(table, load, change)


async def _floor() -> dict[str, float]:
    bare = _BareList()
    return await _measure(bare, bare.load, bare.change)


_TARGETS: dict[str, tuple[str, str, float | None]] = {
    "ready": ("queue table: 100,000 rows ready", "s", 0.5),
    "page p50": ("queue table: page down p50, 100,000 rows", "ms", None),
    "page p99": ("queue table: page down p99, 100,000 rows", "ms", 35.0),
    "repaint": ("queue table: one changed cell to paint", "ms", None),
    "live cpu": ("queue table: 10,000 rows, 50 changes a second, share of a core", "", 0.10),
    "live key p95": ("queue table: 10,000 rows, 50 changes a second, key to paint p95", "ms", 50.0),
}


def bench_table() -> list[dict[str, Any]]:
    """Measure; answer rows of name, value, unit, floor, ratio (value to floor), target (at most) and ok."""
    value, floor = _run(_table()), _run(_floor())
    return [
        {
            "name": name,
            "value": round(value[key], 4),
            "unit": unit,
            "floor": round(floor[key], 4),
            "ratio": round(value[key] / floor[key], 2) if floor[key] else None,
            "target": target,
            "ok": target is None or value[key] <= target,
        }
        for key, (name, unit, target) in _TARGETS.items()
    ]


def _run(measuring: Awaitable[dict[str, float]]) -> dict[str, float]:
    async def run() -> dict[str, float]:
        return await measuring

    return asyncio.run(run())
