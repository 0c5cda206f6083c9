"""The terminal says who comes before anything slow is imported, and is as it was when nobody does."""

import os
import pty
import subprocess
import sys

BEGIN = "from console.splash import splash\n"


def seen(program: str, **environment: str) -> tuple[str, int]:
    """What a terminal got from a program, and how that ended."""
    master, slave = pty.openpty()
    given = {**os.environ, "TERM": "xterm-256color", **environment}
    with subprocess.Popen(
        [sys.executable, "-c", BEGIN + program], stdout=slave, stderr=subprocess.DEVNULL, env=given
    ) as process:
        os.close(slave)
        got = b""
        while True:
            try:
                got += (piece := os.read(master, 4096))
            except OSError:  # nobody holds the other end any more
                break
            if not piece:
                break
    os.close(master)
    return got.decode(), process.returncode


def test_it_is_there_at_once_and_stays_for_the_console_to_take_over() -> None:
    screen, code = seen("with splash('opening …'): print('[imported]')")
    assert code == 0
    assert (
        screen.index("\x1b[?1049h") < screen.index("Holdfast") < screen.index("opening …") < screen.index("[imported]")
    )
    assert "\x1b[?1049l" not in screen


def test_a_failure_gives_the_terminal_back() -> None:
    screen, code = seen("with splash('opening …'): raise SystemExit(3)")
    assert code == 3
    assert screen.endswith("\x1b[?25h\x1b[?1049l")


def test_what_is_no_terminal_gets_nothing() -> None:
    assert seen("with splash('opening …'): pass", TERM="dumb") == ("", 0)
    ran = subprocess.run([sys.executable, "-c", BEGIN + "with splash('…'): pass"], capture_output=True, check=True)
    assert ran.stdout == b""
