"""Nothing slow is imported before the first paint, and the paint comes soon after the start."""

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys, time
start = time.perf_counter()
from console.app import ConsoleApp
from console.connection import Target

async def begin(self):  # runs once the first screen is on the terminal
    slow = ("httpx", "pydantic", "backend", "keyring", "websockets", "orjson", "sqlalchemy", "anyio")
    found = ",".join(name for name in slow if name in sys.modules)
    print(found, f"{time.perf_counter() - start:.3f}", type(self.screen).__name__, sep="|")
    begun.set()

ConsoleApp._begin = begin

import asyncio
begun = asyncio.Event()
async def main():
    app = ConsoleApp(Target("http://127.0.0.1:9"))
    async with app.run_test():
        await asyncio.wait_for(begun.wait(), 30)
asyncio.run(main())
"""


def test_nothing_slow_before_the_first_paint(tmp_path: Path) -> None:
    environment = {**os.environ, "HOLDFAST_HOME": str(tmp_path)}
    times = []
    for _ in range(3):
        ran = subprocess.run(
            [sys.executable, "-c", SCRIPT], capture_output=True, text=True, env=environment, timeout=60, check=True
        )
        imported, seconds, screen = ran.stdout.strip().splitlines()[-1].split("|")
        assert imported == "", f"imported before the first paint: {imported}"
        assert screen == "SignInScreen"
        times.append(float(seconds))
    assert min(times) < 2.0, f"{min(times):.2f} s; the budget of 0.4 s is measured by the benchmark on a quiet machine"
    print(f"first paint after {min(times):.3f} s")
