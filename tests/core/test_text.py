"""Text from outside: whatever comes in, nothing that steers a terminal comes out."""

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from backend.core.text import Body, JsonObject, Key, Line, clean, clean_json, clean_line

_ALLOWED_CONTROLS = "\n\t"
_BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@given(st.text())
def test_no_control_or_bidirectional_character_survives(text: str) -> None:
    for character in clean(text):
        assert unicodedata.category(character) not in ("Cc", "Cs") or character in _ALLOWED_CONTROLS
        assert character not in _BIDI


@given(st.text())
def test_cleaning_again_changes_nothing(text: str) -> None:
    assert clean(clean(text)) == clean(text)
    assert clean_line(clean_line(text)) == clean_line(text)


@given(st.text())
def test_a_line_is_one_line(text: str) -> None:
    line = clean_line(text)
    assert line.splitlines() in ([], [line])
    assert line == line.strip()


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"])))
def test_words_of_any_script_are_kept(text: str) -> None:
    assert clean(text) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize(
    ("dirty", "kept"),
    [
        ("\x1b]52;c;ZXZpbA==\x07hi", "]52;c;ZXZpbA==hi"),
        ("\x1b[2J\x1b[31mred", "[2J[31mred"),
        ("\x9b31mred", "31mred"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("abc\u202egnp.exe", "abcgnp.exe"),
        ("e\u0301", "é"),
        ("family: 👩\u200d👧", "family: 👩\u200d👧"),
        ("नमस्ते", "नमस्ते"),
    ],
)
def test_examples(dirty: str, kept: str) -> None:
    assert clean(dirty) == kept


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(_JSON)
def test_every_string_of_a_json_value_is_clean(value: Any) -> None:
    def strings(inside: Any) -> list[str]:
        match inside:
            case str():
                return [inside]
            case list():
                return [text for item in inside for text in strings(item)]
            case dict():
                return [text for key, item in inside.items() for text in (key, *strings(item))]
        return []

    assert all(clean(text) == text for text in strings(clean_json(value)))


@pytest.mark.parametrize("value", ["", " ", "\x1b", "\u200e\t\n", "x" * 201])
def test_a_line_that_is_empty_or_too_long_is_refused(value: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Line).validate_python(value)


def test_a_body_keeps_its_lines_and_is_never_cut() -> None:
    body = TypeAdapter(Body)
    assert body.validate_python(" one\r\n\ttwo\x07 ") == "one\n\ttwo"
    with pytest.raises(ValidationError):
        body.validate_python("x" * 20_001)


def test_a_key_is_not_empty() -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Key).validate_python("\u202e")


def test_json_too_deep_or_too_large_is_refused() -> None:
    value: dict[str, Any] = {}
    for _ in range(14):
        value = {"in": value}
    for refused in (value, {"text": "x" * 70_000}):
        with pytest.raises(ValidationError):
            TypeAdapter(JsonObject).validate_python(refused)
