"""What happens to the risk of a customer, and to what is said of it."""

from backend.events.event import Event


class RiskChanged(Event, type="risk.changed"):
    """The score has entered another level. State: the RiskRead. data: score and level, each [before, after], factors."""


class RiskMoved(Event, type="risk.moved"):
    """The score is another within its level, of a customer whose work shows it. State and data: those of RiskChanged."""


class ChurnChanged(Event, type="churn.changed"):
    """The probability to leave has entered another level. State: the PredictionRead. data: probability and level, each
    [before, after], causes."""


class ModelTrained(Event, type="churn_model.trained"):
    """A model was learned, taken or not. State: the ModelRead. data: target, number, kind, isActive, why."""


class ModelPutBack(Event, type="churn_model.put_back"):
    """An earlier version predicts again. State: the ModelRead. data: those of ModelTrained, before, reason."""
