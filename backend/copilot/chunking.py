"""From a document to pieces as long as an answer: along its headings and paragraphs, never through a word."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from backend.core.text import clean

LONGEST = 900
"""Characters of a piece: some 200 tokens, so that a model gets five of them for a question."""
_HEADING = re.compile(r"(#{1,6})\s+(.+?)\s*#*$")
_FENCE = re.compile(r"(```|~~~)")
_HIDDEN = frozenset({"script", "style", "template", "noscript", "head"})
_BLOCKS = frozenset("p div section article li tr table ul ol br pre blockquote dt dd td th header footer main".split())
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


def chunks_of(text: str, format: str) -> list[tuple[str, str]]:
    """(headings, text) of each piece, in order. `format`: markdown, html or text."""
    whole = clean(text)
    lines = _of_html(whole) if format == "html" else whole
    found: list[tuple[str, str]] = []
    for heading, part in _sections(lines) if format != "text" else [("", lines)]:
        found += [(heading[:300], piece) for piece in _pieces(part)]
    return found


def _sections(text: str) -> Iterator[tuple[str, str]]:
    path: list[tuple[int, str]] = []
    body: list[str] = []
    is_code = False
    for line in text.split("\n"):
        if _FENCE.match(line.strip()):
            is_code = not is_code
        found = None if is_code else _HEADING.match(line.strip())
        if found is None:
            body.append(line)
            continue
        yield " › ".join(title for _, title in path), "\n".join(body)
        body, depth = [], len(found[1])
        path = [*((one, title) for one, title in path if one < depth), (depth, found[2])]
    yield " › ".join(title for _, title in path), "\n".join(body)


def _pieces(text: str) -> Iterator[str]:
    """Paragraphs together, as many as fit."""
    piece = ""
    for paragraph in (one.strip() for one in re.split(r"\n\s*\n", text)):
        for part in _cut(paragraph):
            if piece and len(piece) + len(part) + 2 > LONGEST:
                yield piece
                piece = ""
            piece = f"{piece}\n\n{part}" if piece else part
    if piece:
        yield piece


def _cut(paragraph: str) -> Iterator[str]:
    """A paragraph in parts that fit: by sentences, and a sentence that is too long by words."""
    if len(paragraph) <= LONGEST:
        if paragraph:
            yield paragraph
        return
    part = ""
    for sentence in _SENTENCE.split(paragraph):
        for word in [sentence] if len(sentence) <= LONGEST else _words(sentence):
            if part and len(part) + len(word) + 1 > LONGEST:
                yield part
                part = ""
            part = f"{part} {word}" if part else word
    if part:
        yield part


def _words(sentence: str) -> list[str]:
    return [word[start : start + LONGEST] for word in sentence.split() for start in range(0, len(word), LONGEST)]


def _of_html(text: str) -> str:
    """HTML as lines with Markdown's headings; nothing of scripts and styles."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    lines = [" ".join(line.split()) for line in "".join(reader.parts).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _HIDDEN:
            self._hidden += 1
        elif len(tag) == 2 and tag[0] == "h" and tag[1] in "123456":
            self.parts.append(f"\n\n{'#' * int(tag[1])} ")
        elif tag in _BLOCKS:
            self.parts.append("\n" if tag in ("br", "li", "tr", "td", "th") else "\n\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        elif (len(tag) == 2 and tag[0] == "h" and tag[1] in "123456") or tag in ("p", "div", "section", "article"):
            self.parts.append("\n\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data.replace("\n", " "))
