"""Ansi: the terminal's own sixteen colours and its own ground; whoever chose those has chosen well."""

from dataclasses import replace

from themes.roles import Colours, theme

ANSI = replace(
    theme(
        "holdfast-ansi",
        Colours(
            background="ansi_default",
            surface="ansi_default",
            panel="ansi_default",
            cursor="ansi_blue",
            line="ansi_bright_black",
            text="ansi_default",
            muted="ansi_bright_black",
            blue="ansi_blue",
            teal="ansi_cyan",
            green="ansi_green",
            yellow="ansi_yellow",
            orange="ansi_bright_red",
            red="ansi_red",
            violet="ansi_magenta",
        ),
        dark=True,
    ),
    ansi=True,
)
ANSI.variables.update(
    {
        "ansi-background": "ansi_default",
        "ansi-foreground": "ansi_default",
        "block-cursor-foreground": "ansi_bright_white",
        "footer-description-foreground": "ansi_default",
    }
)
