"""Customers out of CSV files: whatever the file is like, each row is taken in once or told why not."""

import asyncio
import csv
import io
import tracemalloc
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from backend.client import ApiError, Client
from backend.customers.models import Customer
from backend.integrations.importing import imports
from backend.integrations.importing.fields import guess
from backend.integrations.importing.schemas import Columns, ImportRead
from backend.integrations.models import ImportPart, ImportRefusal
from tests.support.backend import Backend

ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PLAIN = "Customer ID,Name,Email,Tier\nc-1,Asha Rao,asha@example.com,gold\nc-2,Ravi,,\n"


async def bring_in(backend: Backend, owner: Client, content: bytes, columns: Columns | None = None) -> ImportRead:
    """Upload, start with what was guessed, and run it to its end."""
    read = await owner.imports.upload(content, "customers.csv")
    await owner.imports.start(read.id, columns or Columns(columns=read.columns))
    await backend.drain()
    return await owner.imports.show(read.id)


async def rows(backend: Backend) -> dict[str, Customer]:
    found = await backend.runtime.database.read(lambda session: list(session.scalars(select(Customer))))
    return {one.external_id: one for one in found}


async def test_a_file_is_tried_and_brought_in_once(backend: Backend) -> None:
    owner = await backend.owner()
    content = PLAIN + (
        '"c-3","Rao, Meera","not an address",silver\n'
        "c-1,Asha R. Rao,,\n"
        ",Nobody,,\n"
        '=cmd|"/C calc"!A0,"=HYPERLINK(""http://x"")",a@b,vip\n'
        "\n"
        "c-4,Four,four@example.com,bronze,extra\n"
    )
    read = await owner.imports.upload(content.encode(), "../cust\x1b[2Jomers.csv")
    assert (read.rows, read.encoding, read.separator) == (7, "utf-8", ",")
    assert read.columns == ["externalId", "name", "email", "tier"]
    assert "\x1b" not in read.filename
    tried = await owner.imports.dry_run(read.id, Columns(columns=read.columns))
    assert (tried.rows, tried.good, tried.refused, tried.repeated) == (7, 3, 4, 1)
    assert tried.shown[0].fields == {"name": "Asha Rao", "email": "asha@example.com", "tier": "GOLD"}
    assert [(one.line, one.reason.partition(":")[0]) for one in tried.problems] == [
        (4, "email"),
        (6, "externalId"),
        (7, "tier"),
        (9, "it has 5 cells, and the header 4"),
    ]
    assert await rows(backend) == {}, "nothing is done"
    started = await owner.imports.start(read.id, Columns(columns=read.columns))
    assert started.state == "RUNNING"
    with pytest.raises(ApiError) as twice:
        await owner.imports.start(read.id, Columns(columns=read.columns))
    assert (twice.value.status, twice.value.code) == (409, "NOT_READY")
    await backend.drain()
    done = await owner.imports.show(read.id)
    assert (done.state, done.done, done.made, done.changed, done.refused) == ("DONE", 7, 2, 0, 4)
    assert [one.line for one in done.problems] == [4, 6, 7, 9]
    found = await rows(backend)
    assert {id: (one.name, one.email, one.tier) for id, one in found.items()} == {
        "c-1": ("Asha R. Rao", "asha@example.com", "GOLD"),
        "c-2": ("Ravi", None, "BRONZE"),
    }
    report = list(csv.reader(io.StringIO((await owner.imports.refusals(read.id)).decode(), newline="")))
    assert report[0] == ["line", "reason", "Customer ID", "Name", "Email", "Tier"]
    assert report[3][2:4] == ['\'=cmd|"/C calc"!A0', '\'=HYPERLINK("http://x")'], "a spreadsheet runs nothing of it"
    again = await bring_in(backend, owner, PLAIN.encode())
    assert (again.made, again.changed, again.refused) == (0, 1, 0), "by the id, customers are known again"
    assert (await rows(backend))["c-1"].version == 2


@ONLY_SQLITE
async def test_who_wants_no_mail_is_told_by_a_file_and_never_takes_it_back(backend: Backend) -> None:
    owner = await backend.owner()
    assert guess(["Id", "Has opted out of email"]) == ["externalId", "emailOptOut"]
    done = await bring_in(backend, owner, b"id,unsubscribed\nc-1,YES\nc-2,no\nc-3,\nc-4,perhaps\n")
    assert [one.reason for one in done.problems] == ["emailOptOut: must be yes or no"]
    assert {id: one.email_opt_out for id, one in (await rows(backend)).items()} == {
        "c-1": True,
        "c-2": False,
        "c-3": False,
    }
    done = await bring_in(backend, owner, b"id,unsubscribed\nc-1,no\nc-2,x\n")
    assert (done.changed, done.refused) == (1, 0)
    assert {id: one.email_opt_out for id, one in (await rows(backend)).items()} == {
        "c-1": True,
        "c-2": True,
        "c-3": False,
    }


ENCODED = [
    ("\ufeffid;name\nc-1;Zoë Čapek\n".encode(), "utf-8-sig", ";"),
    ("id\tname\r\nc-1\tZoë Čapek\r\n".encode(), "utf-8", "\t"),
    ("id|name\rc-1|Zoë Čapek\r".encode(), "utf-8", "|"),
    ("id,name\nc-1,Zoë Čapek\n".encode("utf-16"), "utf-16", ","),
    ("id;name\nc-1;Zoë\n".encode("latin-1"), "windows-1252", ";"),
    (b"id,name\nc-1,Zo\xeb \x93x\x94\n", "windows-1252", ","),
    ('id,name\nc-1,"Zoë\nČapek, ""Zo"""\n'.encode(), "utf-8", ","),
    (("id,name\n" + f"c,{'x' * 40}\n" * 3_000 + "last,Zoë\n").encode("latin-1"), "windows-1252", ","),
]


@ONLY_SQLITE
async def test_files_as_programs_write_them(backend: Backend) -> None:
    owner = await backend.owner()
    names = {}
    for content, encoding, separator in ENCODED:
        read = await owner.imports.upload(content, "a.csv")
        assert (read.encoding, read.separator) == (encoding, separator), content[:40]
        assert read.columns == ["externalId", "name"]
        shown = (await owner.imports.dry_run(read.id, Columns(columns=read.columns))).shown[0]
        names[encoding, separator, len(content)] = shown.fields["name"]
    told = list(names.values())
    assert told[:4] == ["Zoë Čapek"] * 4
    assert told[4:7] == ["Zoë", "Zoë “x”", 'Zoë Čapek, "Zo"']


UNUSABLE = (
    b"",
    b"\n\n",
    b"id,name\n",
    b"PK\x03\x04 a workbook",
    b'id,name\nc-1,"open\n' + b"x" * 200_000,
    b"\xff\xfe\x00",
    ("," * 200 + "\nc\n").encode(),
    "id,name\nc-1,Ē\n".encode("utf-16")[:-1],
)


@ONLY_SQLITE
@pytest.mark.settings(max_import_bytes=300_000)
async def test_what_is_no_table_leaves_nothing_behind(backend: Backend) -> None:
    owner = await backend.owner()
    for content in UNUSABLE:
        with pytest.raises(ApiError) as refused:
            await owner.imports.upload(content, "a.csv")
        assert (refused.value.status, refused.value.code) == (422, "NO_TABLE"), content[:30]
    with pytest.raises(ApiError) as large:
        await owner.imports.upload(b"id,name\n" + b"c,x\n" * 100_000, "a.csv")
    assert large.value.status == 413

    async def endless() -> AsyncIterator[bytes]:
        yield b"id,name\n"
        while True:
            yield b"c,x\n" * 1_000

    with pytest.raises(ApiError) as streamed:
        await owner.imports.upload(endless(), "a.csv")
    assert streamed.value.status == 413, "without a length it is cut off where it is too long"
    assert (await owner.imports.list()).items == []
    count = await (await backend.units()).read(lambda work: work.session.scalar(select(func.count(ImportPart.number))))
    assert count == 0
    read = await owner.imports.upload(PLAIN.encode(), "a.csv")
    wrong: list[Any] = [
        ["externalId"],
        ["externalId", "externalId", None, None],
        [None] * 4,
        ["name", "salary", None, None],
    ]
    for columns in wrong:
        for path in ("dry-run", "start"):
            with pytest.raises(ApiError) as unmapped:
                await owner.transport.call("POST", f"/api/imports/{read.id}/{path}", None, {"columns": columns})
            assert unmapped.value.status == 400
    supervisor, stranger = await backend.member("supervisor"), await backend.another_owner()
    for client, status in ((supervisor, 403), (stranger, 404)):
        for asked in (client.imports.show(read.id), client.imports.refusals(read.id), client.imports.cancel(read.id)):
            with pytest.raises(ApiError) as forbidden:
                await asked
            assert forbidden.value.status == status


def test_columns_are_guessed_by_their_names() -> None:
    header = ["User-ID", "First name", "Surname", "E-Mail", "Mobile No.", "Country", "Notes", "email address", "Kunde"]
    assert guess(header) == ["externalId", "firstName", "lastName", "email", None, "region", None, None, "name"]


async def test_a_kill_between_parts_takes_nothing_in_twice(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = await backend.owner()
    monkeypatch.setattr(imports, "ROWS_OF_PART", 10)
    content = "id,name\n" + "".join(f"c-{n},Name {n}\n" for n in range(35)) + ",none\n"
    read = await owner.imports.upload(content.encode(), "a.csv")
    await owner.imports.start(read.id, Columns(columns=read.columns))
    units = await backend.units()
    assert await units.write(imports.step, read.id) is True

    class Killed(Exception):
        pass

    def dies(work: Any, id: str) -> None:
        imports.step(work, id)
        raise Killed

    with pytest.raises(Killed):
        await units.write(dies, read.id)
    half = await owner.imports.show(read.id)
    assert (half.done, half.made) == (10, 10)
    together = await asyncio.gather(*(units.write(imports.step, read.id) for _ in range(4)))
    assert True in together
    await backend.drain()
    done = await owner.imports.show(read.id)
    assert (done.state, done.done, done.made, done.refused) == ("DONE", 36, 35, 1)
    assert len(await rows(backend)) == 35
    left = await units.read(lambda work: work.session.scalar(select(func.count(ImportPart.number))))
    assert left == 0, "what was read is not kept"


async def test_cancelling_and_erasing_forget_rows(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = await backend.owner()
    monkeypatch.setattr(imports, "ROWS_OF_PART", 2)
    content = "id,name,email\nc-1,One,1@example.com\nc-2,Two,wrong\nc-1,Uno,wrong\nc-3,Three,\nc-1,Eins,\n"
    read = await owner.imports.upload(content.encode(), "a.csv")
    await owner.imports.start(read.id, Columns(columns=read.columns))
    units = await backend.units()
    await units.write(imports.step, read.id)
    await units.write(imports.step, read.id)
    await owner.customers.erase("c-1")
    kept = await units.read(
        lambda work: str(
            [
                *work.session.scalars(select(ImportPart.rows)),
                *work.session.scalars(select(ImportRefusal.cells)),
            ]
        )
    )
    assert "Eins" not in kept
    assert "Uno" not in kept
    assert "Two" in kept
    cancelled = await owner.imports.cancel(read.id)
    assert (cancelled.state, cancelled.done) == ("CANCELLED", 4)
    with pytest.raises(ApiError) as over:
        await owner.imports.cancel(read.id)
    assert over.value.code == "OVER"
    await backend.drain()
    assert sorted(id for id in await rows(backend) if id.startswith("c-")) == ["c-3"]
    month = backend.clock.advance(days=31)
    assert await units.write(imports.forget_rows, month - timedelta(days=32)) == 0
    assert await units.write(imports.forget_rows, month - timedelta(days=30)) == 1
    assert (await units.read(imports.list_imports, limit=9)).items == []


@ONLY_SQLITE
async def test_many_rows_in_bounded_memory(backend: Backend) -> None:
    owner = await backend.owner()

    async def file() -> AsyncIterator[bytes]:
        yield b"id,name,email,phone,region,orders\n"
        for start in range(0, 20_000, 1_000):
            numbers = range(start, start + 1_000)
            yield "".join(f"c-{n},Name {n},n{n}@example.com,+91 98 {n:06},IN-KA,{n % 50}\n" for n in numbers).encode()

    tracemalloc.start()
    read = await owner.imports.upload(file(), "large.csv")
    assert read.rows == 20_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * 2**20, f"{peak / 2**20:.0f} MiB"
    await owner.imports.start(read.id, Columns(columns=read.columns))
    units = await backend.units()
    for _ in range(12):
        assert await units.write(imports.step, read.id)
    half = await owner.imports.show(read.id)
    assert (half.done, half.made, half.state) == (3_000, 3_000, "RUNNING")
