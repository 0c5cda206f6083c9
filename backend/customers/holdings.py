"""What is held of a customer, found by walking the tables: whatever points at a customer, or at what does.

So a new table is part of an export without anybody's doing. What no key leads to, a slice adds by `also_exports`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Table, false, or_, select, tuple_

from backend.core.rows import Base, table_of
from backend.customers.models import Customer
from backend.work import Work

Exporter = Callable[[Work, Customer], Mapping[str, Sequence[Mapping[str, Any]]]]
"""Rows by name of their table."""
EXPORTERS: list[Exporter] = []

BY_NAME = {"customer_id": "customers", "incidence_id": "incidences", "run_id": "retention_runs"}
"""Columns that point at a table also where no foreign key says so."""
LEFT_OUT: dict[str, str] = {}
"""`table` or `table.column` that an export leaves out, and why."""


def also_exports(exporter: Exporter) -> Exporter:
    """Ask `exporter` for what it holds of a customer in tables that no key leads to."""
    EXPORTERS.append(exporter)
    return exporter


def leaves_out(place: str, why: str) -> None:
    """An export leaves a table, or `table.column`, out."""
    LEFT_OUT[place] = why


class Way(NamedTuple):
    """How a table points at one that is about a customer."""

    columns: tuple[ColumnElement[Any], ...]
    parent: Table
    keys: tuple[ColumnElement[Any], ...]


def ways() -> dict[Table, list[Way]]:
    """Every table that is about customers, with how it leads to one; the customers themselves first."""
    about: dict[Table, list[Way]] = {table_of(Customer): []}
    known = 0
    while known != len(about):  # a table may point at one that comes after it
        known = len(about)
        for table in Base.metadata.sorted_tables:
            if table.name != Customer.__tablename__ and (found := _ways_of(table, about)):
                about[table] = found
    return about


def _ways_of(table: Table, about: Mapping[Table, Sequence[Way]]) -> list[Way]:
    found = [
        Way(tuple(key.columns), key.referred_table, tuple(one.column for one in key.elements))
        for key in table.foreign_key_constraints
        if key.referred_table in about and key.referred_table is not table
    ]
    by_key = {column for way in found for column in way.columns}
    for name, target in BY_NAME.items():
        parent = Base.metadata.tables[target]
        if name in table.c and table.c[name] not in by_key and parent in about and parent is not table:
            found.append(Way((table.c[name],), parent, (parent.c.id,)))
    return found


def rows_of(work: Work, customer: Customer) -> dict[str, list[dict[str, Any]]]:
    """Every row that is held of the customer, by table."""
    about = ways()
    held: dict[str, list[dict[str, Any]]] = {}
    for table in about:
        if table.name in LEFT_OUT:
            continue
        columns = [column for column in table.c if f"{table.name}.{column.name}" not in LEFT_OUT]
        query = select(*columns).where(_theirs(about, table, work.business_id, customer.id))
        rows = work.session.connection().execute(query.order_by(*table.primary_key)).mappings()
        held[str(table.name)] = [dict(row) for row in rows]
    for exporter in EXPORTERS:
        for name, more in exporter(work, customer).items():
            held.setdefault(name, []).extend(map(dict, more))
    return {name: rows for name, rows in held.items() if rows}


def _theirs(about: Mapping[Table, Sequence[Way]], table: Table, business_id: str, id: str) -> ColumnElement[bool]:
    if table.name == Customer.__tablename__:
        return (table.c.business_id == business_id) & (table.c.id == id)
    conditions: list[ColumnElement[bool]] = []
    for way in about[table]:
        if way.parent.name == Customer.__tablename__:
            conditions.append(way.columns[0] == id)
            continue
        parents = select(*way.keys).where(_theirs(about, way.parent, business_id, id))
        own = way.columns[0] if len(way.columns) == 1 else tuple_(*way.columns)
        conditions.append(own.in_(parents))
    mine = or_(false(), *conditions)
    return (table.c.business_id == business_id) & mine if "business_id" in table.c else mine
