"""Full collections wait for the hand, but not for ever."""

import gc
from collections.abc import Iterator

import pytest

from widgets.collector import collect_if_due, settle_collector


@pytest.fixture(autouse=True)
def _thresholds() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def _middle_collections(count: int) -> None:
    for _ in range(count):
        gc.collect(1)


def test_full_collections_stop_and_the_living_are_left_out() -> None:
    young, middle, _ = gc.get_threshold()
    settle_collector()
    assert gc.get_threshold()[:2] == (young, middle)
    assert gc.get_threshold()[2] > 100_000
    assert gc.get_freeze_count() > 1_000


def test_a_resting_hand_is_used_and_a_busy_one_is_spared() -> None:
    settle_collector()
    assert not collect_if_due(is_resting=True)
    _middle_collections(20)
    assert not collect_if_due(is_resting=False)
    assert collect_if_due(is_resting=True)
    assert not collect_if_due(is_resting=True)


def test_a_hand_that_never_rests_is_interrupted_in_the_end() -> None:
    settle_collector()
    _middle_collections(200)
    assert collect_if_due(is_resting=False)
