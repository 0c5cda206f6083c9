"""The screens by name, and where they are; imported when they are first shown."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from console.frame.screen import FrameScreen

MODES: dict[str, str] = {
    "queue": "console.desk.queue:QueueScreen",
    "escalations": "console.escalations.escalations:EscalationsScreen",
    "floor": "console.floor.wall:FloorScreen",
    "alerts": "console.alerts.alerts:AlertsScreen",
    "analytics": "console.analytics.screen:AnalyticsScreen",
    "retention": "console.retention.retention:RetentionScreen",
    "finance": "console.finance.screen:FinanceScreen",
    "copilot": "console.copilot.screen:CopilotScreen",
    "customers": "console.customers.customers:CustomersScreen",
    "playbooks": "console.playbooks.playbooks:PlaybooksScreen",
    "interventions": "console.interventions.interventions:InterventionsScreen",
    "rules": "console.rules.sets:RulesScreen",
    "macros": "console.macros.macros:MacrosScreen",
    "integrations": "console.integrations.integrations:IntegrationsScreen",
    "jobs": "console.jobs.jobs:JobsScreen",
    "delivery": "console.delivery.delivery:DeliveryScreen",
    "people": "console.people.people:PeopleScreen",
    "account": "console.account.account:AccountScreen",
    "settings": "console.setup.settings:SettingsScreen",
    "outbox": "console.setup.outbox:OutboxScreen",
}
"""One Textual mode per family: name -> module:class."""

HOME = "queue"
INCIDENCE = "console.incidences.workspace:IncidenceScreen"
"""Pushed over the family it was opened from: `IncidenceScreen(incidence_id, neighbours)`."""


def screen_of(place: str, *args: Any) -> "FrameScreen":
    """A new screen from `module:class`."""
    return imported(place)(*args)


def imported(place: str) -> "type[FrameScreen]":
    """The class at `module:class`."""
    module, _, name = place.partition(":")
    screen: type[FrameScreen] = getattr(import_module(module), name)
    return screen
