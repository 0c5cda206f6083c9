"""Every role can be read on every ground of every theme (WCAG 2.2: 1.4.3 at 4.5, 1.4.6 at 7 for high contrast)."""

import pytest
from textual.color import Color
from textual.theme import Theme

from themes import DEFAULT_THEME, THEMES
from themes.roles import GROUND_ROLES, GROUNDS, TEXT_ROLES

LEAST = {"holdfast-contrast": 7.0}
MEASURED = [theme for theme in THEMES if not theme.ansi]


def luminance(color: Color) -> float:
    """Relative luminance as WCAG 2.2 defines it."""

    def linear(channel: int) -> float:
        part = channel / 255
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    return 0.2126 * linear(color.r) + 0.7152 * linear(color.g) + 0.0722 * linear(color.b)


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21."""
    light, dark = sorted((luminance(Color.parse(one)), luminance(Color.parse(other))), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_follows_the_known_values() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", MEASURED, ids=lambda theme: str(theme.name))
def test_every_text_role_is_readable_on_every_ground(theme: Theme) -> None:
    variables = theme.to_color_system().generate() | theme.variables
    grounds = {ground: variables["role-cursor" if ground == "cursor" else ground] for ground in GROUNDS}
    least = LEAST.get(theme.name, 4.5)
    poor = {
        (role, ground): round(contrast(variables[f"role-{role}"], colour), 2)
        for role in TEXT_ROLES
        for ground, colour in grounds.items()
        if contrast(variables[f"role-{role}"], colour) < least
    }
    assert not poor


@pytest.mark.parametrize("theme", MEASURED, ids=lambda theme: str(theme.name))
def test_text_and_muted_text_of_textual_itself_are_readable(theme: Theme) -> None:
    variables = theme.to_color_system().generate() | theme.variables
    for ink in ("foreground", "text", "text-muted", "foreground-muted", "block-cursor-foreground"):
        for ground in ("background", "surface", "panel", "block-cursor-background"):
            assert contrast(variables[ink], variables[ground]) >= LEAST.get(theme.name, 4.5), (ink, ground)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: str(theme.name))
def test_every_theme_gives_every_role(theme: Theme) -> None:
    for role in TEXT_ROLES | GROUND_ROLES:
        Color.parse(theme.variables[f"role-{role}"])


def test_there_are_dark_light_contrast_and_terminal_themes() -> None:
    names = {theme.name for theme in THEMES}
    assert len(names) == len(THEMES) >= 7
    assert THEMES[0].name == DEFAULT_THEME
    assert THEMES[0].dark
    assert sum(not theme.dark for theme in THEMES) >= 2
    assert sum(theme.dark and not theme.ansi for theme in THEMES) >= 3
    assert {"holdfast-contrast", "holdfast-ansi"} <= names
    assert all(theme.ansi == (theme.name == "holdfast-ansi") for theme in THEMES)


def test_levels_of_one_scale_differ() -> None:
    scales = (("sla-ok", "sla-soon", "sla-breached"), ("friction-low", "friction-medium", "friction-high"))
    for theme in THEMES:
        for scale in scales:
            assert len({theme.variables[f"role-{level}"] for level in scale}) == len(scale)
