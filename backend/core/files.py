"""Which files an SQLite installation is made of."""

from pathlib import Path


def jobs_file(app: Path) -> Path:
    """Where the job library keeps its own tables beside the app's file."""
    return app.with_name(app.stem + ".jobs.db")
