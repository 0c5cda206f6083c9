"""The churn risk of a case is its customer's, as it was calculated last."""

from collections.abc import Collection

from sqlalchemy import bindparam, select

from backend.core.rows import table_of
from backend.incidences.models import Incidence
from backend.risk import keeping
from backend.risk.models import CustomerRisk
from backend.work import Work

HIGH_CHURN = 70
"""From which score on the queue's view has a case."""

_CASES, _RISKS = table_of(Incidence).c, table_of(CustomerRisk).c

SCORE = (
    select(_RISKS.score)
    .where(_RISKS.business_id == _CASES.business_id, _RISKS.customer_id == _CASES.customer_id)
    .correlate(table_of(Incidence))
    .scalar_subquery()
)
"""Of a row of incidences; None when nothing is known of the customer."""

_OF_ONE = select(_RISKS.score).where(
    _RISKS.business_id == bindparam("business"), _RISKS.customer_id == bindparam("customer")
)


def score_of(work: Work, customer_id: str) -> int | None:
    """The score of one customer, 0 to 100; None when nothing is known of them."""
    which = {"business": work.business_id, "customer": customer_id}
    score: int | None = work.session.connection().execute(_OF_ONE, which).scalar()
    return score


@keeping.also_watches
def with_open_cases(work: Work, customer_ids: Collection[str]) -> Collection[str]:
    """The queue shows the score of who has an open case."""
    theirs = _CASES.customer_id.in_(list(customer_ids)), _CASES.status != "CLOSED"
    query = select(_CASES.customer_id).where(_CASES.business_id == work.business_id, *theirs)
    return set(work.session.connection().execute(query).scalars())
