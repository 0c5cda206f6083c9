"""Orchid: plum dusk with clear pastels, for those who like their terminal to have a face."""

from themes.roles import Colours, theme

ORCHID = theme(
    "holdfast-orchid",
    Colours(
        background="#191421",
        surface="#1f192a",
        panel="#272034",
        cursor="#392d4d",
        line="#54446f",
        text="#e6def2",
        muted="#aea1c4",
        blue="#8fc1ff",
        teal="#7edbd0",
        green="#a0dd96",
        yellow="#f1d283",
        orange="#ffb583",
        red="#ff98a6",
        violet="#e2a5f5",
    ),
    dark=True,
)
