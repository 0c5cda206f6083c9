"""Breaking cleaned lines into a width."""

import re

from rich.cells import cell_len, chop_cells

_WORD = re.compile(r"\s*\S+\s*")


def wrap(line: str, width: int) -> list[str]:
    """Break one clean line into lines of at most ``width`` cells, between words where it can be done."""
    if width <= 0:
        return [""]
    if len(line) * 2 <= width or cell_len(line) <= width:
        return [line]
    lines: list[str] = []
    current, used = "", 0
    for word in _WORD.findall(line):
        size = cell_len(word.rstrip())
        if used + size > width and current:
            lines.append(current.rstrip())
            current, used, word = "", 0, word.lstrip()
            size = cell_len(word.rstrip())
        if size > width:
            *whole, word = chop_cells(word.rstrip(), width)
            lines.extend(whole)
        current += word
        used += cell_len(word)
    return [*lines, current.rstrip()]
