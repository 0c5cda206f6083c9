"""What identity forgets in time."""

from datetime import timedelta

from sqlalchemy import delete, exists, select

from backend.core.pruning import AT_ONCE, prune
from backend.identity.models import IdempotentAnswer, RefreshToken, SignIn
from backend.work import Work


def forget_answers(work: Work, days: float) -> int:
    """Delete some answers to Idempotency-Keys that are older than `days`; how many."""
    before = work.now - timedelta(days=days)
    own = IdempotentAnswer.business_id == work.business_id
    return prune(work.session, IdempotentAnswer.key, own, IdempotentAnswer.created_at < before)


def forget_sign_ins(work: Work, days: float) -> int:
    """Delete some sign-ins that have been over for `days`, ended or with no token that holds; how many."""
    before = work.now - timedelta(days=days)
    holds = exists().where(RefreshToken.sign_in_id == SignIn.id, RefreshToken.expires_at >= before)
    is_over = (SignIn.ended_at < before) | (SignIn.ended_at.is_(None) & (SignIn.created_at < before) & ~holds)
    query = select(SignIn.id).where(SignIn.business_id == work.business_id, is_over).limit(AT_ONCE)
    found = list(work.session.scalars(query))
    if found:
        work.session.execute(delete(RefreshToken).where(RefreshToken.sign_in_id.in_(found)))
        work.session.execute(delete(SignIn).where(SignIn.business_id == work.business_id, SignIn.id.in_(found)))
    return len(found)
