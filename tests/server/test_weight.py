"""What a server on SQLite never loads: each of these costs every process its start and its memory."""

import subprocess
import sys
from pathlib import Path

HEAVY = """
    alembic asyncpg dbos lightgbm multiprocessing numpy psycopg pyarrow pygments rich scipy sklearn textual
    typer
""".split()
PROGRAM = f"""
import sys
from pathlib import Path
from backend.app import create_app
from backend.runtime import Runtime
from backend.settings import Settings
import backend.server
create_app(Runtime.build(Settings(database_url="sqlite:///app.db", secret="s", data_dir=Path(sys.argv[1]))), run_jobs=False)
print(*sorted({set(HEAVY)!r} & set(sys.modules)))
"""


def test_a_server_loads_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    assert answer.stdout.split() == []
