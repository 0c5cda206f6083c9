"""What a server on SQLite never loads, or not before it is asked: each of these costs every process its start and its memory."""

import subprocess
import sys
from pathlib import Path

HEAVY = """
    alembic asyncpg dbos lightgbm multiprocessing numpy psycopg pyarrow pygments rich scipy sklearn textual
    typer
""".split()
BEGIN = """
import sys
from pathlib import Path
from backend.app import create_app
from backend.runtime import Runtime
from backend.settings import Settings
import backend.server
app = create_app(Runtime.build(Settings(database_url="sqlite:///app.db", secret="s", data_dir=Path(sys.argv[1]))), run_jobs=False)
"""
LOADED = f"print(*sorted({set(HEAVY)!r} & set(sys.modules)))"
UNDERSTOOD = """
import asyncio
from httpx import ASGITransport, AsyncClient
from backend.unit import Gated

def understood():
    return [route.path for route in app.routes if isinstance(route, Gated) and "dependant" in vars(route)]

async def ask():
    async with AsyncClient(transport=ASGITransport(app), base_url="http://here") as http:
        assert (await http.get("/health")).json()["status"] == "ok"

assert understood() == []
asyncio.run(ask())
assert sys.modules["pydantic.v1"] is None
print(*understood())
"""


def said(program: str, folder: Path) -> list[str]:
    command = [sys.executable, "-c", BEGIN + program, str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def test_a_server_loads_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    assert said(LOADED, tmp_path) == []


def test_a_route_is_looked_into_when_it_is_first_asked(tmp_path: Path) -> None:
    assert said(UNDERSTOOD, tmp_path) == ["/health"]
