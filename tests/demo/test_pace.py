"""Time of the demo's customers: faster, slower, paused, stepped."""

import asyncio
import time

import pytest

from backend.demo.pace import FASTEST, Pace


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_speed_divides_waiting() -> None:
    began = time.monotonic()
    await Pace(100).wait(5)
    assert 0.04 < time.monotonic() - began < 2


async def test_a_change_of_speed_reaches_those_who_wait() -> None:
    pace = Pace(0.1)
    waiting = asyncio.create_task(pace.wait(3))
    await settled()
    assert pace.obey("speed 100\n") == "running at speed 100"
    await asyncio.wait_for(waiting, 2)


async def test_nobody_moves_while_paused_and_a_step_lets_the_nearest_go() -> None:
    pace = Pace(FASTEST)
    pace.obey("pause")
    near, far = asyncio.create_task(pace.wait(1)), asyncio.create_task(pace.wait(50))
    await asyncio.sleep(0.1)
    assert not near.done()
    assert pace.obey("step") == "paused at speed 100"
    await asyncio.wait_for(near, 1)
    assert not far.done()
    pace.obey("resume")
    await asyncio.wait_for(far, 5)


async def test_two_steps_at_once_let_two_go() -> None:
    pace = Pace()
    pace.obey("pause")
    waits = [asyncio.create_task(pace.wait(seconds)) for seconds in (1, 2, 3)]
    await settled()
    pace.obey("step")
    pace.obey("step")
    await asyncio.wait_for(asyncio.gather(*waits[:2]), 1)
    assert not waits[2].done()
    waits[2].cancel()


@pytest.mark.parametrize("line", ["", "speed", "speed fast", "speed -3", "speed 0", "speed nan", "jump", "speed 1 2"])
def test_what_is_no_command_changes_nothing(line: str) -> None:
    pace = Pace(2)
    pace.obey(line)
    assert (pace.speed, pace.is_paused) == (2, False)


def test_speed_has_bounds() -> None:
    pace = Pace()
    pace.obey("speed 1e9")
    assert pace.speed == FASTEST
    pace.obey("speed inf")
    assert pace.speed == FASTEST
