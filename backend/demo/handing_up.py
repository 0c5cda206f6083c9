"""Colleagues in the running demo who hand cases up, and an owner who takes some of them on.

They act by the public API, as people at their consoles would; what waits on the board is left to whoever plays.
"""

from random import Random
from typing import get_args

from backend.client import ApiError, Client, Offline
from backend.core.log import logger
from backend.demo.cast import AGENTS, PASSWORD
from backend.demo.pace import Pace
from backend.incidences.schemas import EscalationReason, EscalationTrigger, IncidenceRead, NoteAdd

HANDS_UP = AGENTS[2]
"""Who hands up; the first agent is for who plays, and is named in notes."""
FIRST, FIRST_AFTER, EVERY = 5, 9.0, 120.0
"""How many at first, seconds until then, and between two from then on."""
AT_ONCE = 9
"""How many may be handed up before nobody adds to them."""
_NOTES: dict[EscalationReason, tuple[str, ...]] = {
    "HIGH_VALUE": ("Wants to speak to somebody who can decide.", "The biggest order of the week."),
    "SYSTEM_BUG": ("The cart is empty after the payment page.", "Two invoices for one order."),
    "POLICY_EXCEPTION": ("Asks for the money back after the cut-off.", "Wants to pay after the event."),
    "EMOTIONAL": ("Very upset, it is her father's sixtieth.", "Shouts, and threatens with a bad review."),
    "UNRESOLVED": ("We go round in circles.",),
}
_ORDER: tuple[EscalationReason, ...] = ("POLICY_EXCEPTION", "EMOTIONAL", "SYSTEM_BUG", "HIGH_VALUE", "EMOTIONAL")


class HandsUp:
    """The agent who hands cases up, on `url`; the owner, signed in at `owner`, takes the second one on."""

    def __init__(self, url: str, owner: Client, *, seed: int, pace: Pace) -> None:
        self._api, self._owner, self.pace = Client(url), owner, pace
        self._rng = Random(seed + 2)
        self._count = 0

    async def now_and_then(self) -> None:
        """A few at first, then one after the other, for as long as the demo runs."""
        async with self._api:
            await self.pace.wait(FIRST_AFTER)
            while True:
                try:
                    if self._api.transport.access_token is None:
                        await self._api.identity.sign_in(HANDS_UP.email, PASSWORD)
                        for _ in range(FIRST - 1):
                            await self._next()
                    await self._next()
                except (ApiError, Offline) as error:
                    logger.debug("nothing was handed up", error=str(error))
                await self.pace.wait(EVERY)

    async def _next(self) -> None:
        page = await self._api.incidences.list(view="all", limit=100)
        if sum(case.escalation_level is not None for case in page.items) >= AT_ONCE:
            return
        reason = _ORDER[self._count] if self._count < len(_ORDER) else self._rng.choice(get_args(EscalationReason))
        fits = [case for case in page.items if case.escalation_level is None and _fits(case, reason)]
        if not fits:
            return
        self._count += 1
        case, note = self._rng.choice(fits), self._rng.choice(_NOTES[reason])
        body = EscalationTrigger(incidence_id=case.incidence_id, reason=reason, note=note, version=case.version)
        raised = await self._api.escalations.trigger(body)
        if self._count == 2:
            await self._owner.escalations.acknowledge(raised.escalation_id, "I call them.")
        elif self._count == 3:
            text = f"@{AGENTS[0].email.partition('@')[0]} you know this customer, can you look?"
            await self._api.agent.note(case.incidence_id, NoteAdd(text=text))


def _fits(case: IncidenceRead, reason: EscalationReason) -> bool:
    """Whether somebody would hand it up for that: what is worth much for its value."""
    return reason != "HIGH_VALUE" or (case.order_value or 0) > 60_000
