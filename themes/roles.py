"""Semantic roles: what a colour means. Widgets and stylesheets name roles, never colours.

In CSS a role is ``$role-customer``; in Python ``app.theme_variables["role-customer"]`` or
:class:`widgets.paint.Palette`. Every theme gives every role.
"""

from dataclasses import asdict, dataclass

from textual.theme import Theme


@dataclass(frozen=True, slots=True)
class Colours:
    """The colours of one theme: four grounds from the deepest to the cursor's, then inks that read on all four."""

    background: str
    surface: str
    panel: str
    cursor: str
    line: str
    text: str
    muted: str
    blue: str
    teal: str
    green: str
    yellow: str
    orange: str
    red: str
    violet: str


TEXT_ROLES: dict[str, str] = {
    "customer": "blue",
    "agent": "teal",
    "note": "yellow",
    "system": "muted",
    "ok": "green",
    "info": "blue",
    "warning": "orange",
    "danger": "red",
    "muted": "muted",
    "text": "text",
    "accent": "violet",
    "money": "green",
    "draft": "violet",
    "mark": "yellow",
    "cursor-bar": "violet",
    "sla-ok": "green",
    "sla-soon": "orange",
    "sla-breached": "red",
    "sla-paused": "muted",
    "friction-low": "green",
    "friction-medium": "yellow",
    "friction-high": "orange",
    "friction-critical": "red",
    "churn-low": "green",
    "churn-medium": "orange",
    "churn-high": "red",
    "priority-urgent": "red",
    "priority-high": "orange",
    "priority-normal": "text",
    "priority-low": "muted",
    "feed-live": "green",
    "feed-behind": "orange",
    "feed-offline": "red",
}
"""Roles of letters, each with the colour it takes from a theme's :class:`Colours`."""

GROUND_ROLES: dict[str, str] = {"cursor": "cursor", "line": "line"}
"""Roles of grounds and rules, which nobody has to read."""

GROUNDS = ("background", "surface", "panel", "cursor")
"""The grounds on which every text role must be readable."""


def role_variables(colours: Colours) -> dict[str, str]:
    """Theme variables ``role-<name>`` for every role."""
    values = asdict(colours)
    return {f"role-{role}": values[colour] for role, colour in (TEXT_ROLES | GROUND_ROLES).items()}


def theme(name: str, colours: Colours, dark: bool) -> Theme:
    """A Textual theme from colours, with the roles and with quiet cursors, borders and scrollbars."""
    return Theme(
        name=name,
        dark=dark,
        primary=colours.blue,
        secondary=colours.teal,
        accent=colours.violet,
        success=colours.green,
        warning=colours.orange,
        error=colours.red,
        foreground=colours.text,
        background=colours.background,
        surface=colours.surface,
        panel=colours.panel,
        variables=role_variables(colours)
        | {
            "text": colours.text,
            "text-muted": colours.muted,
            "foreground-muted": colours.muted,
            "block-cursor-background": colours.cursor,
            "block-cursor-foreground": colours.text,
            "block-cursor-text-style": "bold",
            "block-cursor-blurred-background": colours.panel,
            "block-cursor-blurred-foreground": colours.text,
            "block-hover-background": colours.panel,
            "border": colours.violet,
            "border-blurred": colours.line,
            "scrollbar": colours.line,
            "scrollbar-hover": colours.muted,
            "scrollbar-active": colours.violet,
            "scrollbar-background": colours.background,
            "scrollbar-background-hover": colours.background,
            "scrollbar-background-active": colours.background,
            "input-cursor-background": colours.text,
            "input-cursor-foreground": colours.background,
            "input-selection-background": colours.line,
            "input-selection-foreground": colours.text,
            "screen-selection-background": colours.line,
            "screen-selection-foreground": colours.text,
            "footer-background": colours.panel,
            "footer-foreground": colours.text,
            "footer-description-foreground": colours.muted,
            "footer-key-foreground": colours.violet,
            "link-color": colours.blue,
        },
    )
