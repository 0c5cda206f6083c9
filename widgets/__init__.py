"""Widgets for a console that is used all day: plain values in, messages out, no product inside."""
