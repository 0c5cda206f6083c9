"""Night: the default. Deep slate and soft inks; nothing shines but what is late."""

from themes.roles import Colours, theme

NIGHT = theme(
    "holdfast-night",
    Colours(
        background="#11151c",
        surface="#161b24",
        panel="#1b212c",
        cursor="#263043",
        line="#364156",
        text="#d6dce6",
        muted="#94a0b3",
        blue="#86b4f5",
        teal="#74c9bd",
        green="#92c98a",
        yellow="#dfc27d",
        orange="#eba678",
        red="#f38d8d",
        violet="#b7a5f2",
    ),
    dark=True,
)
