"""Themes and the semantic roles they colour. ``THEMES[0]`` is the default.

An app registers them all (``for theme in THEMES: self.register_theme(theme)``) before its stylesheets name a role.
"""

from textual.theme import Theme

from themes.ansi import ANSI
from themes.contrast import CONTRAST
from themes.day import DAY
from themes.ember import EMBER
from themes.night import NIGHT
from themes.orchid import ORCHID
from themes.paper import PAPER

THEMES: list[Theme] = [NIGHT, EMBER, ORCHID, DAY, PAPER, CONTRAST, ANSI]
DEFAULT_THEME: str = NIGHT.name

__all__ = ["DEFAULT_THEME", "THEMES"]
