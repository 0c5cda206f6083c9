"""Write a revision from what the models say: `python -m backend.migrations.new "Add tags"`.

`--first` writes revision 0001 anew instead, as long as no release has shipped it.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from backend.migrations.run import FOLDER, config, migrate, revisions


def write(message: str, *, first: bool = False) -> Path:
    """Compare the models with the newest revision (with `first`, with nothing) and write the difference as a revision."""
    from alembic import command

    number = "0001" if first else f"{int(revisions()[-1]) + 1:04}"
    target = FOLDER / "versions" / f"{number}_{re.sub('[^a-z0-9]+', '_', message.lower()).strip('_')}.py"
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/models.db"
        if not first:
            migrate(url)
        engine = create_engine(url, poolclass=NullPool)
        with engine.connect() as connection:
            made = config(connection)
            if first:
                made.set_main_option("version_locations", folder)
                command.revision(made, message, autogenerate=True, rev_id=number, version_path=folder)
            else:
                command.revision(made, message, autogenerate=True, rev_id=number)
        engine.dispose()
        (written,) = Path(folder if first else FOLDER / "versions").glob(f"{number}_*.py")
        text = re.sub(r" *# ### .*\n", "", written.read_text())
        written.unlink()
    for old in target.parent.glob(f"{number}_*.py"):
        old.unlink()
    target.write_text(text)
    for arguments in (["check", "--fix", "--quiet"], ["format", "--quiet"]):
        subprocess.run([sys.executable, "-m", "ruff", *arguments, str(target)], check=False)
    return target


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("message", help="what changes, as a short sentence")
    parser.add_argument("--first", action="store_true", help="write revision 0001 anew")
    arguments = parser.parse_args()
    print(write(arguments.message, first=arguments.first).relative_to(FOLDER.parents[1]))


if __name__ == "__main__":
    main()
