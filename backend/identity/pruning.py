"""What identity forgets in time."""

from datetime import datetime, timedelta

from sqlalchemy import delete, exists, select

from backend.core import pruning
from backend.core.pruning import Step, again, forgets, prune
from backend.identity.models import IdempotentAnswer, Invitation, OutsideAttempt, PasswordReset, RefreshToken, SignIn
from backend.work import Work

INVITATIONS = timedelta(days=90)
"""How long after they expired invitations are kept, accepted or not."""


@forgets("answers", "Answers to repeated requests")
def forget_answers(work: Work, before: datetime, place: str) -> Step:
    """Delete answers to Idempotency-Keys."""
    own = IdempotentAnswer.business_id == work.business_id
    return again(prune(work.session, IdempotentAnswer.key, own, IdempotentAnswer.created_at < before))


@forgets("signIns", "Sign-ins that are over, and their refresh tokens")
def forget_sign_ins(work: Work, before: datetime, place: str) -> Step:
    """Delete sign-ins that have been over since then, ended or with no token that holds; and of those that go on, tokens
    that were exchanged and would have expired by then."""
    holds = exists().where(RefreshToken.sign_in_id == SignIn.id, RefreshToken.expires_at >= before)
    is_over = (SignIn.ended_at < before) | (SignIn.ended_at.is_(None) & (SignIn.created_at < before) & ~holds)
    query = select(SignIn.id).where(SignIn.business_id == work.business_id, is_over).limit(pruning.AT_ONCE)
    found = list(work.session.scalars(query))
    if found:
        work.session.execute(delete(RefreshToken).where(RefreshToken.sign_in_id.in_(found)))
        work.session.execute(delete(SignIn).where(SignIn.business_id == work.business_id, SignIn.id.in_(found)))
    spent = (RefreshToken.used_at.is_not(None)) & (RefreshToken.expires_at < before)
    query = select(RefreshToken.fingerprint).join(SignIn, SignIn.id == RefreshToken.sign_in_id)
    old = list(work.session.scalars(query.where(SignIn.business_id == work.business_id, spent).limit(pruning.AT_ONCE)))
    if old:
        work.session.execute(delete(RefreshToken).where(RefreshToken.fingerprint.in_(old)))
    return len(found), "" if found or old else None


def forget_attempts(work: Work) -> None:
    """Delete what was asked for without being signed in and no longer holds; an hour's limit needs the last day at most.
    And invitations that are over: the address of who never came is nobody's business any more."""
    before = work.now - timedelta(days=1)
    for model in (PasswordReset, OutsideAttempt):
        work.session.execute(delete(model).where(model.expires_at < before))
    work.session.execute(delete(Invitation).where(Invitation.expires_at < work.now - INVITATIONS))
