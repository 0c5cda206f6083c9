"""Imports of customers: kept in parts, tried, begun, brought in part by part, ended. What a part changes and that it was
read is one transaction, so a kill takes nothing in twice.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, BinaryIO

from sqlalchemy import delete, select

from backend.core.databases import insert_into
from backend.core.errors import Conflict, Unprocessable
from backend.core.ids import new_id
from backend.core.rows import table_of
from backend.core.text import clean_line
from backend.core.wire import Page
from backend.customers import service as customers
from backend.customers.models import Customer
from backend.customers.profile import FIELDS
from backend.integrations import events
from backend.integrations.importing import sheet
from backend.integrations.importing.fields import Row, check_columns, guess, read_row
from backend.integrations.importing.schemas import ColumnField, ImportRead, Problem, Shown, Tried
from backend.integrations.models import CustomerImport, ImportPart, ImportRefusal
from backend.unit import Units
from backend.work import Work

ROWS_OF_PART = 250
"""Few enough that nobody waits long behind one, for on SQLite there is one writer."""
PARTS_AT_ONCE = 8
"""That are kept, or looked at, in one unit."""
SHOWN = 10
MOST_PROBLEMS = 1_000
_FIRST_PROBLEMS = 20
_JOB = "integrations.run_import"
_BLANK: dict[str, Any] = {
    "name": "", "email": None, "phone": None, "language": "en", "region": None, "tier": "BRONZE", "past_order_count": 0,
    "last_order_date": None, "email_opt_out": False,
}  # fmt: skip
assert _BLANK.keys() == set(FIELDS)


def parts_of(file: BinaryIO, found: sheet.Sheet) -> Iterator[list[sheet.Line]]:
    """The rows of a file, some at a time."""
    lines = sheet.rows(file, found)
    while part := list(islice(lines, ROWS_OF_PART)):
        yield part


def begin(work: Work, filename: str, found: sheet.Sheet, member_id: str | None) -> str:
    """An import whose parts are still to come; its id."""
    row = CustomerImport(
        id=new_id(),
        filename=clean_line(filename)[:200] or "customers.csv",
        state="READING",
        header=found.header,
        encoding=found.encoding,
        separator=found.separator,
        columns=guess(found.header),
        created_at=work.now,
        member_id=member_id,
    )
    return work.add(row).id


def keep_parts(work: Work, id: str, parts: Sequence[Sequence[sheet.Line]]) -> None:
    """Add some parts."""
    row = work.get(CustomerImport, id, "import")
    for lines in parts:
        work.add(ImportPart(import_id=id, number=row.parts, rows=[[line.number, line.cells] for line in lines]))
        row.parts, row.rows = row.parts + 1, row.rows + len(lines)


def kept(work: Work, id: str) -> ImportRead:
    """All parts are here. Unprocessable when there is none."""
    row = work.get(CustomerImport, id, "import")
    if not row.rows:
        raise Unprocessable("There are no rows below the first line.", code="NO_TABLE")
    row.state = "READY"
    return _told(work, row, events.ImportReady)


def drop(work: Work, id: str) -> None:
    """Forget an import that could not be read."""
    _drop_parts(work, id)
    work.session.execute(
        delete(CustomerImport).where(CustomerImport.business_id == work.business_id, CustomerImport.id == id)
    )


# -- trying


async def dry_run(units: Units, id: str, columns: Sequence[ColumnField | None]) -> Tried:
    """What the import would do with these columns; nothing is done. Conflict when its rows are gone."""
    count = await units.read(_ready, id, columns)
    tried = Tried(rows=0, good=0, refused=0, repeated=0, shown=[], problems=[])
    seen: set[str] = set()
    for number in range(0, count, PARTS_AT_ONCE):
        for row in await units.read(_checked, id, number, columns):
            _count(tried, row, seen)
    return tried


def _count(tried: Tried, row: Row, seen: set[str]) -> None:
    tried.rows += 1
    if len(tried.shown) < SHOWN:
        tried.shown.append(Shown(line=row.line, external_id=row.external_id, fields=row.profile, reasons=row.reasons))
    if row.reasons:
        tried.refused += 1
        if len(tried.problems) < MOST_PROBLEMS:
            tried.problems.append(Problem(line=row.line, reason="; ".join(row.reasons)))
        return
    tried.good += 1
    tried.repeated += row.external_id in seen
    seen.add(row.external_id)


def _ready(work: Work, id: str, columns: Sequence[ColumnField | None]) -> int:
    """How many parts there are to be read."""
    row = work.get(CustomerImport, id, "import")
    if row.state != "READY":
        raise Conflict(f"This import is {row.state.lower()}: import the file again.", code="NOT_READY", state=row.state)
    check_columns(columns, row.header)
    return row.parts


def _checked(work: Work, id: str, number: int, columns: Sequence[ColumnField | None]) -> list[Row]:
    """The rows of some parts from a number on."""
    some = (ImportPart.import_id == id, ImportPart.number >= number, ImportPart.number < number + PARTS_AT_ONCE)
    found = work.session.scalars(
        select(ImportPart.rows).where(ImportPart.business_id == work.business_id, *some).order_by(ImportPart.number)
    )
    return [read_row(columns, line, cells) for rows in found for line, cells in rows]


# -- doing


def start(work: Work, id: str, columns: Sequence[ColumnField | None]) -> ImportRead:
    """Bring it in. Conflict when that was begun before."""
    row = work.get(CustomerImport, id, "import")
    work.session.refresh(row, with_for_update=True)
    _ready(work, id, columns)
    row.columns, row.state, row.started_at = list(columns), "RUNNING", work.now
    work.enqueue(_JOB, key=f"import:{id}", import_id=id)
    return _told(work, row, events.ImportStarted)


def step(work: Work, id: str) -> bool:
    """Read one part. False when there is nothing more to do."""
    row = work.session.get(CustomerImport, id, with_for_update=True)
    if row is None or row.business_id != work.business_id or row.state != "RUNNING":
        return False
    part = work.session.get(ImportPart, (id, row.part))
    if part is not None:
        found = [(read_row(row.columns, line, cells), cells) for line, cells in part.rows]
        for refused, cells in found:
            if refused.reasons:
                _refuse(work, id, refused, cells)
        good = [one for one, _ in found if not one.reasons]
        made, changed = _bring_in(work, good)
        row.made, row.changed, row.refused = (
            row.made + made,
            row.changed + changed,
            row.refused + len(found) - len(good),
        )
        row.done += len(found)
        work.session.delete(part)
    row.part += 1
    if row.part < row.parts:
        return True
    row.state, row.ended_at = "DONE", work.now
    _told(work, row, events.ImportEnded)
    return False


def _refuse(work: Work, id: str, row: Row, cells: list[str]) -> None:
    values = {"import_id": id, "business_id": work.business_id, "line": row.line, "reason": "; ".join(row.reasons)}
    values |= {"cells": cells, "external_id": row.external_id[:128] or None}
    work.session.execute(insert_into(ImportRefusal, work.session).values(values).on_conflict_do_nothing())


def _bring_in(work: Work, rows: Sequence[Row]) -> tuple[int, int]:
    """How many customers were made, and how many of those that were there are others now. All that are there are held
    in one order before the first event, as everybody does."""
    wanted: dict[str, dict[str, Any]] = {}
    for row in rows:  # the last one about somebody counts, where it says something
        wanted[row.external_id] = wanted.get(row.external_id, {}) | row.profile
    if not wanted:
        return 0, 0
    there = {customer.external_id for customer in _held(work, list(wanted))}
    fresh = [name for name in wanted if name not in there]
    made = set(_insert(work, {name: wanted[name] for name in fresh})) if fresh else set()
    left = [name for name in wanted if name not in made]
    changed = sum(
        bool(customers.merge_profile(work, customer, wanted[customer.external_id])) for customer in _held(work, left)
    )
    return len(made), changed


def _held(work: Work, names: Sequence[str]) -> Sequence[Customer]:
    query = select(Customer).where(Customer.business_id == work.business_id, Customer.external_id.in_(names))
    return work.session.scalars(query.order_by(Customer.id).with_for_update(key_share=True)).all() if names else []


def _insert(work: Work, wanted: dict[str, dict[str, Any]]) -> Sequence[str]:
    """The external ids of those that were made; somebody else may have been faster with others."""
    own = {"business_id": work.business_id, "created_at": work.now, "version": 1}
    values = [{"id": new_id(), "external_id": name, **own, **_BLANK, **wanted[name]} for name in wanted]
    # One row to the statement, as it is built: a statement for all of them would be compiled anew each time.
    statement = insert_into(table_of(Customer), work.session).on_conflict_do_nothing()
    connection = work.session.connection()
    return connection.execute(statement.returning(table_of(Customer).c.external_id), values).scalars().all()


def cancel(work: Work, id: str) -> ImportRead:
    """Stop it, and forget its rows. What was brought in stays. Conflict when it is over."""
    row = work.get(CustomerImport, id, "import")
    work.session.refresh(row, with_for_update=True)
    if row.state not in ("READY", "RUNNING"):
        raise Conflict(f"It is {row.state.lower()} already.", code="OVER", state=row.state)
    row.state, row.ended_at = "CANCELLED", work.now
    _drop_parts(work, id)
    return _told(work, row, events.ImportEnded)


def _drop_parts(work: Work, id: str) -> None:
    work.session.execute(
        delete(ImportPart)
        .where(ImportPart.business_id == work.business_id, ImportPart.import_id == id)
        .execution_options(synchronize_session=False)
    )


# -- looking


def show(work: Work, id: str) -> ImportRead:
    """One import. NotFound otherwise."""
    return _read(work, work.get(CustomerImport, id, "import"))


def list_imports(work: Work, *, limit: int) -> Page[ImportRead]:
    """The imports, the newest first."""
    mine = (CustomerImport.business_id == work.business_id, CustomerImport.state != "READING")
    query = select(CustomerImport).where(*mine).order_by(CustomerImport.created_at.desc(), CustomerImport.id.desc())
    return Page(items=[_read(work, row, problems=0) for row in work.session.scalars(query.limit(limit))])


def refusals(work: Work, id: str, after: int, limit: int) -> list[tuple[int, str, list[str]]]:
    """(line, reason, cells) of some refused rows after a line."""
    work.get(CustomerImport, id, "import")
    query = select(ImportRefusal).where(
        ImportRefusal.business_id == work.business_id, ImportRefusal.import_id == id, ImportRefusal.line > after
    )
    rows = work.session.scalars(query.order_by(ImportRefusal.line).limit(limit))
    return [(row.line, row.reason, row.cells) for row in rows]


def _read(work: Work, row: CustomerImport, *, problems: int = _FIRST_PROBLEMS) -> ImportRead:
    read = ImportRead.model_validate(row)
    if problems and row.refused:
        read.problems = [Problem(line=line, reason=why) for line, why, _ in refusals(work, row.id, -1, problems)]
    return read


def _told(work: Work, row: CustomerImport, event: type[Any]) -> ImportRead:
    work.session.flush()
    read = _read(work, row)
    state = read.model_dump(mode="json", by_alias=True, exclude={"problems", "header"})
    work.emit(event(subject_id=row.id, state=state, data={"filename": row.filename}))
    return read


def forget_rows(work: Work, before: Any) -> int:
    """Forget imports that nobody began, and what was refused, of before an instant; how many imports were tidied up."""
    stale = select(CustomerImport.id).where(
        CustomerImport.business_id == work.business_id,
        CustomerImport.created_at < before,
        CustomerImport.state.in_(("READING", "READY", "DONE", "CANCELLED", "FAILED")),
    )
    old = list(work.session.scalars(stale.order_by(CustomerImport.id).limit(20)))
    for id in old:
        _drop_parts(work, id)
        work.session.execute(
            delete(ImportRefusal).where(ImportRefusal.business_id == work.business_id, ImportRefusal.import_id == id)
        )
        drop(work, id)
    return len(old)
