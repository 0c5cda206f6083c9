"""The render boundary: whatever comes from outside goes through one of these before it is drawn."""

from widgets.plain import plain, plain_lines, plain_text, writable

__all__ = ["plain", "plain_lines", "plain_text", "writable"]
