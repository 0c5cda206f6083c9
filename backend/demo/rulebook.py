"""What the demo's admin did to the rules before the week: offered help earlier, and took it back with a reason."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from backend.demo.ledger import Ledger
from backend.events.event import Actor
from backend.rules.events import RulesPublished
from backend.rules.models import RuleSetVersion
from backend.rules.service import KINDS, SHIPPED_VERSION, shown

_KIND = "friction"
_EARLIER = 40
_STEPS = (
    (timedelta(days=9), _EARLIER, "Help sooner: many left at the checkout", None),
    (timedelta(days=16), None, "back to version 1: agents could not keep up", SHIPPED_VERSION),
)
"""When after the founding, the score that help is offered above (None: as shipped), why, and the version put back."""


def publish(ledger: Ledger, founded: datetime, by: Actor) -> None:
    """Two versions more, told of in the chain. The rules in force are those that are shipped."""
    kind, version = KINDS[_KIND], SHIPPED_VERSION
    drawn, ledger.rng = ledger.rng, Random("rulebook")  # the rest of the world stays what its seed makes it
    for after, help_above, reason, restores in _STEPS:
        settings = kind.shipped.settings | ({} if help_above is None else {"helpAbove": help_above})
        document, at = kind.shipped.model_copy(update={"settings": settings}), founded + after
        version += 1
        ledger.add(
            RuleSetVersion,
            id=ledger.new_id(at),
            kind=_KIND,
            version=version,
            document=document.model_dump(mode="json", by_alias=True),
            reason=reason,
            published_by=by.id,
            published_at=at,
        )
        data: dict[str, Any] = {"kind": _KIND, "version": [version - 1, version], "reason": reason}
        if restores is not None:
            data["restores"] = restores
        state = shown(kind, kind.compile(document, version))
        ledger.emit(RulesPublished(subject_id=_KIND, state=state, data=data), by, at)
    ledger.rng = drawn
