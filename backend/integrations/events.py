"""What became of what we wanted a platform to do. The state is an OutgoingRead.

data: outgoingId, messageSeq (the seq of the event that wanted it), kind, platform, error?.
"""

from backend.events.event import Event


class OutgoingSent(Event, type="outgoing.sent"):
    """It is on the platform. Told of messages to customers."""


class OutgoingFailed(Event, type="outgoing.failed"):
    """It is not, and will not be without somebody's doing."""


class OutgoingRetried(Event, type="outgoing.retried"):
    """Somebody wants it tried again."""


class IntegrationChanged(Event, type="integration.changed", audience="admin"):
    """Connected, changed or disconnected. The state is an IntegrationRead; None when it is gone."""


class ImportReady(Event, type="import.ready", audience="admin"):
    """A file of customers was read. State: ImportRead without header and problems. data: filename."""


class ImportStarted(Event, type="import.started", audience="admin"):
    """Its customers are being brought in."""


class ImportEnded(Event, type="import.ended", audience="admin"):
    """It is done, or was cancelled."""


class WebhookDead(Event, type="webhook.dead", audience="admin"):
    """An endpoint could not be told something, and is not tried any more. State: PostRead. data: integrationId."""
