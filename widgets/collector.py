"""The garbage collector of a program that draws: small steps while hands are at work, the long walk when they rest.

Textual's strips hold each other in cycles, so drawing leaves work for the collector. Its small steps take under a
millisecond; its full walk took 10 to 150 ms in the middle of paging through 100,000 rows (CPython 3.11), which a hand
feels.
"""

import gc

_NEVER = 1_000_000
_DUE, _OVERDUE = 10, 150
"""Middle collections since the last full one: 10 is CPython's own measure, 150 hold about 25 MB of dropped strips."""


def settle_collector() -> None:
    """Call once after start-up, and again after a large load: what is alive now is left out of later collections, and
    full collections happen only in :func:`collect_if_due`."""
    gc.collect()
    gc.freeze()
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, _NEVER)


def collect_if_due(is_resting: bool) -> bool:
    """Call about once a second with whether the hand rests; answers whether a full collection was due and made."""
    if gc.get_count()[2] < (_DUE if is_resting else _OVERDUE):
        return False
    gc.collect()
    return True
