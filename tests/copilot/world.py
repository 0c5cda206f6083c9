"""A small business for the copilot to know: two customers, a few cases, a few documents."""

from typing import Any

from backend.client import Client
from backend.copilot.schemas import ChatAsked, DocumentAdd
from backend.customers.schemas import CustomerChange
from backend.incidences.schemas import IncidenceChange
from tests.support.backend import Backend
from tests.support.incidences import open_case

DOCUMENTS = {
    "Refund policy": """# Refunds
A cancelled order is refunded in full until 48 hours before the event. After that half of the price is kept.

## How long it takes
Refunds to cards take five to seven working days; UPI refunds arrive within one day.
""",
    "Delivery areas": """# Where we deliver
We deliver within 25 km of Pune and Mumbai. Outside that we charge 40 rupees a kilometre.

# Delays
When a delivery is late by more than 30 minutes the customer gets a voucher of 10 percent.
""",
    "Allergens": """# Allergens in the kitchen
Our kitchen uses nuts, dairy and gluten. Jain and vegan platters are cooked in separate pans.
""",
    "Gift cards": """# Gift cards
Gift cards are valid for twelve months and can be used for part of an order.
""",
}


class World:
    """Who asks, and what there is to be asked about."""

    def __init__(self, backend: Backend, owner: Client, agent: Client) -> None:
        self.backend, self.owner, self.agent = backend, owner, agent
        self.ref = self.incidence_id = self.customer_id = ""

    @classmethod
    async def build(cls, backend: Backend) -> "World":
        owner = await backend.owner()
        world = cls(backend, owner, await backend.member("agent"))
        old = await open_case(
            world.agent, "u-9", summary="Card payment failed twice at checkout", issueCategory="payment"
        )
        change = {"version": old.version, "outcome": "RESOLVED", "resolutionType": "retry with UPI"}
        await world.agent.incidences.change(old.incidence_id, IncidenceChange.model_validate(change))
        case = await open_case(
            world.agent, "u-1", summary="Payment failed at checkout", orderId="ORD-7", issueCategory="payment"
        )
        for user, name in (("u-1", "Asha Verma"), ("u-9", "Ravi Kulkarni")):
            one = await owner.customers.show(user)
            await owner.customers.change(one.id, CustomerChange(version=one.version, name=name))
        world.ref, world.incidence_id, world.customer_id = case.ref, case.incidence_id, case.customer.id
        for title, text in DOCUMENTS.items():
            await owner.knowledge.add(DocumentAdd(title=title, text=text))
        return world

    async def ask(self, text: str, *, by: Client | None = None, **about: Any) -> "Heard":
        """The whole answer to a question."""
        body = ChatAsked.model_validate({"message": text, **about})
        return Heard([part async for part in (by or self.agent).copilot.chat(body)])


class Heard:
    """The parts of an answer."""

    def __init__(self, parts: list[dict[str, Any]]) -> None:
        self.parts = parts

    def of(self, type: str) -> list[dict[str, Any]]:
        return [part for part in self.parts if part["type"] == type]

    @property
    def text(self) -> str:
        return "".join(part["text"] for part in self.of("text"))

    @property
    def tools(self) -> list[str]:
        return [part["tool"] for part in self.of("tool")]

    @property
    def conversation_id(self) -> str:
        return str(self.of("start")[0]["conversationId"])

    @property
    def message(self) -> dict[str, Any]:
        return dict(self.of("done")[0]["message"])
