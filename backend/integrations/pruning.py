"""What integrations forget in time."""

from datetime import datetime

from backend.core.pruning import Step, again, blank, forgets, prune
from backend.integrations.importing import imports
from backend.integrations.models import OutgoingCall, SyncRun, WebhookDelivery, WebhookPost
from backend.work import Work


@forgets("sentCalls", "Calls to chat platforms that were made")
def forget_sent(work: Work, before: datetime, place: str) -> Step:
    """Delete calls that were made. What failed stays, for somebody to see to it."""
    row = OutgoingCall
    own = row.business_id == work.business_id
    return again(prune(work.session, row.id, own, row.state == "SENT", row.settled_at < before))


@forgets("webhooks", "Bodies of chat platforms' webhooks")
def forget_bodies(work: Work, before: datetime, place: str) -> Step:
    """Empty webhooks that were understood. Their keys stay: each came once."""
    row = WebhookDelivery
    where = (row.business_id == work.business_id, row.processed_at < before, row.body != b"")
    return again(blank(work.session, row.id, {"body": b"", "headers": {}}, *where))


@forgets("posts", "Webhooks that endpoints got, or never got")
def forget_posts(work: Work, before: datetime, place: str) -> Step:
    """Delete posts that are settled."""
    row = WebhookPost
    own = row.business_id == work.business_id
    return again(prune(work.session, row.id, own, row.state.in_(("SENT", "DEAD")), row.settled_at < before))


@forgets("syncRuns", "Readings of other systems")
def forget_runs(work: Work, before: datetime, place: str) -> Step:
    """Delete readings that ended."""
    return again(prune(work.session, SyncRun.id, SyncRun.business_id == work.business_id, SyncRun.ended_at < before))


@forgets("imports", "Reports of imports, and rows that nobody brought in")
def forget_imports(work: Work, before: datetime, place: str) -> Step:
    """Tidy imports up that nobody began, and what was refused."""
    return again(imports.forget_rows(work, before))
