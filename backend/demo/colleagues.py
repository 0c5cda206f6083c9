"""Colleagues in the running demo: an agent who asks for what needs approval, and an owner who decides what others ask.

Both act by the public API, as people at their consoles would. What the agent asks for is left to whoever plays.
"""

from random import Random
from typing import Any

from backend.agent.schemas import ActionAsk, ApprovalDecision
from backend.client import ApiError, Client, Offline
from backend.core.log import logger
from backend.demo.cast import AGENTS, PASSWORD
from backend.demo.pace import Pace
from backend.incidences.schemas import IncidenceRead

ASKS = AGENTS[1]
"""Who asks; the first agent is for who plays."""
FIRST, FIRST_AFTER, EVERY = 3, 6.0, 100.0
"""How many are asked for at first, seconds until then, and between two from then on."""
AT_ONCE = 6
"""How many may be pending before the agent waits for an answer."""
_THINKS = (12.0, 25.0)
_CAKES = ("Vegan wedding cake", "Jain pav bhaji counter", "Live dosa station for 3 h", "Sugar-free rasmalai")
_YES = ("Fine, once.", "They have waited long enough.", None)
_NO = ("Not on this order.", "Offer the smaller menu instead.")


class Colleagues:
    """The agent who asks, on `url`; and what the owner, signed in at `owner`, says to everybody else."""

    def __init__(self, url: str, owner: Client, *, seed: int, pace: Pace) -> None:
        self._api, self._owner, self.pace = Client(url), owner, pace
        self._rng = Random(seed + 1)
        self._me = ""

    async def ask_now_and_then(self) -> None:
        """A few at first, then one after the other, for as long as the demo runs."""
        async with self._api:
            await self.pace.wait(FIRST_AFTER)
            while True:
                try:
                    if not self._me:
                        self._me = (await self._api.identity.sign_in(ASKS.email, PASSWORD)).member_id
                        for _ in range(FIRST - 1):
                            await self._ask()
                    await self._ask()
                except (ApiError, Offline) as error:
                    logger.debug("nothing was asked for", error=str(error))
                await self.pace.wait(EVERY)

    async def _ask(self) -> None:
        pending = (await self._owner.approvals.list(status="PENDING")).items
        page = await self._api.incidences.list(view="all", limit=100)
        asked = {one.incidence_id for one in pending}
        open_cases = [case for case in page.items if case.order_value and case.incidence_id not in asked]
        if len(pending) >= AT_ONCE or not open_cases:
            return
        case = self._rng.choice(open_cases)
        body = ActionAsk(version=case.version, **self._wish(case))
        try:
            await self._api.agent.act(case.incidence_id, body)
        except ApiError as error:
            if error.code != "APPROVAL_REQUIRED":
                raise

    def _wish(self, case: IncidenceRead) -> dict[str, Any]:
        match self._rng.randrange(3):
            case 0:
                item = {"item": self._rng.choice(_CAKES), "quantity": 1, "price": self._rng.randrange(900, 6_000, 50)}
                return {"type": "OFF_CATALOG_ITEM", "params": item | {"reason": "asked for by name"}}
            case 1:
                price = round((case.order_value or 0) * self._rng.uniform(0.8, 0.95), -1)
                return {"type": "CUSTOM_PRICING", "params": {"orderValue": price, "reason": "a rival quoted less"}}
        params = {"percent": self._rng.randint(12, 25), "reason": "the kitchen was late last time"}
        return {"type": "APPLY_DISCOUNT", "params": params}

    async def answer(self, approval: dict[str, Any]) -> None:
        """Decide what somebody else than the agent of ours asked for, after thinking a while."""
        if approval["requestedBy"] == self._me or approval["requestedByName"] == ASKS.name:
            return
        await self.pace.wait(self._rng.uniform(*_THINKS))
        is_yes = self._rng.random() < 0.8
        note = self._rng.choice(_YES if is_yes else _NO)
        seen = approval["incidenceVersionNow"]
        body = ApprovalDecision(version=approval["version"], incidence_version=seen, note=note)
        decide = self._owner.approvals.approve if is_yes else self._owner.approvals.deny
        try:
            await decide(approval["approvalId"], body)
        except (ApiError, Offline) as error:
            logger.debug("it was not decided", error=str(error))
