"""The board: cards by key, lanes beside or below one another, and nothing that moves under the hand."""

from dataclasses import replace

from textual.pilot import Pilot

from tests.widgets.stage import Clock, Stage, screen_lines
from widgets.card_board import CardBoard
from widgets.cards import Card, Lane, held


def card(key: str, *lines: str, version: int = 1) -> Card:
    return Card(key, tuple((line, "") for line in (key, *lines)), version)


def lane(key: str, *keys: str) -> Lane:
    return Lane(key, key.upper(), tuple(map(card, keys)), empty=f"no {key}")


LANES = (lane("top", "t1", "t2"), lane("mid"), lane("low", "l1", "l2", "l3"))


def staged(*lanes: Lane, is_stacked: bool = False) -> tuple[Stage, CardBoard, Clock]:
    clock = Clock()
    board = CardBoard(clock=clock)
    board.is_stacked = is_stacked
    stage = Stage(board, keep=(CardBoard.Highlighted, CardBoard.Opened))
    stage.call_later(lambda: board.show(lanes or LANES))
    return stage, board, clock


async def ready(pilot: Pilot[None], board: CardBoard) -> None:
    await pilot.pause()
    board.focus()
    await pilot.pause()


async def test_lanes_side_by_side_and_the_keys_between_them() -> None:
    stage, board, _ = staged()
    async with stage.run_test(size=(80, 14)) as pilot:
        await ready(pilot, board)
        lines = screen_lines(stage)
        assert [lines[0].index(title) < lines[0].index(after) for title, after in (("TOP", "MID"), ("MID", "LOW"))]
        assert "t1" in lines[2]
        assert "no mid" in lines[2]
        assert "l1" in lines[2]
        assert board.cursor_key == "t1"
        await pilot.press("j", "j")
        assert board.cursor_key == "t2", "the end of the lane is the end"
        board.action_lane(1)
        assert board.cursor_key == "l2", "past the empty lane, at the same height"
        await pilot.press("G")
        assert board.cursor_key == "l3"
        board.action_lane(1)
        assert board.cursor_key == "t2", "round, and as low as it goes"
        await pilot.press("enter")
        assert isinstance(stage.told[-1], CardBoard.Opened)
        assert stage.told[-1].key == "t2"


async def test_stacked_it_is_one_list() -> None:
    stage, board, _ = staged(is_stacked=True)
    async with stage.run_test(size=(40, 7)) as pilot:
        await ready(pilot, board)
        assert screen_lines(stage)[0].strip().startswith("TOP")
        await pilot.press("j", "j", "j", "j")
        assert board.cursor_key == "l3"
        assert any("l3" in line for line in screen_lines(stage)), "scrolled into view"
        await pilot.press("home")
        assert board.cursor_key == "t1"
        assert screen_lines(stage)[0].strip().startswith("TOP"), "with its title"
        await pilot.press("pagedown")
        assert board.cursor_key != "t1"


async def test_cards_change_at_once_but_move_only_when_the_hand_rests() -> None:
    stage, board, clock = staged()
    async with stage.run_test(size=(80, 14)) as pilot:
        await ready(pilot, board)
        await pilot.press("j")
        changed = (lane("top", "t0", "t1"), lane("mid", "t2"), replace(LANES[2], cards=(card("l1", "other words"),)))
        board.show(changed)
        await pilot.pause()
        assert board.keys == ["t1", "t2", "l1", "l2", "l3"]
        assert board.waiting == 4, "t0 comes, t2 moves, l2 and l3 go"
        text = "\n".join(screen_lines(stage))
        assert "other words" in text
        assert "▲ 4 new" in text
        gone = board.card("l2")
        assert gone is not None
        assert gone.is_gone
        clock.now += 2
        board.show(changed)
        await pilot.pause()
        assert board.keys == ["t0", "t1", "t2", "l1"]
        assert board.cursor_key == "t2", "the cursor goes with its card"
        assert board.waiting == 0


async def test_a_card_that_is_gone_cannot_be_opened_and_its_neighbour_gets_the_cursor() -> None:
    stage, board, clock = staged()
    async with stage.run_test(size=(80, 14)) as pilot:
        await ready(pilot, board)
        await pilot.press("j")
        board.show((lane("top", "t1", "t3"), lane("mid"), lane("low")))
        await pilot.press("enter")
        assert not any(isinstance(told, CardBoard.Opened) for told in stage.told)
        clock.now += 2
        board._settle()
        await pilot.pause()
        assert board.cursor_key == "t3", "who stands there now"
        board.show((lane("top"), lane("mid"), lane("low")), now=True)
        await pilot.pause()
        assert board.cursor_key is None


async def test_the_mouse_chooses_opens_and_scrolls() -> None:
    stage, board, _ = staged(lane("top", "t1"), lane("low", *(f"l{n}" for n in range(20))))
    async with stage.run_test(size=(80, 10)) as pilot:
        await ready(pilot, board)
        await pilot.click(CardBoard, offset=(60, 4))
        assert board.cursor_key == "l1"
        await pilot.click(CardBoard, offset=(60, 4), times=2)
        assert isinstance(stage.told[-1], CardBoard.Opened)
        board._scroll(60, 3)
        await pilot.pause()
        assert "l0" not in "\n".join(screen_lines(stage))


async def test_a_notice_stands_where_lanes_would_be() -> None:
    stage, board, _ = staged()
    async with stage.run_test(size=(80, 10)) as pilot:
        await ready(pilot, board)
        board.show_notice([("No answer.", "danger")])
        await pilot.pause()
        assert "No answer." in "\n".join(screen_lines(stage))
        assert board.card(board.cursor_key) is None
        board.show(LANES)
        await pilot.pause()
        assert "No answer." not in "\n".join(screen_lines(stage))
        assert board.cursor_key == "t1"


def test_what_waits_is_counted_once() -> None:
    shown = (lane("a", "1", "2"), lane("b"))
    assert held(shown, shown)[1] == 0
    lanes, waiting = held(shown, (lane("a", "3"), lane("b", "1")))
    assert waiting == 3, "1 moves, 2 goes, 3 comes"
    assert [one.is_gone for one in lanes[0].cards] == [False, True]
