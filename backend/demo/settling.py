"""`python -m backend.demo.settling FOLDER SEED`: makes a new world in a process of its own."""

import subprocess
import sys
from pathlib import Path


def start(folder: Path, seed: int) -> "subprocess.Popen[bytes] | None":
    """Begin to make the world in `folder`; None when there is one."""
    if (folder / "demo.json").exists():
        return None
    command = [sys.executable, "-m", "backend.demo.settling", str(folder), str(seed)]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def main() -> None:
    """Make it."""
    from backend.core.clock import RealClock
    from backend.demo.place import settle

    settle(Path(sys.argv[1]), seed=int(sys.argv[2]), clock=RealClock())


if __name__ == "__main__":
    main()
