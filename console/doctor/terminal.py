"""The terminal: whether it is one, its size and colours, the keys it keeps to itself, the way to the clipboard."""

import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress

from console.doctor.check import Check, fail, ok, warn

Ask = Callable[..., str]

# terminal: (keys that never arrive there, what to press or set instead); from each terminal's own default key list
_SWALLOWED: dict[str, tuple[str, str]] = {
    "Apple_Terminal": ("alt+enter", "send with ctrl+j or F9, or tick Profiles, Keyboard, Use Option as Meta"),
    "vscode": ("ctrl+p, F1 and ctrl+e", "set terminal.integrated.sendKeybindingsToShell, or type :palette"),
    "Windows Terminal": ("alt+enter (full screen)", "send with ctrl+j or F9"),
    "GNOME Terminal": ("F1, F10 and F11", "turn off the menu accelerator in Preferences, or use ? and :sign-out"),
    "JetBrains": ("F-keys and escape", "tick Override IDE shortcuts in Settings, Tools, Terminal"),
    "Konsole": ("F11 and shift+arrows", "remove them in Settings, Configure Keyboard Shortcuts"),
}
_WRITES_CLIPBOARD = {"kitty", "WezTerm", "ghostty", "Alacritty", "foot", "Windows Terminal", "vscode", "contour", "rio"}
_ASKS_FIRST = {
    "iTerm.app": "tick Settings, General, Selection, Applications in terminal may access clipboard",
    "Konsole": "use Konsole 24.12 or newer",
    "xterm": "set XTerm*disallowedWindowOps: 20,21,SetXprop in .Xresources",
}


def name_of(env: Mapping[str, str]) -> str:
    """The terminal's name as far as the environment tells; "" when it does not."""
    told = {
        "WT_SESSION": "Windows Terminal",
        "KITTY_WINDOW_ID": "kitty",
        "ALACRITTY_WINDOW_ID": "Alacritty",
        "KONSOLE_VERSION": "Konsole",
        "GHOSTTY_RESOURCES_DIR": "ghostty",
    }
    if env.get("TERMINAL_EMULATOR", "").startswith("JetBrains"):
        return "JetBrains"
    for variable, name in told.items():
        if env.get(variable):
            return name
    if program := env.get("TERM_PROGRAM", ""):
        return "" if program == "tmux" else program
    if env.get("VTE_VERSION"):
        return "GNOME Terminal"
    return {"foot": "foot", "xterm-kitty": "kitty"}.get(
        env.get("TERM", ""), "xterm" if env.get("XTERM_VERSION") else ""
    )


def checks(
    env: Mapping[str, str], *, is_terminal: bool, columns: int, lines: int, ask: Ask | None = None
) -> list[Check]:
    """All about the terminal. `ask` runs a command and answers what it prints."""
    return [
        _terminal(env, is_terminal),
        _size(columns, lines),
        _colours(env),
        _keys(env, ask or _run),
        _clipboard(env, ask or _run),
    ]


def _terminal(env: Mapping[str, str], is_terminal: bool) -> Check:
    term = env.get("TERM", "")
    if not is_terminal:
        return warn(
            "terminal", "this is no terminal", "The console needs one; every command works without, with --json."
        )
    if term in ("", "dumb"):
        return fail("terminal", f"TERM is {term or 'not set'}", "Set TERM, for example to xterm-256color.")
    inside = "tmux" if env.get("TMUX") else "screen" if env.get("STY") else ""
    return ok("terminal", f"{name_of(env) or 'a terminal'} ({term}{f', inside {inside}' if inside else ''})")


def _size(columns: int, lines: int) -> Check:
    said = f"{columns} x {lines}"
    if columns < 80 or lines < 24:
        return fail("size", said, "Make the window at least 80 x 24, or the font smaller.")
    if columns < 120:
        return warn("size", said, "From 120 columns on there is room for the preview beside the queue.")
    return ok("size", said)


def _colours(env: Mapping[str, str]) -> Check:
    if env.get("NO_COLOR"):
        return ok("colours", "none, as NO_COLOR asks; signs and words carry the meaning")
    if env.get("COLORTERM", "") in ("truecolor", "24bit"):
        return ok("colours", "16 million")
    if "256color" in env.get("TERM", ""):
        return warn("colours", "256", "If your terminal can show more, set COLORTERM=truecolor.")
    return warn("colours", "16", "Choose the theme holdfast-ansi, or set TERM=xterm-256color.")


def _keys(env: Mapping[str, str], ask: Ask) -> Check:
    taken: list[str] = []
    advice: list[str] = []
    if known := _SWALLOWED.get(name_of(env)):
        taken.append(known[0])
        advice.append(known[1])
    if env.get("TMUX"):
        prefix = ask("tmux", "show-options", "-gv", "prefix") or "C-b"
        taken.append(f"{prefix.replace('C-', 'ctrl+')} (tmux)")
        advice.append("press it twice to send it on")
    if env.get("STY"):
        taken.append("ctrl+a (screen)")
        advice.append("press ctrl+a a to send it on")
    if not taken:
        return ok("keys", "this terminal is not known to keep any of ours to itself")
    return warn("keys", f"kept by the terminal: {', '.join(taken)}", f"{'; '.join(advice)}.".capitalize())


def _clipboard(env: Mapping[str, str], ask: Ask) -> Check:
    name = name_of(env)
    if env.get("TMUX") and ask("tmux", "show-options", "-gv", "set-clipboard") == "off":
        return warn("clipboard", "tmux keeps OSC 52 to itself", "Run `tmux set -g set-clipboard on`.")
    if env.get("STY"):
        return warn("clipboard", "screen keeps OSC 52 to itself", "Copy with the mouse, or use tmux.")
    if name in _WRITES_CLIPBOARD:
        return ok("clipboard", f"OSC 52, which {name} takes")
    if name in _ASKS_FIRST:
        return warn(
            "clipboard", f"OSC 52, which {name} takes when it is allowed to", f"{_ASKS_FIRST[name]}.".capitalize()
        )
    if name in ("Apple_Terminal", "GNOME Terminal"):
        return warn(
            "clipboard", f"{name} does not take OSC 52", "What is copied is shown too: select it with the mouse."
        )
    return warn(
        "clipboard", "OSC 52, which not every terminal takes", "If copying does nothing, select with the mouse."
    )


def _run(*command: str) -> str:
    with suppress(OSError, subprocess.SubprocessError):
        return subprocess.run(command, capture_output=True, text=True, timeout=2, check=True).stdout.strip()
    return ""
