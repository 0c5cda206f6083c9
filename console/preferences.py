"""What a person has set: kept in one JSON file, described by the fields themselves, so that the settings screen follows."""

from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from console.files import config_dir, read_json, write_json
from console.keymap import KEYMAPS
from themes import DEFAULT_THEME

ALARMS = ("off", "bell", "desktop")
PREVIEWS = ("right", "below", "off")


def _setting(default: Any, title: str, help: str, choices: tuple[Any, ...] = ()) -> Any:
    return field(default=default, metadata={"title": title, "help": help, "choices": choices})


@dataclass(frozen=True, slots=True)
class Preferences:
    """The settings. Fields with a title in their metadata are shown in the settings screen."""

    theme: str = _setting(DEFAULT_THEME, "Theme", "Colours; holdfast-contrast is the easiest to read.", ("theme",))
    keymap: str = _setting("default", "Keys", "Letters as in vim, or arrow keys instead of h j k l.", KEYMAPS)
    preview: str = _setting("right", "Preview", "Where the queue shows the incidence under the cursor.", PREVIEWS)
    reduced_motion: bool = _setting(False, "Reduced motion", "Nothing slides, pulses or blinks.", (False, True))
    linear: bool = _setting(
        False, "Linear mode", "One plain column from top to bottom, for screen readers.", (False, True)
    )
    lock_minutes: int = _setting(
        15, "Lock when idle", "Minutes without a key until the password is asked for; 0 is never.", (0, 5, 15, 30, 60)
    )
    alarm: str = _setting(
        "off", "Alarm", "When a target is missed in a case of yours: nothing, the bell, or a desktop notice.", ALARMS
    )
    time_zone: str = _setting(
        "business", "Times", "Show times in the zone of the business or of this computer.", ("business", "local")
    )
    columns: tuple[str, ...] = ()
    """Columns of the queue in order; none is as shipped."""
    preview_size: int = 50
    """Share of the preview in percent."""
    views: dict[str, str] = field(default_factory=dict)
    """Saved views that an earlier console kept on this machine (name -> filter); the server gets them at the next sign-in."""
    keys: dict[str, str] = field(default_factory=dict)
    """Keys of one's own: action id -> keys."""
    email: str = ""
    """Who signed in last."""
    url: str = ""
    """Where."""


def settings() -> list[tuple[str, str, str, tuple[Any, ...]]]:
    """(name, title, help, choices) of every setting that the settings screen shows."""
    return [
        (known.name, known.metadata["title"], known.metadata["help"], known.metadata["choices"])
        for known in fields(Preferences)
        if "title" in known.metadata
    ]


class PreferenceFile:
    """The preferences in force, and their file."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or config_dir() / "preferences.json"
        self.current = _read(read_json(self.path, {}))

    def change(self, **values: Any) -> Preferences:
        """Set fields and write the file. OSError when it cannot be written; they are in force all the same."""
        self.current = replace(self.current, **values)
        write_json(self.path, asdict(self.current))
        return self.current


def _read(found: Any) -> Preferences:
    """Preferences from a file's content; what is unknown or of another type stays as shipped."""
    shipped = Preferences()
    if not isinstance(found, dict):
        return shipped
    kept: dict[str, Any] = {}
    for known in fields(Preferences):
        value, default = found.get(known.name), getattr(shipped, known.name)
        if isinstance(default, tuple) and isinstance(value, list):
            kept[known.name] = tuple(str(item) for item in value)
        elif isinstance(default, dict) and isinstance(value, dict):
            kept[known.name] = {str(key): str(item) for key, item in value.items()}
        elif type(value) is type(default) and not isinstance(default, (tuple, dict)):
            choices = known.metadata.get("choices", ())
            if len(choices) < 2 or value in choices:
                kept[known.name] = value
    return replace(shipped, **kept)
