"""What happens to jobs that a person may care about."""

from backend.events.event import Event


class JobDied(Event, type="dead_letter.recorded", audience="admin"):
    """A job failed for good."""


class DeadLetterReplayed(Event, type="dead_letter.replayed", audience="admin"):
    """A dead letter's job was given one more attempt."""
