"""What a stranger wrote reaches the terminal as letters only, through every widget that shows text."""

import asyncio
from collections.abc import Callable, Iterable

import pytest
from hypothesis import example, given, settings
from rich.text import Text
from textual.events import Paste
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Static

from tests.widgets.capture import JOINERS, PAYLOADS, CaptureDriver, foreign, hostile_text, letters_of, written_by
from tests.widgets.stage import Stage
from widgets.bar import Bar
from widgets.card_board import CardBoard
from widgets.cards import Card, Lane
from widgets.composer import Composer
from widgets.entry import Entry as Field
from widgets.outline import Line, Outline
from widgets.panel import Panel
from widgets.prompt import Choice, Confirm, Option
from widgets.queue_columns import Column
from widgets.queue_table import QueueTable
from widgets.tabs import Tab, TabStrip
from widgets.timeline import Timeline
from widgets.timeline_book import Entry


def table(text: str) -> Widget:
    columns = [
        Column("plain", text),
        Column("spans", "spans", render=lambda value, _: [(value, "danger bold"), (value, "nobody")]),
        Column("text", "text", render=lambda value, _: Text(value, style="link https://evil.example")),
    ]
    widget = QueueTable(columns, key="id")
    widget.set_rows([{"id": text, "version": 1, "plain": text, "spans": text, "text": text}])
    return widget


def empty_table(text: str) -> Widget:
    return QueueTable([Column("a", "a")], empty=text)


def broken_table(text: str) -> Widget:
    widget = QueueTable([Column("a", "a")])
    widget.show_error(text)
    return widget


def timeline(text: str) -> Widget:
    widget = Timeline()
    kinds = ("customer", "agent", "note", "system", text)
    widget.show([Entry(seq, text, text, kind, text, state=text) for seq, kind in enumerate(kinds)], new_since=1)
    return widget


def composer(text: str) -> Widget:
    return Composer(text, reply_title=text, note_title=text, hint=text)


def refused_composer(text: str) -> Widget:
    widget = Composer()
    widget.refusal = text
    return widget


def field(text: str) -> Widget:
    return Field(text)


def outline(text: str) -> Widget:
    widget = Outline()
    widget.show([Line("", text), Line("key", text, [(text, "danger bold")], 1, [(text, "warning")])])
    return widget


def tabs(text: str) -> Widget:
    return TabStrip([Tab("one", text, 3), Tab("two", text, None, refusal=text)])


def bar(text: str) -> Widget:
    return Bar(text, [(text, "accent")], Text(text))


def board(text: str) -> Widget:
    card = Card(text, ((text, [(text, "danger")]), (Text(text), text)))
    widget = CardBoard()
    widget.show([Lane("one", text, (card,), note=text, role=text), Lane("two", text, empty=text)])
    return widget


WIDGETS = [table, empty_table, broken_table, timeline, composer, refused_composer, field, outline, tabs, bar, board]


NAMES = ["all", *(str(number) for number in range(len(PAYLOADS)))]


def shown(make: Callable[[], Widget], act: Callable[[Pilot[None]], object] | None = None) -> str:
    """Show a widget for a moment and answer what its app wrote."""

    async def run() -> str:
        app = Stage(make, driver_class=CaptureDriver)
        async with app.run_test(headless=False, size=(70, 20)) as pilot:
            await pilot.pause()
            if act is not None:
                act(pilot)
                await pilot.pause()
            return written_by(app)

    return asyncio.run(run())


def all_payloads() -> Iterable[str]:
    return ("".join(PAYLOADS), *PAYLOADS)


@pytest.mark.parametrize("make", WIDGETS, ids=lambda make: make.__name__)
@given(text=hostile_text())
@example(text="".join(PAYLOADS))
@settings(max_examples=12, deadline=None)
def test_widgets_write_letters_only(make: Callable[[str], Widget], text: str) -> None:
    output = shown(lambda: make(text))
    assert len(output) > 100
    assert not foreign(output, JOINERS if make is composer else "")


@given(text=hostile_text())
@example(text="".join(PAYLOADS))
@settings(max_examples=12, deadline=None)
def test_panels_write_letters_only(text: str) -> None:
    def act(pilot: Pilot[None]) -> None:
        pilot.app.query_one(Panel).show(
            [(text, text), (text, [(text, "danger")])], [text, Text(text)], freshness=text, refusal=text
        )

    assert not foreign(shown(lambda: Panel(text), act))


@pytest.mark.parametrize("payload", all_payloads(), ids=NAMES)
def test_prompts_write_letters_only(payload: str) -> None:
    def ask(pilot: Pilot[None]) -> None:
        pilot.app.push_screen(Confirm(payload, [(payload, payload)], lines=[payload], yes=payload, no=payload))

    def offer(pilot: Pilot[None]) -> None:
        options = [Option(payload, payload, payload), Option("b", payload, refusal=payload)]
        pilot.app.push_screen(Choice(payload, options, hint=payload))

    for act in (ask, offer):
        assert not foreign(shown(Widget, act))


@pytest.mark.parametrize("payload", all_payloads(), ids=NAMES)
def test_pasted_text_is_written_as_letters_only(payload: str) -> None:
    def paste(pilot: Pilot[None]) -> None:
        widget = pilot.app.query("Composer, Entry").first()
        widget.focus()
        widget.post_message(Paste(payload))

    for make in (Composer, Field):
        output = shown(make, paste)
        assert not foreign(output, JOINERS)


@pytest.mark.parametrize("payload", ["\x1b]52;c;ZXZpbA==\x07", "\x9b31m", "\u202eabc", "\x1b[77;77H", "\x1bP$q\x1b\\"])
def test_the_judge_sees_what_an_unguarded_widget_lets_through(payload: str) -> None:
    output = shown(lambda: Static(Text(payload)))
    assert foreign(output), "the harness must be able to fail"


def test_the_judge_takes_textuals_own_writing_for_what_it_is() -> None:
    output = shown(lambda: Static("hello"))
    assert not foreign(output)
    assert "hello" in letters_of(output)
