"""What becomes of help that was offered. Each event's state is the NotificationRead after it; data: cause, text, why.

When the customer has a case open, the event stands in its story.
"""

from backend.events.event import Event


class NotificationOffered(Event, type="notification.offered"):
    pass


class NotificationSeen(Event, type="notification.seen"):
    """The app has shown it."""


class NotificationDismissed(Event, type="notification.dismissed"):
    """The customer, or somebody for them, wants none of it."""


class NotificationAccepted(Event, type="notification.accepted"):
    """The customer wants the help: a case follows."""
