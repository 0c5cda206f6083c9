"""What happens in Retention. A flow's state is the FlowRead after it, a run's the RunRead."""

from backend.events.event import Event


class FlowCreated(Event, type="flow.created"):
    """data: name, reason."""


class FlowChanged(Event, type="flow.changed"):
    """data: name, number, reason."""


class FlowActivated(Event, type="flow.activated"):
    """Customers may meet it from now on. data: name, number, reason."""


class FlowArchived(Event, type="flow.archived"):
    """data: name, reason."""


class RunStarted(Event, type="retention_run.started"):
    """A customer wants to cancel. data: flow, plan, channel."""


class RunMoved(Event, type="retention_run.moved"):
    """Another step is shown, or the reason was told. data: step, offer?, reason?."""


class RunDecided(Event, type="retention_run.decided"):
    """An offer was accepted or declined. data: offer, accepted."""


class RunEnded(Event, type="retention_run.ended"):
    """data: outcome, offer?, revenueSaved (major units, descriptive), currency."""
