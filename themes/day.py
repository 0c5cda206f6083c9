"""Day: a cool light, white paper and deep inks."""

from themes.roles import Colours, theme

DAY = theme(
    "holdfast-day",
    Colours(
        background="#fbfcfd",
        surface="#f4f6f9",
        panel="#edf0f5",
        cursor="#dfe7f3",
        line="#c3cddb",
        text="#1c2430",
        muted="#55606f",
        blue="#1d5bb0",
        teal="#086a66",
        green="#2c6b22",
        yellow="#795600",
        orange="#974800",
        red="#b3232c",
        violet="#6a3fb5",
    ),
    dark=False,
)
