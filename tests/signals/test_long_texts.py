"""A text as long as a body may be is refused or cut before anything looks for an address in it."""

import time
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from backend.core.errors import Invalid
from backend.signals import intake

LONG = "a" * 1_000_000
QUICK_SECONDS = 5.0
"""A search that takes the square of the length takes half an hour, so this is no measure of speed."""


def signal(**fields: Any) -> None:
    intake.read_signal(orjson.dumps({"signalType": "login", "userId": "u", **fields}), None, 0, None)


def event(**fields: Any) -> None:
    intake.read_events(orjson.dumps({"event": "login", "customerId": "u", **fields}), 0, None)


@pytest.mark.parametrize(
    ("read", "fields"),
    [
        (signal, {"id": LONG}),
        (signal, {"screen": f"@ {LONG}"}),
        (signal, {"userId": LONG}),
        (event, {"id": LONG}),
        (event, {"event": f"@ {LONG}"}),
        (event, {"properties": {"flow": f"@ {LONG}"}}),
    ],
)
def test_too_long_is_refused_at_once(read: Callable[..., None], fields: dict[str, Any]) -> None:
    started = time.perf_counter()
    with pytest.raises(Invalid):
        read(**fields)
    assert time.perf_counter() - started < QUICK_SECONDS


def test_a_long_property_is_cut_at_once() -> None:
    started = time.perf_counter()
    event(properties={"page": f"@ {LONG}", "unknown": f"@ {LONG}"})
    assert time.perf_counter() - started < QUICK_SECONDS


def test_an_address_behind_white_space_is_found() -> None:
    with pytest.raises(Invalid, match="looks like an e-mail"):
        event(properties={"page": " " * 500 + "asha@example.com"})
