"""What happens to alerts. One event for everybody whom one cause concerns; only they see it.

`data.memberIds` says whom; whoever is among them asks for their alerts anew. A delivery elsewhere (e-mail, chat)
subscribes to AlertsRaised.
"""

from backend.events.event import Event


class AlertsRaised(Event, type="alert.raised", private=True):
    """data: memberIds, alertIds (in the same order), kind, incidenceId."""


class AlertsRead(Event, type="alert.read", private=True):
    """They were read, or what they were about is over. data: memberIds, alertIds."""


class AlertsMuted(Event, type="alert.muted", private=True):
    """A member chose other kinds to hear nothing of. data: memberIds, kinds."""
