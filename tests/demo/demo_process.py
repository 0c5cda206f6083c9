"""`holdfast demo --no-console` in a process of its own."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SECONDS = 60


def environment(folder: Path) -> dict[str, str]:
    """Nothing of the person's own: no settings, no keyring."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HOLDFAST_")}
    return kept | {"HOLDFAST_HOME": str(folder / "home"), "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}


class Demo:
    """A demo that answers; `about` is its line."""

    def __init__(self, folder: Path, *options: str) -> None:
        command = [sys.executable, "-m", "console", "demo", "--no-console", *options]
        self.log = (folder / "demo.log").open("w+")
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(folder),
            stdout=subprocess.PIPE,
            stderr=self.log,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.process.kill()
            raise RuntimeError(Path(self.log.name).read_text()[-3_000:])
        self.about: dict[str, Any] = json.loads(line)

    @property
    def url(self) -> str:
        return str(self.about["url"])

    def email(self, role: str) -> str:
        return next(one["email"] for one in self.about["signIns"] if one["role"] == role)

    @property
    def password(self) -> str:
        return str(self.about["signIns"][0]["password"])

    def stop(self) -> tuple[int, str]:
        """SIGTERM; exit code and what else it printed."""
        self.process.send_signal(signal.SIGTERM)
        rest, _ = self.process.communicate(timeout=SECONDS)
        self.log.close()
        return self.process.returncode, rest

    def end(self) -> None:
        """Whatever the test did: it is gone."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate(timeout=SECONDS)
        self.log.close()
