"""Another Stripe account than before: agreed to by name first, and what was read of the old one is put aside.

What is put aside stays to be read, under the old account's id, and counts for nothing any more: no metric, no monthly
revenue, no offer. Nobody is told that those subscriptions ended, for nobody knows. When the old account comes back, so
does everything of it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update

from backend.billing import repository
from backend.billing.models import (
    Balance,
    Charge,
    Dispute,
    FormerAccount,
    Invoice,
    Payout,
    Plan,
    Refund,
    StripeAccount,
    Subscription,
    TakingsDay,
)
from backend.billing.schemas import AccountNamed, FormerAccountRead
from backend.core.errors import Conflict
from backend.core.text import clean_line
from backend.work import Work

MIRRORED: tuple[Any, ...] = (Subscription, Invoice, Dispute, Charge, Refund, Payout, Plan)
"""What bears the id of the account that it is of, once that is none of ours any more."""


def name_of(shown: Mapping[str, Any]) -> str:
    """What people call an account, as Stripe shows it; "" when it says nothing."""
    for place in (shown.get("business_profile"), (shown.get("settings") or {}).get("dashboard")):
        told = place or {}
        if name := told.get("name") or told.get("display_name"):
            return clean_line(str(name))[:200]
    return clean_line(str(shown.get("email") or ""))[:200]


def titled(one: AccountNamed) -> str:
    """An account in a sentence."""
    return f"{one.name} ({one.account_id})" if one.name else one.account_id


def is_another(row: StripeAccount | None, id: str) -> bool:
    """Whether that account is another one than was connected last."""
    return row is not None and bool(row.stripe_account_id) and row.stripe_account_id != id


def refusal(last: AccountNamed, by: AccountNamed) -> Conflict:
    """What has to be agreed to before an account takes the place of the last one."""
    old, new = titled(last), titled(by)
    words = f"{new} is another Stripe account than was connected before, {old}. What was read of {old} stays to be"
    words += f" read, but counts for nothing any more. To agree, say that it replaces {last.account_id}. Nothing was changed."
    both = {"replaces": last.model_dump(by_alias=True), "by": by.model_dump(by_alias=True)}
    return Conflict(words, code="STRIPE_ACCOUNT_ANOTHER", **both)


def replace(work: Work, row: StripeAccount, id: str) -> datetime | None:
    """Put what was read of the last account aside, and take back what there is of this one, which was read up to the
    instant that is answered."""
    repository.lock_new(work.session, work.business_id, "takings")
    old = row.stripe_account_id
    mine = (FormerAccount.business_id == work.business_id) & FormerAccount.stripe_account_id.in_((old, id))
    was_left = work.session.scalar(select(FormerAccount.left_at).where(mine, FormerAccount.stripe_account_id == id))
    work.session.execute(delete(FormerAccount).where(mine))
    about = {"name": row.name, "connected_at": row.connected_at, "left_at": row.disconnected_at or work.now}
    work.add(FormerAccount(stripe_account_id=old, **about))
    for model in MIRRORED:
        _move(work, model, model.former_account.is_(None), former_account=old)
        _move(work, model, model.former_account == id, former_account=None)
    _move(work, Subscription, Subscription.former_account == old, mrr=0, version=Subscription.version + 1)
    _move(work, Plan, Plan.former_account == old, is_active=False)
    for sums in (TakingsDay, Balance):  # of the last account; made anew
        work.session.execute(delete(sums).where(sums.business_id == work.business_id))
    return was_left


def _move(work: Work, model: Any, *where: Any, **values: Any) -> None:
    statement = update(model).where(model.business_id == work.business_id, *where).values(**values)
    work.session.execute(statement.execution_options(synchronize_session=False))


def list_former(work: Work) -> list[FormerAccountRead]:
    """The accounts that were connected before, the last one first, with how much is kept of each."""
    rows = work.session.scalars(select(FormerAccount).where(FormerAccount.business_id == work.business_id)).all()
    subscriptions, charges = (_counts(work, model) if rows else {} for model in (Subscription, Charge))
    return [
        FormerAccountRead(
            account_id=row.stripe_account_id,
            name=row.name or "",
            connected_at=row.connected_at,
            left_at=row.left_at,
            subscriptions=subscriptions.get(row.stripe_account_id, 0),
            charges=charges.get(row.stripe_account_id, 0),
        )
        for row in sorted(rows, key=lambda row: row.left_at, reverse=True)
    ]


def read_until(work: Work) -> dict[str | None, datetime]:
    """When we stopped hearing of payments, by the account that they are of; None is the one of now. One that is read
    still has no entry."""
    query = select(FormerAccount.stripe_account_id, FormerAccount.left_at)
    found = work.session.execute(query.where(FormerAccount.business_id == work.business_id)).all()
    until: dict[str | None, datetime] = dict(found)
    row = repository.account(work.session, work.business_id)
    if row is not None and row.disconnected_at is not None:
        until[None] = row.disconnected_at
    return until


def _counts(work: Work, model: Any) -> dict[str, int]:
    of = model.former_account
    query = select(of, func.count()).where(model.business_id == work.business_id, of.is_not(None)).group_by(of)
    return {str(id): int(number) for id, number in work.session.execute(query)}


def named(id: str, name: str | None) -> AccountNamed:
    """An account by id and name."""
    return AccountNamed(account_id=id, name=name or "")
