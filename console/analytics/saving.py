"""Where exports go: the folder for downloads, and a file that never replaces another."""

import os
from itertools import count
from pathlib import Path

from platformdirs import user_downloads_path

from console.files import data_dir


def folder() -> Path:
    """The folder for downloads, or one of our own where there is none."""
    downloads = user_downloads_path()
    return downloads if downloads.is_dir() and "HOLDFAST_HOME" not in os.environ else data_dir() / "exports"


def save(name: str, content: bytes) -> Path:
    """Write an export and answer where it is: beside one of the same name, with a number. OSError when it cannot be."""
    place, wanted = folder(), Path(name)
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
