"""What the copilot forgets in time."""

from datetime import datetime

from sqlalchemy import select

from backend.copilot.conversations import drop
from backend.copilot.models import Conversation
from backend.core import pruning
from backend.core.pruning import Step, again, forgets
from backend.work import Work


@forgets("conversations", "Conversations with the copilot")
def forget_conversations(work: Work, before: datetime, place: str) -> Step:
    """Drop conversations in which nothing was said since, whosever they are."""
    is_over = (Conversation.business_id == work.business_id) & (Conversation.updated_at < before)
    ids = list(work.session.scalars(select(Conversation.id).where(is_over).limit(pruning.AT_ONCE)))
    drop(work, ids)
    return again(len(ids))
