"""Which servers one has signed in to, and as whom: remembered for the console and the headless commands alike."""

from console.files import data_dir, read_json, write_json
from console.preferences import PreferenceFile

_FILE = "servers.json"


def known() -> dict[str, str]:
    """E-mail by URL of every server signed in to; the last one comes last."""
    current = PreferenceFile().current
    by_console = {current.url: current.email} if current.url else {}
    signed_in_at: dict[str, str] = read_json(data_dir() / _FILE, {})
    return by_console | signed_in_at


def remember(url: str, email: str) -> None:
    """Keep that `email` signed in at `url`, as the last one."""
    others = {at: who for at, who in known().items() if at != url}
    write_json(data_dir() / _FILE, others | {url: email})
