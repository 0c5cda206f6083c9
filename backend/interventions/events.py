"""What happens to an intervention. Each event's state is the InterventionRead after it."""

from backend.events.event import Event


class InterventionOpened(Event, type="intervention.opened"):
    """Somebody, a risk or a playbook asks for it. data: origin, type, priority."""


class InterventionChanged(Event, type="intervention.changed"):
    """data: changes {field: [before, after]}."""


class InterventionCompleted(Event, type="intervention.completed"):
    """It was done. data: changes, outcome."""


class InterventionCancelled(Event, type="intervention.cancelled"):
    """It will not be done. data: changes, reason?."""


class InterventionOverdue(Event, type="intervention.overdue"):
    """It was due and is not done: told once for each due instant. data: dueDate, type."""
