"""The demo in a real terminal: it paints, signs in by itself, takes a command for its customers, and leaves nothing."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from tests.demo.demo_process import ROOT, environment

SECONDS = 45.0
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pseudo terminals are of Unix")


class Terminal:
    """A person's terminal, 140 by 45, and what was drawn in it so far."""

    def __init__(self, folder: Path, *words: str) -> None:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 45, 140, 0, 0))
        env = environment(folder) | {"TERM": "xterm-256color", "COLORTERM": "truecolor", "TMPDIR": str(folder)}
        for name in ("HOLDFAST_HOME", "CI", "NO_COLOR", "COLUMNS", "LINES"):
            env.pop(name, None)
        command = [sys.executable, "-m", "console", *words]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=env,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),  # as under nohup
        )
        os.close(theirs)
        self.fd, self.drawn = ours, b""

    def until(self, words: str) -> None:
        """Read until `words` were drawn since the last look."""
        deadline = time.monotonic() + SECONDS
        while words.encode() not in self.drawn:
            left = deadline - time.monotonic()
            assert left > 0, f"{words!r} was not drawn; last: {self.drawn[-2_000:]!r}"
            if select.select([self.fd], [], [], left)[0]:
                try:
                    self.drawn += os.read(self.fd, 65_536)
                except OSError as error:
                    raise AssertionError(f"it ended before {words!r} was drawn") from error
        self.drawn = b""

    def type(self, keys: str) -> None:
        os.write(self.fd, keys.encode())

    def wait(self) -> int:
        """The exit code, once it has ended; what it draws on the way is read."""
        deadline = time.monotonic() + SECONDS
        while self.process.poll() is None and time.monotonic() < deadline:
            if select.select([self.fd], [], [], 0.2)[0]:
                try:
                    os.read(self.fd, 65_536)
                except OSError:
                    break
        return self.process.wait(10)

    def close(self) -> None:
        """Close the window: the terminal hangs up on everybody who runs in it."""
        os.killpg(self.process.pid, signal.SIGHUP)
        os.close(self.fd)
        self.fd = -1
        self.process.wait(SECONDS)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        if self.fd >= 0:
            os.close(self.fd)


def test_from_the_first_paint_to_leaving(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, "demo")
    try:
        terminal.until("Holdfast")
        terminal.until("INC-1")
        terminal.type(":")
        time.sleep(0.5)
        terminal.type("demo speed 4\r")
        terminal.until("Told the demo")
        worlds = list(tmp_path.glob("holdfast-demo-*"))
        assert len(worlds) == 1
        terminal.type("\x11")
        assert terminal.wait() == 0
        assert not list(tmp_path.glob("holdfast-demo-*"))
    finally:
        terminal.end()


def test_closing_the_window_leaves_nothing(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, "demo")
    try:
        terminal.until("INC-1")
        assert len(list(tmp_path.glob("holdfast-demo-*"))) == 1
        terminal.close()
    finally:
        terminal.end()
    deadline = time.monotonic() + SECONDS
    while list(tmp_path.glob("holdfast-demo-*")) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not list(tmp_path.glob("holdfast-demo-*"))
