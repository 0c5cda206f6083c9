"""How loud an alert is: the header counts it, a breach of one's own case is said, and rings only if one wants that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from widgets.plain import plain

if TYPE_CHECKING:
    from console.frame.verbs import Verbs

Row = Mapping[str, Any]
BREACH = "SLA_BREACHED"


def is_own_breach(alert: Row, incidences: Mapping[str, Row], member_id: str) -> bool:
    """Whether a target was missed in a case that is the member's."""
    case = incidences.get(alert["incidenceId"] or "")
    return bool(alert["kind"] == BREACH and case is not None and case["agentId"] == member_id)


def came(app: Verbs, alerts: Sequence[Row]) -> None:
    """New alerts have come."""
    own = [alert for alert in alerts if is_own_breach(alert, app.store.incidences, app.store.member_id)]
    for alert in own:
        words = f"{alert['ref']}: {alert['message']}"
        app.say(words, "warning")
        ring(app, words)


def ring(app: Verbs, words: str) -> None:
    """The terminal's bell, or a notice of the desktop (OSC 9), as the preferences say; nothing as shipped."""
    match app.preferences.current.alarm:
        case "bell":
            app.bell()
        case "desktop" if app._driver is not None:
            # A terminal takes no more than a line for this; `plain` leaves no control in it that could end it early.
            app._driver.write(f"\x1b]9;{plain(words)[:200]}\x1b\\")
