"""A driver that remembers every character an app writes to its terminal, and a judge of what was written.

Use it for any app or screen that draws text from outside::

    app = MyApp(driver_class=CaptureDriver)
    async with app.run_test(headless=False, size=(80, 24)) as pilot:
        ...  # show hostile text, press keys, wait
        await pilot.pause()
        assert not foreign(written_by(app))

``headless=False`` matters: Textual replaces the driver of a headless app and writes nothing. ``PAYLOADS`` are texts
that would do harm if they arrived as they are; ``hostile_text()`` mixes them with random text for hypothesis.
"""

import re
from typing import Any

from hypothesis import strategies as st
from textual.app import App
from textual.drivers.headless_driver import HeadlessDriver

PAYLOADS = (
    "\x1b]52;c;ZXZpbA==\x07",  # OSC 52: writes the clipboard
    "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",  # OSC 8: a link to a foreign address
    "\x1b]0;owned\x07",  # OSC 0: the window's title
    "\x1b[77;77H",  # CSI: moves the cursor
    "\x1b[38;2;66;6;66m",  # CSI: colours
    "\x1b[2J\x1b[3J",  # CSI: clears screen and history
    "\x1b[?1049l\x1b[?25h",  # CSI: leaves the alternate screen
    "\x1b[6n\x1b[c",  # CSI: asks, so that the terminal types the answer
    "\x9b31m\x9d52;c;eA==\x9c",  # the same with C1 controls
    "\x1bP$qm\x1b\\\x90q\x9c",  # DCS
    "\x1b_Gf=24;AAAA\x1b\\",  # APC: kitty graphics
    "\x1bc\x0e\x0f",  # reset, character sets
    "\x07\x08\x08\x7f\r\n\t\v\f\x00",
    "\u202e\u2066gro.elpmaxe\u2069\u202c\u200e\u200f\u061c",
    "a\u200bb\u200dc\u2060d\ufeffe\u2028f\u2029g",
    "\ud800\udfff",
    "\U000e0041\U000e0042\ue000",
    "[bold red]markup[/broken] [@click=app.quit]x[/]",
    "[link=https://evil.example]x[/link] $variable {brace} \\[escaped]",
    "👩\u200d👩\u200d👧 ❤\ufe0f 👍🏽 한국어 李小龍 e\u0301",
)

# What Textual itself writes: styles, cursor moves, private modes, the pointer's shape, new lines.
_OWN = re.compile(
    r"\x1b\[[0-9;:]*m|\x1b\[[0-9]*(?:;[0-9]+)?H|\x1b\[\?[0-9]+(?:;[0-9]+\$?p?)?[hl$p]{1,2}|\x1b\]22;[a-z-]*\x07|\n"
)
_FOREIGN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff\ue000-\uf8ff\U000e0000-\U000e0fff]"
)
_MARKED = ("77;77H", "38;2;66;6;66m", "1049l")
"""Parts of payloads whose form Textual could use itself, but never with these numbers."""


JOINERS = "\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064\ufeff" + "".join(map(chr, range(0xE0100, 0xE01F0)))
"""Zero-width characters that change nothing but how letters join."""


class CaptureDriver(HeadlessDriver):
    """A driver without a terminal that keeps what is written."""

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)
        self.written: list[str] = []

    @property
    def is_headless(self) -> bool:
        """False, so that the app draws."""
        return False

    def write(self, data: str) -> None:
        """Keep what would go to the terminal."""
        self.written.append(data)


def written_by(app: App[Any]) -> str:
    """Everything an app with a :class:`CaptureDriver` wrote so far."""
    driver = app._driver
    assert isinstance(driver, CaptureDriver), "run the app with driver_class=CaptureDriver and headless=False"
    return "".join(driver.written)


def letters_of(output: str) -> str:
    """What is left of terminal output when Textual's own sequences are taken out."""
    return _OWN.sub("", output)


def foreign(output: str, joiners: str = "") -> list[str]:
    """What in terminal output does not come from Textual: controls with what follows them, and marked payloads.

    ``joiners`` are characters to let pass: a text area that a person writes in keeps those of emoji and scripts.
    """
    letters = letters_of(output).translate(dict.fromkeys(map(ord, joiners)))
    found = [ascii(letters[match.start() : match.start() + 24]) for match in _FOREIGN.finditer(letters)]
    return found + [mark for mark in _MARKED if f"\x1b[{mark}" in output or f"\x1b[?{mark}" in output]


def hostile_text() -> st.SearchStrategy[str]:
    """Random text with payloads in it."""
    letters = st.text(st.characters(exclude_categories=()), max_size=12)
    piece = st.one_of(st.sampled_from(PAYLOADS), letters)
    return st.lists(piece, min_size=1, max_size=4).map("".join)
