"""Ember: a warm dark, for late shifts under lamps."""

from themes.roles import Colours, theme

EMBER = theme(
    "holdfast-ember",
    Colours(
        background="#191512",
        surface="#1f1a16",
        panel="#26201b",
        cursor="#372d25",
        line="#4f4237",
        text="#e6dacb",
        muted="#ab9c8b",
        blue="#93b9d3",
        teal="#8fc4ac",
        green="#aec27c",
        yellow="#e3bf6c",
        orange="#eba36a",
        red="#f08f7a",
        violet="#dba3c4",
    ),
    dark=True,
)
