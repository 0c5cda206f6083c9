"""What became of messages to staff, and of the channels that they leave by. No address is told here.

data of letters: kind, channelId, error?.
"""

from backend.events.event import Event


class LetterSent(Event, type="letter.sent", audience="admin"):
    """It went out."""


class LetterFailed(Event, type="letter.failed", audience="admin"):
    """It did not, and will not without somebody's doing."""


class LetterRetried(Event, type="letter.retried", audience="admin"):
    """Somebody wants it tried again."""


class ChannelAdded(Event, type="delivery_channel.added", audience="admin"):
    """There is another way out. data: kind, name."""


class ChannelChanged(Event, type="delivery_channel.changed", audience="admin"):
    """It is called otherwise, was stopped, or goes on. data: kind, name, isStopped."""


class ChannelRemoved(Event, type="delivery_channel.removed", audience="admin"):
    """It is gone. data: kind, name."""
