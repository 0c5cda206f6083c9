"""The numbers that cases of a business are called by."""

from sqlalchemy import bindparam, update

from backend.core.rows import table_of
from backend.identity.models import Business
from backend.identity.service import Place, remember_place
from backend.work import Work

_BUSINESSES = table_of(Business)
_NEXT_NUMBER = (
    update(_BUSINESSES)
    .where(_BUSINESSES.c.id == bindparam("business"))
    .values(next_number=_BUSINESSES.c.next_number + 1)
    .returning(_BUSINESSES.c.next_number - 1, _BUSINESSES.c.currency, _BUSINESSES.c.time_zone)
)


def next_number(work: Work) -> tuple[int, str]:
    """The next number of the business, now taken, and its currency; its zone is remembered as well."""
    number, currency, zone = work.session.connection().execute(_NEXT_NUMBER, {"business": work.business_id}).one()
    remember_place(work.session, work.business_id, Place(currency, zone))
    return number, currency
