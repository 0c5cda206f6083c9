"""The mirror of what moves money, written down as Stripe showed it: a hundred rows in one statement.

As everywhere in the mirror, a row takes nothing from a look that began before the one it has. Whatever changes a day's
sums takes that day's roll-up away in the same transaction, so that sums and rows never disagree.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select

from backend.billing import repository, takings_normal
from backend.billing.mirror import Outcome
from backend.billing.models import Balance, Charge, Payout, Refund, StripeEvent, TakingsDay
from backend.billing.normal import Raw
from backend.core.databases import insert_into
from backend.core.ids import new_id
from backend.core.rows import Base, table_of
from backend.work import Work

_DAY = timedelta(days=1)


def keep_charges(work: Work, shown: Sequence[Raw], look: int) -> Outcome:
    """Keep charges that a look showed."""
    return _keep(work, Charge, "stripe_charge_id", [takings_normal.charge(raw, work.now) for raw in shown], look)


def keep_refunds(work: Work, shown: Sequence[Raw], look: int) -> Outcome:
    """Keep refunds that a look showed."""
    return _keep(work, Refund, "stripe_refund_id", [takings_normal.refund(raw, work.now) for raw in shown], look)


def keep_payouts(work: Work, shown: Sequence[Raw], look: int) -> Outcome:
    """Keep payouts, and when each was seen to become paid: by the event that told, else now."""
    columns = [takings_normal.payout(raw, work.now) for raw in shown]
    lock(work)
    mine = Payout.business_id == work.business_id
    ids = [one["stripe_payout_id"] for one in columns]
    rows = {
        row.stripe_payout_id: row
        for row in work.session.scalars(select(Payout).where(mine, Payout.stripe_payout_id.in_(ids)))
    }
    is_changed = False
    for one in columns:
        row = rows.get(one["stripe_payout_id"])
        if row is None:
            row = Payout(**one, business_id=work.business_id, read_at=work.now, look=look)
            rows[row.stripe_payout_id] = row
            work.session.add(row)
            is_changed = True
            continue
        if row.look > look:
            continue
        if one["status"] == "paid" and row.status != "paid" and row.paid_at is None:
            row.paid_at = _told_paid(work, row.stripe_payout_id) or work.now
        for name, value in one.items():
            if getattr(row, name) != value:
                setattr(row, name, value)
                is_changed = True
        row.read_at, row.look = work.now, look
    work.session.flush()
    return "applied" if is_changed else "unchanged"


def keep_balance(work: Work, raw: Raw, look: int) -> Outcome:
    """What the account holds now; a currency that Stripe names no more holds nothing."""
    lock(work)
    shown = takings_normal.balance(raw)
    rows = work.session.scalars(select(Balance).where(Balance.business_id == work.business_id)).all()
    known = {row.currency: row for row in rows}
    for currency in sorted(shown.keys() | known.keys()):
        available, pending = shown.get(currency, (0, 0))
        row = known.get(currency)
        if row is None:
            values = {"currency": currency, "available": available, "pending": pending}
            work.add(Balance(**values, read_at=work.now, look=look))
        elif row.look <= look:
            row.available, row.pending, row.read_at, row.look = available, pending, work.now, look
    work.session.flush()
    return "applied"


def lock(work: Work) -> None:
    """Let nobody else change or roll up what was taken, until this unit has ended. The last lock that a unit takes."""
    repository.lock_new(work.session, work.business_id, "takings")


def forget_days(work: Work, instants: Iterable[datetime]) -> None:
    """Take the roll-ups of the days away that hold these instants, in whatever zone: the day before and after, too."""
    lock(work)
    days = {(at.astimezone(UTC).date() + _DAY * shift).isoformat() for at in instants for shift in (-1, 0, 1)}
    if days:
        mine = (TakingsDay.business_id == work.business_id) & TakingsDay.day.in_(sorted(days))
        work.session.execute(delete(TakingsDay).where(mine).execution_options(synchronize_session=False))


def unseen_charges(work: Work, ids: Sequence[str], look: int) -> list[str]:
    """Those of these charges that no look since `look` has shown."""
    mine = (Charge.business_id == work.business_id) & Charge.stripe_charge_id.in_(ids) & (Charge.look >= look)
    seen = set(work.session.scalars(select(Charge.stripe_charge_id).where(mine)))
    return [id for id in ids if id not in seen]


def unsettled_payouts(work: Work, look: int, after: str | None, limit: int) -> list[str]:
    """Payouts that may still change and that no look since `look` has shown: on their way, or paid a week ago at most."""
    mine = (Payout.business_id == work.business_id) & Payout.former_account.is_(None) & (Payout.look < look)
    may_change = Payout.status.in_(("pending", "in_transit")) | (
        (Payout.status == "paid") & (Payout.arrives_at > work.now - 7 * _DAY)
    )
    query = select(Payout.stripe_payout_id).where(mine, may_change, Payout.stripe_payout_id > (after or ""))
    return list(work.session.scalars(query.order_by(Payout.stripe_payout_id).limit(limit)))


def has_refunds(work: Work, charge_id: str) -> bool:
    """Whether a refund of the charge is known."""
    mine = (Refund.business_id == work.business_id) & (Refund.stripe_charge_id == charge_id)
    return work.session.scalar(select(Refund.id).where(mine).limit(1)) is not None


def _keep(work: Work, model: type[Base], key: str, shown: Sequence[Mapping[str, Any]], look: int) -> Outcome:
    """Insert what is new and change what is different, in one statement; the days of both are rolled up anew."""
    if not shown:
        return "unchanged"
    lock(work)
    table = table_of(model)
    names = list(shown[0])
    mine = (table.c.business_id == work.business_id) & table.c[key].in_([one[key] for one in shown])
    found = work.session.connection().execute(select(*(table.c[name] for name in names), table.c.look).where(mine))
    known = {row._mapping[key]: row._mapping for row in found}
    rows, touched = [], []
    for one in {one[key]: one for one in shown}.values():
        before = known.get(one[key])
        if before is not None and before["look"] > look:
            continue
        rows.append({**one, "id": new_id(), "business_id": work.business_id, "read_at": work.now, "look": look})
        if before is None or any(before[name] != one[name] for name in names):
            touched.append(one["created_at"])
    if not rows:
        return "unchanged"
    statement = insert_into(table, work.session)
    changes = {name: statement.excluded[name] for name in (*names, "read_at", "look") if name != key}
    statement = statement.on_conflict_do_update(index_elements=["business_id", key], set_=changes)
    work.session.connection().execute(statement, rows)
    forget_days(work, touched)
    return "applied" if touched else "unchanged"


def _told_paid(work: Work, id: str) -> datetime | None:
    mine = (StripeEvent.business_id == work.business_id) & (StripeEvent.object_id == id)
    query = select(StripeEvent.occurred_at).where(mine, StripeEvent.type == "payout.paid")
    return work.session.scalar(query.order_by(StripeEvent.occurred_at).limit(1))
