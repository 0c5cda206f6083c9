"""A CSV file as it comes from the world: any encoding, separator and quoting that people's programs write."""

import codecs
import csv
import io
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO, NamedTuple

from backend.core.cells import unmarked
from backend.core.errors import Unprocessable
from backend.core.text import clean_line

SEPARATORS = (",", ";", "\t", "|")
MOST_COLUMNS = 100
LONGEST_CELL = 2_000
"""What is longer stays in no column of a customer anyway."""
_LOOK = 30
_CHUNK = 65_536
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
WINDOWS = "windows-1252"
"""What is not UTF-8: latin-1, with the signs that Windows puts where latin-1 has none."""


class Sheet(NamedTuple):
    """How a file is to be read, and its first line."""

    encoding: str
    separator: str
    header: list[str]


class Line(NamedTuple):
    """A row: the line of the file that it begins at, and its cells."""

    number: int
    cells: list[str]


def look_at(file: BinaryIO) -> Sheet:
    """Find out how a file is written. Unprocessable when it is no table."""
    file.seek(0)
    begins = file.read(8)
    if begins.startswith(_WORKBOOKS):
        raise _unusable("It is a workbook. Save the sheet as CSV, and import that.")
    encoding = next((name for bom, name in _BOMS if begins.startswith(bom)), None) or _encoding(file)
    sample = _sample(file, encoding)
    separator = max(SEPARATORS, key=lambda one: _fit(sample, one))
    header = next(csv.reader(io.StringIO(sample, newline=""), delimiter=separator), [])
    if not any(name.strip() for name in header):
        raise _unusable("There is nothing in its first line, which names the columns.")
    names = [clean_line(name)[:100] or f"column {place}" for place, name in enumerate(header, 1)]
    if len(names) > MOST_COLUMNS:
        raise _unusable(f"It has {len(names)} columns; {MOST_COLUMNS} at most are read.")
    return Sheet(encoding, separator, names)


def rows(file: BinaryIO, sheet: Sheet) -> Iterator[Line]:
    """The rows after the header, blank ones aside. Unprocessable where it cannot be read on."""
    found = _rows(file, sheet.encoding, sheet.separator)
    next(found, None)
    for line in found:
        cells = [clean_line(unmarked(cell.strip()))[:LONGEST_CELL] for cell in line.cells]
        if any(cells):
            yield Line(line.number, cells)


def _rows(file: BinaryIO, encoding: str, separator: str) -> Iterator[Line]:
    text = _text(file, encoding)
    try:
        reader = csv.reader(text, delimiter=separator)
        begins = 1
        for cells in reader:
            yield Line(begins, cells)
            begins = reader.line_num + 1
    except csv.Error as error:
        raise _unusable(f"Line {reader.line_num} cannot be read: {error}. Is a quotation mark left open?") from None
    except UnicodeError:
        raise _unusable(f"It is not {encoding} all through, from about line {reader.line_num + 1} on.") from None
    finally:
        text.detach()


def _text(file: BinaryIO, encoding: str) -> io.TextIOWrapper:
    file.seek(0)
    errors = "replace" if encoding == WINDOWS else "strict"
    return io.TextIOWrapper(file, encoding=encoding, errors=errors, newline="")


def _encoding(file: BinaryIO) -> str:
    """UTF-8 when every byte of it is, else what Windows writes."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := file.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return WINDOWS
    return "utf-8"


def _sample(file: BinaryIO, encoding: str) -> str:
    text = _text(file, encoding)
    try:
        return "".join(islice((line[:_CHUNK] for line in text), _LOOK))
    except UnicodeError:
        raise _unusable(f"It is not {encoding}.") from None
    finally:
        text.detach()


def _fit(sample: str, separator: str) -> tuple[int, int]:
    """How well a separator fits: how many rows have as many cells as the first, and how many those are."""
    try:
        found = [len(row) for row in csv.reader(io.StringIO(sample, newline=""), delimiter=separator) if row]
    except csv.Error:
        return (0, 0)
    width = found[0] if found else 0
    return (found.count(width), width) if width > 1 else (0, width)


def _unusable(words: str) -> Unprocessable:
    return Unprocessable(words, code="NO_TABLE")
