"""Erasing a customer takes along the rows of files that name them."""

from collections.abc import Sequence

import orjson
from sqlalchemy import Text, cast, delete, or_, select

from backend.customers.erasure import also_erases
from backend.customers.models import Customer
from backend.integrations.models import ImportPart, ImportRefusal
from backend.work import Work


@also_erases
def forget_rows(work: Work, customer: Customer, known_as: Sequence[str]) -> None:
    """Forget refused rows of theirs, and empty those that were not read yet."""
    names = set(known_as)
    marks = [orjson.dumps(name).decode() for name in known_as]
    refused = or_(
        ImportRefusal.external_id.in_(names),
        *(cast(ImportRefusal.cells, Text).contains(mark, autoescape=True) for mark in marks),
    )
    work.session.execute(
        delete(ImportRefusal)
        .where(ImportRefusal.business_id == work.business_id, refused)
        .execution_options(synchronize_session=False)
    )
    holds = or_(*(cast(ImportPart.rows, Text).contains(mark, autoescape=True) for mark in marks))
    for part in work.session.scalars(select(ImportPart).where(ImportPart.business_id == work.business_id, holds)):
        part.rows = [[line, [] if names & set(cells) else cells] for line, cells in part.rows]
