"""What happens to a business's readiness and to recommendations."""

from backend.events.event import Event


class ReadinessChanged(Event, type="readiness.changed"):
    """The score is another, or its tier is. State: ReadinessPoint. data: score and tier, each [before, after]."""


class RecommendationMade(Event, type="recommendation.made"):
    """State, here and below: RecommendationRead. data: rule, priority, impact."""


class RecommendationChanged(Event, type="recommendation.changed"):
    """It is worth more or less than it was. data: priority, impact, each [before, after]."""


class RecommendationAccepted(Event, type="recommendation.accepted"):
    """A member will follow it. data: rule."""


class RecommendationDismissed(Event, type="recommendation.dismissed"):
    """A member does not want it. data: rule."""


class RecommendationResolved(Event, type="recommendation.resolved"):
    """What it was about is no longer so. data: rule."""
