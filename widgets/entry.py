"""A one-line input whose content is clean whatever is typed or pasted."""

from textual.widgets import Input

from widgets.plain import plain


class Entry(Input):
    """Textual's input without control characters in its value."""

    def validate_value(self, value: str) -> str:
        """Clean before it is kept or drawn."""
        return plain(value)
