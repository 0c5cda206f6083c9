"""What the ranking knows: each night, outcomes become counts of wins and losses."""

from collections import defaultdict
from typing import Any

from sqlalchemy import delete, select

from backend.billing.models import Subscription
from backend.retention import rewards
from backend.retention.holdout import TREATED
from backend.retention.models import OfferArm, RetentionRun, RunReward
from backend.retention.ranking.arms import Counts
from backend.work import Work

_BY_DAYS = (90, 30, 7)
"""What a run is judged by: the longest of these that has passed."""


def count_arms(work: Work) -> int:
    """Make the counts anew, of every definitive run in which the ranking chose; how many those are.

    A run counts for the offer that came first.
    """
    counts: dict[tuple[str, str], Counts] = defaultdict(Counts)
    judged = 0
    for run, days, net, price, is_win, canceled_at in _judged(work):
        if not run.ranking or run.ranking[0]["propensity"] is None:
            continue  # a person chose: nobody else's outcomes would be like theirs
        judged += 1
        value = rewards.worth(run, days, net, price, canceled_at)
        counts[run.segment, run.ranking[0]["offer"]] += Counts(float(is_win), float(not is_win), value)
    mine = OfferArm.business_id == work.business_id
    work.session.execute(delete(OfferArm).where(mine).execution_options(synchronize_session=False))
    work.session.expire_all()
    for (segment, offer), sum in sorted(counts.items()):
        row = OfferArm(
            segment=segment, offer=offer, wins=sum.wins, losses=sum.losses, value=sum.value, updated_at=work.now
        )
        work.add(row)
    return judged


def _judged(work: Work) -> list[tuple[Any, int, int, int, bool, Any]]:
    """Each run once, with its most mature reward."""
    columns = (
        *(RetentionRun.id, RetentionRun.segment, RetentionRun.ranking, RetentionRun.outcome, RetentionRun.started_at),
        *(RunReward.days, RunReward.net_paid, RunReward.list_price, RunReward.is_win, Subscription.canceled_at),
    )
    mine = (RetentionRun.business_id == work.business_id) & (RunReward.business_id == work.business_id)
    query = (
        select(*columns)
        .join(RunReward, RunReward.run_id == RetentionRun.id)
        .join(Subscription, Subscription.id == RetentionRun.subscription_id)
        .where(mine, RetentionRun.group == TREATED, RetentionRun.superseded_by.is_(None), RetentionRun.segment != "")
        .where(RunReward.days.in_(_BY_DAYS))
    )
    best: dict[str, Any] = {}
    for row in work.session.execute(query):
        if row.id not in best or best[row.id].days < row.days:
            best[row.id] = row
    return [(row, row.days, row.net_paid, row.list_price, row.is_win, row.canceled_at) for row in best.values()]
