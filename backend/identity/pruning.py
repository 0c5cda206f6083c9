"""What identity forgets in time."""

from datetime import datetime, timedelta

from sqlalchemy import delete, exists, select

from backend.core import pruning
from backend.core.pruning import Step, again, forgets, prune
from backend.identity.models import IdempotentAnswer, OutsideAttempt, PasswordReset, RefreshToken, SignIn
from backend.work import Work


@forgets("answers", "Answers to repeated requests")
def forget_answers(work: Work, before: datetime, place: str) -> Step:
    """Delete answers to Idempotency-Keys."""
    own = IdempotentAnswer.business_id == work.business_id
    return again(prune(work.session, IdempotentAnswer.key, own, IdempotentAnswer.created_at < before))


@forgets("signIns", "Sign-ins that are over, and their refresh tokens")
def forget_sign_ins(work: Work, before: datetime, place: str) -> Step:
    """Delete sign-ins that have been over since then, ended or with no token that holds."""
    holds = exists().where(RefreshToken.sign_in_id == SignIn.id, RefreshToken.expires_at >= before)
    is_over = (SignIn.ended_at < before) | (SignIn.ended_at.is_(None) & (SignIn.created_at < before) & ~holds)
    query = select(SignIn.id).where(SignIn.business_id == work.business_id, is_over).limit(pruning.AT_ONCE)
    found = list(work.session.scalars(query))
    if found:
        work.session.execute(delete(RefreshToken).where(RefreshToken.sign_in_id.in_(found)))
        work.session.execute(delete(SignIn).where(SignIn.business_id == work.business_id, SignIn.id.in_(found)))
    return again(len(found))


def forget_attempts(work: Work) -> None:
    """Delete what was asked for without being signed in and no longer holds; an hour's limit needs the last day at most."""
    before = work.now - timedelta(days=1)
    for model in (PasswordReset, OutsideAttempt):
        work.session.execute(delete(model).where(model.expires_at < before))
