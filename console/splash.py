"""What a terminal shows until the console has painted, a third of a second after it was started."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_TAKE, _GIVE_BACK = "\x1b[?1049h\x1b[?25l\x1b[2J", "\x1b[?25h\x1b[?1049l"
"""The alternate screen without a cursor, which the console takes over as it is."""


@contextmanager
def splash(says: str) -> Iterator[None]:
    """Show our name and what is going on while what the console needs is imported. If that fails, the terminal is as it was."""
    if not sys.stdout.isatty() or os.environ.get("TERM") == "dumb":
        yield
        return
    _write(_TAKE + _middle(says))
    try:
        yield
    except BaseException:
        _write(_GIVE_BACK)
        raise


def _middle(says: str) -> str:
    columns, rows = shutil.get_terminal_size()
    lines = (("1", "Holdfast"), ("2", says[:columns]))
    return "".join(
        f"\x1b[{rows // 2 + at};{max((columns - len(text)) // 2, 0) + 1}H\x1b[{weight}m{text}\x1b[0m"
        for at, (weight, text) in enumerate(lines)
    )


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
