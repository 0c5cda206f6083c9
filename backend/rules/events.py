"""What happens to rule sets."""

from backend.events.event import Event


class RulesPublished(Event, type="rules.published"):
    """A version came into force. state: the rule set; data: kind, version before and after, reason."""


class DataForgotten(Event, type="data.forgotten", audience="admin"):
    """What was kept long enough is gone. data: rows {what: how many}."""
