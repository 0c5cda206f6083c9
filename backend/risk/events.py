"""What happens to the risk of a customer."""

from backend.events.event import Event


class RiskChanged(Event, type="risk.changed"):
    """The score has entered another level. State: the RiskRead. data: score and level, each [before, after], factors."""
