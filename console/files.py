"""Files of the console: where they are, and writing them so that a power cut leaves the old or the new, whole."""

import contextlib
import json
import os
import traceback
from itertools import count
from pathlib import Path
from typing import Any

from platformdirs import user_config_path, user_data_path, user_downloads_path


def config_dir() -> Path:
    """Where preferences are; HOLDFAST_HOME puts everything in one folder."""
    home = os.environ.get("HOLDFAST_HOME")
    return Path(home) / "config" if home else user_config_path("holdfast")


def data_dir() -> Path:
    """Where drafts, the outbox and logs are."""
    home = os.environ.get("HOLDFAST_HOME")
    return Path(home) / "console" if home else user_data_path("holdfast") / "console"


def write_down(what: str, error: Exception) -> Path:
    """Where the log is, which now tells what could not be done and where the error came from."""
    log = data_dir() / "console.log"
    with contextlib.suppress(OSError):
        log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with log.open("a", encoding="utf-8") as file:
            file.write(f"{what}\n{''.join(traceback.format_exception(error))}\n")
    return log


def read_json(path: Path, otherwise: Any) -> Any:
    """What is in a file; `otherwise` when it is not there. A broken one is put aside under the name `….broken`."""
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return otherwise
    except (ValueError, OSError):
        path.replace(path.with_name(path.name + ".broken"))
        return otherwise


def write_json(path: Path, value: Any, mode: int = 0o600) -> None:
    """Replace a file, on disk when this returns. OSError when it cannot be."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    if os.name == "posix":  # the rename itself has to reach the disk too
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def downloads() -> Path:
    """The folder for downloads, or one of our own where there is none."""
    usual = user_downloads_path()
    return usual if usual.is_dir() and "HOLDFAST_HOME" not in os.environ else data_dir() / "exports"


def save(name: str, content: bytes) -> Path:
    """Write an export and answer where it is: beside one of the same name, with a number. OSError when it cannot be."""
    place, wanted = downloads(), Path(name)
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    for number in count():
        path = place / (wanted.name if number == 0 else f"{wanted.stem}-{number}{wanted.suffix}")
        try:
            with path.open("xb") as file:
                file.write(content)
        except FileExistsError:
            continue
        return path
    raise AssertionError("there is always another number")


def remove(path: Path) -> None:
    """Take a file away, if it is there."""
    path.unlink(missing_ok=True)
