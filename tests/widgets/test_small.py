"""Tabs, composer, prompts, panel, bar and sparkline: values in, messages out."""

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.color import Color
from rich.style import Style
from textual.widgets import TextArea

from tests.support.wait import until
from tests.widgets.stage import Stage, screen_lines
from themes import THEMES
from themes.roles import TEXT_ROLES
from widgets.bar import Bar
from widgets.composer import Composer
from widgets.paint import Palette, cut, fit, spans, width_of
from widgets.panel import Panel
from widgets.prompt import Choice, Confirm, Option
from widgets.qr import Qr, printed
from widgets.sparkline import Sparkline, sparkline
from widgets.tabs import Tab, TabStrip

TABS = [Tab("mine", "Mine", 12), Tab("all", "All", 400), Tab("late", "SLA at risk", 7, role="danger")]
REFUND = [("Customer", "Ada"), ("Order", "#A-1"), ("Amount", "£42.50")]


async def test_tabs_are_chosen_by_number_neighbour_and_mouse() -> None:
    strip = TabStrip(TABS)
    app = Stage(strip, keep=(TabStrip.TabSelected,))
    async with app.run_test(size=(60, 5)) as pilot:
        strip.focus()
        assert screen_lines(app)[0] == "▎1 Mine 12  2 All 400  3 SLA at risk 7"
        await pilot.press("3", "right_square_bracket", "left_square_bracket", "9", "3")
        await pilot.click(strip, offset=(14, 0))
        await pilot.pause()
        assert [message.key for message in app.told if isinstance(message, TabStrip.TabSelected)] == [
            "late",
            "mine",
            "late",
            "all",
        ]
        assert strip.active == "all"


async def test_counts_change_and_the_active_tab_stays() -> None:
    strip = TabStrip(TABS)
    app = Stage(strip, keep=(TabStrip.TabSelected,))
    async with app.run_test(size=(60, 5)) as pilot:
        strip.choose("all")
        strip.show([Tab("all", "All", 401), Tab("mine", "Mine", 11)])
        await pilot.pause()
        assert strip.active == "all"
        assert "1 All 401" in screen_lines(app)[0]
        strip.show([Tab("mine", "Mine", 11)])
        assert strip.active == "mine"


async def test_a_narrow_strip_says_the_short_titles_but_the_active_one_in_full() -> None:
    free, late = Tab("free", "Unassigned", 32, short="Nobody"), Tab("late", "SLA at risk", 7, short="SLA")
    strip = TabStrip([TABS[0], free, late])
    app = Stage(strip)
    async with app.run_test(size=(44, 2)) as pilot:
        await pilot.pause()
        assert screen_lines(app)[0].rstrip() == "▎1 Mine 12  2 Nobody 32  3 SLA 7"
        strip.choose("late")
        await pilot.pause()
        assert screen_lines(app)[0].rstrip() == " 1 Mine 12  2 Nobody 32 ▎3 SLA at risk 7"


async def test_a_dimmed_tab_says_why_and_is_passed_by() -> None:
    strip = TabStrip([TABS[0], Tab("x", "Finance", refusal="only admins"), TABS[1]])
    app = Stage(strip, keep=(TabStrip.TabSelected, TabStrip.TabRefused))
    async with app.run_test(size=(60, 5)) as pilot:
        strip.focus()
        await pilot.press("2")
        await pilot.pause()
        refused = app.told[-1]
        assert isinstance(refused, TabStrip.TabRefused)
        assert refused.refusal == "only admins"
        await pilot.press("right_square_bracket")
        assert strip.active == "all"


@pytest.mark.parametrize("width", [12, 20, 30, 45])
async def test_the_active_tab_is_in_view_however_narrow(width: int) -> None:
    strip = TabStrip([Tab(f"t{n}", f"Title number {n}", n) for n in range(12)])
    app = Stage(strip)
    async with app.run_test(size=(width, 5)) as pilot:
        strip.choose("t11")
        await pilot.pause()
        line = screen_lines(app)[0]
        assert "▎" in line
        assert cell_len(line) <= width


@pytest.mark.parametrize("key", ["alt+enter", "ctrl+j", "f9"])
async def test_composer_posts_what_was_written(key: str) -> None:
    composer = Composer()
    app = Stage(composer, keep=(Composer.Submitted, Composer.Left, TextArea.Changed))
    async with app.run_test(size=(60, 12)) as pilot:
        composer.focus()
        await pilot.press(key)
        await pilot.press("h", "i", "enter", "j", key, "escape")
        await pilot.pause()
        submitted = [message for message in app.told if isinstance(message, Composer.Submitted)]
        assert [(message.text, message.mode) for message in submitted] == [("hi\nj", "reply")]
        assert isinstance(app.told[-1], Composer.Left)
        assert sum(isinstance(message, TextArea.Changed) for message in app.told) == 4
        assert composer.text == "hi\nj"


async def test_composer_shows_its_mode_and_why_it_refuses() -> None:
    composer = Composer()
    app = Stage(composer, keep=(Composer.Submitted,))
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.pause()
        assert "Reply · the customer sees this" in screen_lines(app)[0]
        reply_border = composer.styles.border_top
        composer.mode = "note"
        await pilot.pause()
        assert "Note · only the team sees this" in screen_lines(app)[0]
        assert composer.styles.border_top != reply_border
        composer.load_text("kept")
        composer.refusal = "merged into INC-7"
        composer.focus()
        await pilot.press("x", "f9")
        await pilot.pause()
        assert "⊘ merged into INC-7" in screen_lines(app)[0]
        assert composer.text == "kept"
        assert not app.told
        composer.refusal = ""
        await pilot.press("f9")
        await pilot.pause()
        assert len(app.told) == 1


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        ("enter", False),
        ("n", False),
        ("escape", False),
        ("y", True),
        ("tab,enter", True),
        ("right,left,enter", False),
    ],
)
async def test_confirm_is_no_unless_told_yes(keys: str, answer: bool) -> None:
    app = Stage()
    answers: list[bool | None] = []
    async with app.run_test(size=(70, 20)) as pilot:
        app.push_screen(Confirm("Refund?", REFUND, yes="Refund £42.50"), answers.append)
        await pilot.pause()
        shown = "\n".join(screen_lines(app))
        assert all(part in shown for part in ("Refund?", "Ada", "#A-1", "£42.50"))
        assert answers == []
        await pilot.press(*keys.split(","))
        await pilot.pause()
    assert answers == [answer]


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        ("enter", "mia"),
        ("down,enter", "jo"),
        ("up,enter", "team"),
        ("t,e,a,m,enter", "team"),
        ("o,n,l,i,n,e,space,j,enter", "jo"),
        ("escape", None),
    ],
)
async def test_choice_filters_and_gives_a_key(keys: str, answer: str | None) -> None:
    app = Stage()
    options = [
        Option("mia", "Mia", "online"),
        Option("jo", "Jo", "online"),
        Option("abe", "Abe", refusal="away"),
        Option("team", "Tier 2", "team"),
    ]
    answers: list[str | None] = []
    async with app.run_test(size=(70, 20)) as pilot:
        app.push_screen(Choice("Assign to", options), answers.append)
        await pilot.pause()
        assert "⊘ away" in "\n".join(screen_lines(app))
        await pilot.press(*keys.split(","))
        await pilot.pause()
    assert answers == [answer]


async def test_choice_does_not_give_what_is_refused_or_not_there() -> None:
    app = Stage()
    answers: list[str | None] = []
    async with app.run_test(size=(70, 20)) as pilot:
        app.push_screen(Choice("Assign to", [Option("abe", "Abe", refusal="away")]), answers.append)
        await pilot.pause()
        await pilot.press("enter", "z", "enter")
        await pilot.pause()
        assert "no match" in "\n".join(screen_lines(app))
        assert answers == []
        await pilot.press("escape")
        app.push_screen(Choice("Until", [Option("2h", "2 hours")], takes_others=True), answers.append)
        await pilot.pause()
        await pilot.press("3", "d", "enter")
        await pilot.pause()
    assert answers == [None, "3d"], "where others are taken, what is typed is one"


@pytest.mark.parametrize("height", [12, 24, 45])
async def test_the_option_under_the_cursor_is_in_view(height: int) -> None:
    app = Stage()
    async with app.run_test(size=(80, height)) as pilot:
        app.push_screen(Choice("Act", [Option(str(number), f"option-{number}") for number in range(20)]))
        await pilot.pause()
        await pilot.press("up")  # round to the last
        await pilot.pause()
        assert "option-19" in "\n".join(screen_lines(app))
        await pilot.press("down")
        await pilot.pause()
        assert "option-0" in "\n".join(screen_lines(app))


async def test_panel_shows_pairs_lines_freshness_and_refusal() -> None:
    panel = Panel("Customer")
    app = Stage(panel)
    async with app.run_test(size=(40, 20)) as pilot:
        panel.show(
            [("Plan", "Family"), ("Churn", [("78 ", "danger"), ("high", "muted")])],
            ["why: two missed deliveries and three failed checkouts"],
            freshness="4 min ago",
        )
        await pilot.pause()
        lines = screen_lines(app)
        assert "Customer" in lines[0]
        assert lines[1] == "│ Plan   Family                        │"
        assert lines[2] == "│ Churn  78 high                       │"
        assert len([line for line in lines if line]) == 6, "it is as high as its content"
        assert "4 min ago" in lines[5]
        hanging = [
            [(" 12:09  ", "muted"), ("✓ ", "ok"), ("yes to cancelling all of it now", ""), ("  at last", "muted")],
            "  told them as soon as they came back",
            [("None known. ", ""), ("They pay for nothing here", "muted")],
        ]
        panel.show([], hanging)
        await pilot.pause()
        assert screen_lines(app)[1:7] == [
            "│  12:09  ✓ yes to cancelling all of   │",
            "│           it now  at last            │",
            "│   told them as soon as they came     │",
            "│   back                               │",
            "│ None known. They pay for nothing     │",
            "│ here                                 │",
        ], "what does not fit goes on below the first word, not below what leads it"
        panel.show([("Plan", "Family")], refusal="read only while offline")
        await pilot.pause()
        assert "⊘ read only while offline" in screen_lines(app)[2]
        panel.show_error("timed out")
        await pilot.pause()
        assert "✗ timed out" in screen_lines(app)[1]


async def test_bar_keeps_the_right_when_it_is_narrow() -> None:
    bar = Bar("who is here", "middle", "live")
    app = Stage(bar)
    async with app.run_test(size=(40, 3)) as pilot:
        line = screen_lines(app)[0]
        assert line.startswith("who is here")
        assert line.index("middle") == 17
        assert line.endswith("live")
        await pilot.resize_terminal(14, 3)
        await until(lambda: screen_lines(app)[0] == "who is he…live")
        bar.show("who is here, and at which long business")
        await pilot.resize_terminal(40, 3)
        await until(lambda: screen_lines(app)[0] == "who is here, and at which lo… middlelive")
        bar.show("who is here")
        bar.show(right=[("offline since 10:42", "feed-offline")])
        await until(lambda: screen_lines(app)[0].endswith("offline since 10:42"))


def test_sparklines_scale_average_and_leave_gaps() -> None:
    assert sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8) == "▁▂▃▄▅▆▇█"
    assert sparkline([5, 5, 5], 8) == "▄▄▄"
    assert sparkline([0, None, 1], 3) == "▁ █"
    assert sparkline([0, 0, 10, 10], 2) == "▁█"
    assert sparkline([50], 1, low=0, high=100) == "▅"
    assert sparkline([-5, 500], 2, low=0, high=100) == "▁█"
    assert sparkline([None], 4) == " "
    assert sparkline([], 4) == sparkline([1], 0) == ""


@given(st.lists(st.none() | st.floats(-1e9, 1e9), max_size=60), st.integers(0, 30))
def test_sparklines_are_never_wider_than_asked(values: list[float | None], width: int) -> None:
    assert len(sparkline(values, width)) == min(len(values), width)


async def test_a_sparkline_widget_shows_other_values() -> None:
    widget = Sparkline([1, 2])
    app = Stage(widget)
    async with app.run_test(size=(20, 3)) as pilot:
        assert screen_lines(app)[0] == "▁█"
        widget.show([2, 1], role="danger")
        await pilot.pause()
        assert screen_lines(app)[0] == "█▁"


@given(st.text(max_size=20), st.integers(0, 12), st.sampled_from(["left", "right", "center"]))
def test_fitted_cells_are_exactly_as_wide_as_asked(text: str, width: int, align: str) -> None:
    palette = Palette({}, Style())
    app = Stage()
    assert width_of(fit(spans(text, palette, app.console), width, align, palette.base)) == width
    assert cell_len(cut("李小龍abc", width)) <= width


def test_a_palette_knows_every_role_of_every_theme_and_forgives_others() -> None:
    for theme in THEMES:
        palette = Palette(theme.variables, Style(bgcolor="black"))
        for role in TEXT_ROLES:
            style = palette.style(f"{role} bold")
            assert style.color is not None
            assert style.bold
            assert style.bgcolor == Color.parse("black")
        assert palette.style("nobody") == palette.base


@pytest.mark.parametrize("size", [(80, 21), (80, 17)])
async def test_a_code_to_scan_is_that_of_its_text_and_black_on_white(size: tuple[int, int]) -> None:
    text = "otpauth://totp/Holdfast:a%40b.co?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Holdfast"
    app = Stage(Qr(text))
    async with app.run_test(size=size):
        rows = screen_lines(app)
        style = app.screen._compositor.render_strips()[10]._segments[0].style
    if size[1] < 21:
        assert "taller" in rows[0]
        return
    assert (str(style.color.name), str(style.bgcolor.name)) == ("#000000", "#ffffff")
    modules = [list(row) for row in segno.make(text, error="l", micro=False).matrix_iter(border=2)]
    drawn = []
    for row in rows[: len(modules) // 2 + 1]:
        pairs = [divmod(" ▄▀█".index(mark), 2) for mark in row.ljust(len(modules))]
        drawn += [[upper for upper, _ in pairs], [lower for _, lower in pairs]]
    assert drawn[: len(modules)] == modules
    assert printed(text).startswith("\x1b[38;5;16;48;5;231m ")
