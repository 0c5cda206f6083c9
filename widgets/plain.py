"""Cleaning of text at the render boundary.

A terminal obeys what it is sent: an escape in a subject line can write the clipboard, a bidi override can make a
refund look like something else, a joiner can shift a whole line by a cell. Everything a widget draws goes through
``plain`` (one line) or ``plain_lines`` (several), so that what reaches the terminal is letters and nothing else.
"""

import re

from rich.text import Text

BLANK = " "
UNKNOWN = "\N{REPLACEMENT CHARACTER}"

# Zero-width parts of a visible character. Terminals disagree about the width of a joined or varied sequence (tmux and
# xterm draw the parts, kitty draws the whole), so the bare parts are drawn and every terminal counts the same cells.
_SILENT = (
    "\u00ad\u034f\u180b-\u180f\u200b-\u200d\u2060-\u2064\ufe00-\ufe0f\ufeff\U0001f3fb-\U0001f3ff\U000e0100-\U000e01ef"
)

# Characters that move, hide or reorder: C0, DEL, C1, line and paragraph separators, bidi controls, interlinear
# annotation, invisible fillers, tags, private use, noncharacters and lone surrogates.
_HARMFUL = (
    "\x00-\x1f\x7f-\x9f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u200e\u200f\u2028-\u202e"
    "\u2065-\u206f\u3164\uffa0\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufff0-\uffff\U000110bd\U000110cd"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U0010ffff"
)
_UNCLEAN = re.compile(f"[{_SILENT}{_HARMFUL}]")
_SILENT_ONLY = re.compile(f"[{_SILENT}]")
_HARM = re.compile(f"[{_HARMFUL}]")
_LINE_BREAK = re.compile("\r\n|[\n\v\f\r\x85\u2028\u2029]")
_SPACES = frozenset("\t\n\v\f\r\x85\u2028\u2029")
_TAB = "    "


def _stand_in(match: re.Match[str]) -> str:
    character = match.group()
    if character in _SPACES:
        return BLANK
    if _SILENT_ONLY.match(character):
        return ""
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\N{SYMBOL FOR DELETE}"
    return UNKNOWN


def plain(value: str) -> str:
    """Clean one line of text from anywhere, so that drawing it can do nothing but show letters.

    Line breaks and tabs become a space, C0 controls and DEL their picture (``␛``), joiners and variation selectors
    vanish, and every other control, format, private or broken character becomes ``\N{REPLACEMENT CHARACTER}``.
    """
    return _UNCLEAN.sub(_stand_in, value) if _UNCLEAN.search(value) else value


def plain_lines(value: str) -> list[str]:
    """Clean text of several lines; each kind of line break starts a new item, a tab is four cells."""
    return [plain(line.replace("\t", _TAB)) for line in _LINE_BREAK.split(value)]


def plain_text(value: Text) -> Text:
    """Clean styled text into one line; styles stay on the characters they were on."""
    edges = {edge for match in _UNCLEAN.finditer(value.plain) for edge in match.span()}
    cleaned = Text(end="")
    for piece in value.divide(sorted(edges)):
        piece.plain = plain(piece.plain)
        cleaned.append_text(piece)
    return cleaned


def writable(value: str) -> str:
    """Clean text that a person writes and will send: harmful characters vanish, joiners and line breaks stay."""
    return "\n".join(_HARM.sub("", line.replace("\t", _TAB)) for line in _LINE_BREAK.split(value))
