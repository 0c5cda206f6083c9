"""The OpenAPI document of this release. `python -m backend.document` writes it as JSON."""

import sys
from pathlib import Path

import orjson

from backend.app import create_app
from backend.runtime import Runtime
from backend.settings import Settings


def openapi() -> dict[str, object]:
    """The document; touches no database and no folder."""
    nowhere = Settings(database_url="sqlite://", secret="unused", data_dir=Path())
    return create_app(Runtime.build(nowhere), run_jobs=False).openapi()


if __name__ == "__main__":
    sys.stdout.buffer.write(orjson.dumps(openapi()))
