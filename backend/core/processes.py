"""Whether a process lives: by its pid where that means something, else by its beats. Never by comparing clocks."""

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

DEAD_AFTER_SECONDS = 25.0


class Watch:
    """Judges other processes.

    One is dead when its pid is gone from the place it ran at, or when its count of beats stood still for
    `DEAD_AFTER_SECONDS` under this process's own eyes: not by comparing clocks, which a suspended laptop would fool.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.place = place()
        self._monotonic = monotonic
        self._seen: dict[str, tuple[int, float]] = {}

    def is_dead(self, id: str, place: str, pid: int, beats: int) -> bool:
        """Whether the process `id`, which ran as `pid` at `place` and has beaten `beats` times, lives no more."""
        if place == self.place and not is_running(pid):
            return True
        now = self._monotonic()
        known, since = self._seen.get(id, (None, now))
        if known != beats:
            since = now
        self._seen[id] = (beats, since)
        return now - since > DEAD_AFTER_SECONDS


def place() -> str:
    """Where a pid means something: this host, and on Linux this container."""
    try:
        container = os.readlink("/proc/self/ns/pid")
    except OSError:
        container = ""
    return f"{socket.gethostname()} {container}".strip()[:255]


def is_running(pid: int) -> bool:
    """Whether another process has that pid. Where that cannot be asked without harm, yes: then the beats decide."""
    if pid == os.getpid():
        return False  # ours now, so whoever had it is gone
    if os.name != "posix":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"  # a zombie is dead, though its pid remains
    except OSError:
        return True
