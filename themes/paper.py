"""Paper: a warm light, cream and ink, soft on eyes that read all day."""

from themes.roles import Colours, theme

PAPER = theme(
    "holdfast-paper",
    Colours(
        background="#f8f3e8",
        surface="#f3ecde",
        panel="#ede5d4",
        cursor="#e3d8c0",
        line="#cbbd9f",
        text="#2d261c",
        muted="#5f5444",
        blue="#1f5387",
        teal="#145d57",
        green="#3d5d16",
        yellow="#6b4d00",
        orange="#86400a",
        red="#9f2626",
        violet="#6c3a83",
    ),
    dark=False,
)
