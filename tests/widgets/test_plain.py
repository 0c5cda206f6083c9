"""Cleaning leaves nothing that a terminal would obey, and nothing whose width terminals disagree about."""

import sys
import unicodedata

from hypothesis import given
from rich.cells import cell_len
from rich.text import Text

from tests.widgets.capture import PAYLOADS, hostile_text
from widgets.plain import plain, plain_lines, plain_text, writable

_OBEYED = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def _obeyed(text: str) -> list[str]:
    return [ascii(character) for character in text if unicodedata.category(character) in _OBEYED]


def test_no_character_of_unicode_survives_that_a_terminal_obeys() -> None:
    survivors = [hex(code) for code in range(sys.maxunicode + 1) if _obeyed(plain(chr(code)))]
    assert not survivors


def test_ordinary_text_is_the_same_object() -> None:
    for text in ("", "Zoë Krüger", "李小龍 [/b] 100 %", "e\u0301 🥜 🇩🇪", "−0h40 …"):
        assert plain(text) is text


def test_replacements_can_be_seen() -> None:
    assert plain("a\x1bb\x7fc\x9bd\u202ee") == "a␛b␡c�d�e"
    assert plain("a\tb\nc\rd\u2028e\x85f") == "a b c d e f"
    assert plain("\x00\x07") == "␀␇"


def test_joined_and_varied_emoji_become_their_parts() -> None:
    assert plain("👩\u200d👩\u200d👧❤\ufe0f👍🏽") == "👩👩👧❤👍"


@given(hostile_text())
def test_clean_text_is_clean_and_stays_so(text: str) -> None:
    cleaned = plain(text)
    assert not _obeyed(cleaned)
    assert plain(cleaned) == cleaned
    for line in plain_lines(text):
        assert not _obeyed(line)


@given(hostile_text())
def test_width_is_the_sum_of_the_characters(text: str) -> None:
    assert cell_len(plain(text)) == sum(map(cell_len, plain(text)))


def test_lines_break_at_every_kind_of_break_and_keep_empty_ones() -> None:
    assert plain_lines("a\r\nb\n\nc\rd\u2029e\x85f\vg\fh") == ["a", "b", "", "c", "d", "e", "f", "g", "h"]
    assert plain_lines("a\tb") == ["a    b"]
    assert plain_lines("") == [""]


def test_styles_stay_on_their_characters() -> None:
    text = Text("ab\x1b[1mcd\u200dEF")
    text.stylize("bold", 6, 9)
    cleaned = plain_text(text)
    assert cleaned.plain == "ab␛[1mcdEF"
    bold = {cleaned.plain[place] for span in cleaned.spans for place in range(span.start, span.end)}
    assert bold == {"c", "d"}


@given(hostile_text())
def test_styled_text_is_cleaned_like_plain_text(text: str) -> None:
    assert plain_text(Text(text)).plain == plain(Text(text).plain)


def test_written_text_keeps_joiners_and_lines_and_loses_harm() -> None:
    assert writable("a\u200db\r\nc\x1b[31m\u202ed\te") == "a\u200db\nc[31md    e"
    for payload in PAYLOADS:
        assert "\x1b" not in writable(payload)
        assert "\x9b" not in writable(payload)
