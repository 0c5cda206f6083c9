"""Drafts: on the disk within a second of the last key, whatever happens to the process then."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from console.drafts import Draft, Drafts

WRITER = """
import asyncio, sys
from pathlib import Path
from console.drafts import Draft, Drafts

async def main():
    drafts = Drafts(Path(sys.argv[1]))
    text = ""
    for letter in "Dear Meera, we are sorry":
        text += letter
        drafts.keep(Draft("i-1", "reply", text, 7))
        await asyncio.sleep(0.01)
    print("typed", flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


def test_they_survive_a_kill(tmp_path: Path) -> None:
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "typed\n"
        time.sleep(1.0)
    finally:
        os.kill(writer.pid, signal.SIGKILL)
        writer.communicate()
    assert Drafts(tmp_path).of("i-1", "reply") == Draft("i-1", "reply", "Dear Meera, we are sorry", 7)


async def test_an_empty_text_and_a_sent_one_are_gone(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    drafts.keep(Draft("i-1", "note", "half a thought"))
    drafts.keep(Draft("i-2", "reply", "another"))
    await drafts.close()
    assert Drafts(tmp_path).incidence_ids == {"i-1", "i-2"}
    drafts.keep(Draft("i-1", "note", "  \n"))
    drafts.drop("i-2", "reply")
    await drafts.close()
    assert Drafts(tmp_path).incidence_ids == frozenset()
    assert Drafts(tmp_path).of("i-1", "note") is None


async def test_a_reply_and_a_note_know_nothing_of_each_other(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    drafts.keep(Draft("i-1", "note", "only for us"))
    drafts.keep(Draft("i-1", "reply", "Dear Meera"))
    await drafts.close()
    again = Drafts(tmp_path)
    assert again.of("i-1", "note") == Draft("i-1", "note", "only for us")
    again.drop("i-1", "reply")
    await again.close()
    assert Drafts(tmp_path).incidence_ids == {"i-1"}
    assert Drafts(tmp_path).of("i-1", "reply") is None


async def test_many_keys_are_few_writes(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    writes = 0
    flush = drafts.flush

    def counted() -> None:
        nonlocal writes
        writes += 1
        flush()

    drafts.flush = counted  # type: ignore[method-assign]
    for length in range(1, 100):
        drafts.keep(Draft("i-1", "note", "x" * length))
        await asyncio.sleep(0.01)
    await drafts.close()
    assert 1 <= writes <= 5
    found = Drafts(tmp_path).of("i-1", "note")
    assert found is not None
    assert len(found.text) == 99


async def test_a_broken_file_is_put_aside(tmp_path: Path) -> None:
    (tmp_path / "i-1.json").write_text("{half")
    assert Drafts(tmp_path).incidence_ids == frozenset()
    assert (tmp_path / "i-1.json.broken").read_text() == "{half"


async def test_an_id_cannot_leave_the_folder(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path / "drafts")
    drafts.keep(Draft("../../evil", "note", "text"))
    await drafts.close()
    assert [path.name for path in (tmp_path / "drafts").iterdir()] == ["evil.note.json"]
