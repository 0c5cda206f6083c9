"""What risk forgets in time. The latest score of each customer stays, and what is true now."""

from datetime import datetime

from sqlalchemy import delete, func, select

from backend.core import pruning
from backend.core.pruning import Step, forgets
from backend.core.rows import table_of
from backend.risk.models import CustomerRisk, RiskScore
from backend.work import Work

_RISKS, _SCORES = table_of(CustomerRisk).c, table_of(RiskScore)


@forgets("riskScores", "Scores that customers came to, but the latest of each")
def forget_scores(work: Work, before: datetime, place: str) -> Step:
    """Delete scores customer by customer, each along the index of their history."""
    connection, own = work.session.connection(), work.business_id
    after = select(_RISKS.customer_id).where(_RISKS.business_id == own, _RISKS.customer_id > place)
    ids = list(connection.execute(after.order_by(_RISKS.customer_id).limit(pruning.AT_ONCE)).scalars())
    if not ids:
        return 0, None
    columns, mine = _SCORES.c, (_SCORES.c.business_id == own) & _SCORES.c.customer_id.in_(ids)
    latest = select(func.max(columns.id)).where(mine).group_by(columns.customer_id)
    old = mine & (columns.calculated_at < before) & columns.id.not_in(latest)
    count = connection.execute(delete(_SCORES).where(old)).rowcount
    return count, ids[-1] if len(ids) == pruning.AT_ONCE else None
