"""The past of the flow rules, for a dry run of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import or_, select

from backend.customers.models import Customer
from backend.retention.models import RetentionRun
from backend.rules.history import HISTORY, History, PastPage
from backend.rules.replay import Case
from backend.settings import Settings
from backend.work import Work

_PAGE = 500


def past_runs(work: Work, _settings: Settings, since: datetime, after: Any) -> PastPage:
    """The runs since `since`, oldest first, each with the facts that its rules saw.

    Points are those of the offer that came first; where none was shown, no offer is asked about.
    """
    run = RetentionRun
    query = select(run, Customer.name).join(Customer, Customer.id == run.customer_id)
    query = query.where(run.business_id == work.business_id, run.started_at >= since, run.group == "TREATED")
    if after is not None:
        at, id = after
        query = query.where(or_(run.started_at > at, (run.started_at == at) & (run.id > id)))
    rows = work.session.execute(query.order_by(run.started_at, run.id).limit(_PAGE)).all()
    last = rows[-1][0] if len(rows) == _PAGE else None
    return PastPage([_case(run, name) for run, name in rows], (last.started_at, last.id) if last else None)


def _case(run: RetentionRun, name: str) -> Case:
    told = {**run.facts, "reason": run.reason, "follow_up": run.follow_up}
    first = run.ranking[0] if run.ranking else None
    about = {} if first is None else {"offer": first["offerType"], "percent": first["params"].get("percent")}
    about |= {} if first is None else {"months": first["params"].get("months")}
    return Case(run.id, told, name or run.id, {"offers": told | about if about else {}})


HISTORY["flow"] = History(
    "The runs of customers who might have been offered something in these days, each with the facts of its beginning and "
    "the reason that was told; points are those of the offer that came first. Limits and learning are not replayed.",
    past_runs,
)
