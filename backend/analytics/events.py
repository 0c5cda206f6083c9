"""What happens to numbers."""

from backend.events.event import Event


class FrictionReportMade(Event, type="analytics.friction_report_made"):
    """The report of a week is kept. data: week, zone, repeats, recommendations (how many of each)."""
