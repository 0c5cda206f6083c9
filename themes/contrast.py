"""Contrast: black ground and bright inks, every role at 7:1 or more (WCAG 2.2, 1.4.6)."""

from themes.roles import Colours, theme

CONTRAST = theme(
    "holdfast-contrast",
    Colours(
        background="#000000",
        surface="#000000",
        panel="#0d0d0d",
        cursor="#00306b",
        line="#8f8f8f",
        text="#ffffff",
        muted="#d6d6d6",
        blue="#9fd0ff",
        teal="#7ff5e6",
        green="#8dff8d",
        yellow="#ffee66",
        orange="#ffc58a",
        red="#ffb8b8",
        violet="#e6c7ff",
    ),
    dark=True,
)
