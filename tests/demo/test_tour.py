"""Without a terminal the demo is a tour: the real console on the real backend, through three cases."""

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.demo.demo_process import ROOT, environment


def run(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "console", *arguments]
    return subprocess.run(
        command,
        cwd=ROOT,
        env=environment(tmp_path),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=280,
    )


@pytest.mark.timeout(300)
def test_the_tour_works_three_cases_and_keeps_pictures(tmp_path: Path) -> None:
    out = tmp_path / "pictures"
    done = run(tmp_path, "tour", "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    told = done.stdout
    for words in (
        "60 open cases",
        "is yours",
        "Replied to",
        "Snoozed INC-",
        "Next best: INC-",
        "agrees on all 3 cases",
    ):
        assert words in told
    pictures = sorted(out.glob("*.svg"))
    assert len(pictures) >= 9
    for picture in pictures:
        assert ElementTree.fromstring(picture.read_text("utf-8")).tag.endswith("svg")
    assert "INC-1" in pictures[0].read_text("utf-8")


def test_the_demo_without_a_terminal_is_the_tour(tmp_path: Path) -> None:
    """As far as the first case; the test above goes all the way."""
    running = subprocess.Popen(
        [sys.executable, "-u", "-m", "console", "demo"],
        cwd=ROOT,
        env=environment(tmp_path) | {"TMPDIR": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert running.stdout is not None
        told = ""
        while "is yours" not in told and (line := running.stdout.readline()):
            told += line
        assert "60 open cases" in told
        assert "is yours" in told
    finally:
        running.kill()
        running.communicate()


def test_pictures_that_cannot_be_written_are_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run(tmp_path, "tour", "--out", str(tmp_path / "file" / "pictures"))
    assert done.returncode == 1
    assert "pictures cannot be written" in done.stderr
    assert "Traceback" not in done.stderr
