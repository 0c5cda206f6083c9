"""The mail that tells owners and admins what is new among the recommendations; once for each."""

from collections.abc import Collection

from sqlalchemy import select

from backend.delivery import service as delivery
from backend.delivery.address import Kind
from backend.delivery.channels import ways
from backend.finance import keeping
from backend.finance.models import Recommendation
from backend.identity.models import Member, User
from backend.identity.permissions import ADMIN
from backend.identity.service import business_of
from backend.rules.shipped.readiness import LABELS
from backend.work import Work


def send(work: Work, installed: Collection[Kind]) -> int:
    """Write a letter to each owner and admin about what waits and nobody was told of; how many letters.

    Nothing is written, and it stays untold, while the business has no way to send mail (`installed` are the ways of the
    installation).
    """
    mine = (Recommendation.business_id == work.business_id) & (Recommendation.status == "pending")
    query = select(Recommendation).where(mine, Recommendation.told_at.is_(None)).with_for_update()
    rows = list(work.session.scalars(query.order_by(Recommendation.impact.desc(), Recommendation.id.desc())))
    if not rows or "EMAIL" not in ways(work, installed):
        return 0
    name, readers = business_of(work).name, _readers(work)
    text = _text(work, rows)
    many = "a new recommendation" if len(rows) == 1 else f"{len(rows)} new recommendations"
    for member_id, email in readers:
        cause = f"finance-digest:{member_id}:{rows[0].id}:{len(rows)}"
        delivery.post(work, to=email, subject=f"{name}: {many}", text=text, cause=cause)
    for row in rows:
        row.told_at = work.now
    work.session.flush()
    return len(readers)


def _readers(work: Work) -> list[tuple[str, str]]:
    mine = (Member.business_id == work.business_id) & Member.removed_at.is_(None) & Member.role.in_(ADMIN.roles)
    query = select(Member.id, User.email).join(User, User.id == Member.user_id).where(mine).order_by(Member.id)
    return [(id, email) for id, email in work.session.execute(query)]


def _text(work: Work, rows: list[Recommendation]) -> str:
    _, _, _, rated = keeping.rated_now(work)
    parts = [f"Readiness is {rated.score} of 100: {LABELS[rated.tier].lower()}."]
    parts += [
        f"{row.title} ({row.priority} priority, +{row.impact} points)\n{row.reason}\n{row.action}" for row in rows
    ]
    parts.append("Accept or dismiss them in the console (g f), or with `holdfast finance recommendations`.")
    return "\n\n".join(parts)
