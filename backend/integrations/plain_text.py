"""Words out of the bodies that chat platforms send: plain text as it is, HTML without its markup."""

import re
from html.parser import HTMLParser

from backend.core.text import clean

LONGEST = 20_000
"""Characters kept of one message; what was cut is told."""
_PARSED_AT_MOST = 4 * LONGEST
_HTML = re.compile(r"\s*<(p|div|h[1-6]|ul|ol|li|blockquote|pre|table|img|br|html|body)\b[^>]*>", re.IGNORECASE)
_STRAY = re.compile(r"<(?!/?[a-z][^<>]{0,4000}>|!--[^<]{0,4000}?-->|!doctype[^<>]{0,200}>)", re.IGNORECASE)
"""A `<` that begins no tag or comment: on those the standard library's parser takes time that grows with the square."""
_BLOCKS = frozenset("p div h1 h2 h3 h4 h5 h6 ul ol blockquote pre table tr br hr".split())
_UNSEEN = frozenset(("script", "style", "title"))


def shortened(text: str) -> str:
    """`text`, cut at `LONGEST` characters."""
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]}\n[{len(text) - LONGEST} more characters were cut]"


def plain(body: object) -> str:
    """The words of `body`, cleaned; "" when it is no text. It is taken for HTML when a block element begins it.

    Platforms write HTML or plain text by the version that an app was set to, and do not say which: Intercom's HTML
    always stands in block elements. So `1 < 2 > 0`, or a tag that somebody typed, stays as it was written.
    """
    if not isinstance(body, str):
        return ""
    return clean(_words(body) if _HTML.match(body) else body).strip()


def attached(kind: str, name: str = "") -> str:
    """A file beside the words, described; both are on one line and clean."""
    what = kind.replace("_", " ")[:40] or "attachment"
    return f"[{what}: {name[:200]}]" if name else f"[{what}]"


def _words(body: str) -> str:
    parser = _Words()
    parser.feed(_STRAY.sub("&lt;", body[:_PARSED_AT_MOST]))
    parser.close()
    text = "".join(parser.parts)
    return re.sub(r" *\n\s*", "\n", text) + shortened(body[_PARSED_AT_MOST:])


class _Words(HTMLParser):
    """Gathers what a reader would see: blocks on lines of their own, links with their address, images described."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = ""
        self._link: tuple[int, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen = tag
        elif tag in _BLOCKS:
            self.parts.append("\n")
        elif tag == "li":
            self.parts.append("\n- ")
        elif tag == "img":
            self.parts.append(attached("image", " ".join((dict(attrs).get("alt") or "").split())))
        elif tag == "a":
            self._link = len(self.parts), dict(attrs).get("href") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == self._unseen:
            self._unseen = ""
        elif tag in _BLOCKS:
            self.parts.append("\n")
        elif tag == "a" and self._link:
            start, address = self._link
            self._link = None
            if address.startswith(("http://", "https://")) and address not in "".join(self.parts[start:]):
                self.parts.append(f" ({address})")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(re.sub(r"\s+", " ", data))
