"""What integrations forget in time."""

from datetime import timedelta

from backend.core.pruning import blank, prune
from backend.integrations.models import OutgoingCall, SyncRun, WebhookDelivery, WebhookPost
from backend.work import Work


def forget_sent(work: Work, days: float) -> int:
    """Delete some calls that were made longer than `days` ago; how many. What failed stays, for somebody to see to it."""
    own, before = OutgoingCall.business_id == work.business_id, work.now - timedelta(days=days)
    return prune(work.session, OutgoingCall.id, own, OutgoingCall.state == "SENT", OutgoingCall.settled_at < before)


def forget_bodies(work: Work, days: float) -> int:
    """Empty some webhooks that were understood longer than `days` ago; how many. Their keys stay: each came once."""
    row, before = WebhookDelivery, work.now - timedelta(days=days)
    where = (row.business_id == work.business_id, row.processed_at < before, row.body != b"")
    return blank(work.session, row.id, {"body": b"", "headers": {}}, *where)


def forget_posts(work: Work, days: float) -> int:
    """Delete some webhooks that endpoints got, or never got, longer than `days` ago; how many."""
    own, before = WebhookPost.business_id == work.business_id, work.now - timedelta(days=days)
    return prune(
        work.session, WebhookPost.id, own, WebhookPost.state.in_(("SENT", "DEAD")), WebhookPost.settled_at < before
    )


def forget_runs(work: Work, days: float) -> int:
    """Delete some readings that ended longer than `days` ago; how many."""
    own, before = SyncRun.business_id == work.business_id, work.now - timedelta(days=days)
    return prune(work.session, SyncRun.id, own, SyncRun.ended_at < before)
