"""A floor on which six cases wait, five of them handed up, one of those taken on."""

from backend.client import Client
from backend.identity.schemas import MemberAdd
from backend.incidences.schemas import EscalationRead, EscalationTrigger
from tests.console.desk.floor import PASSWORD, Floor, Row

GUESTS = (
    ("Priya Raman", "Cannot change the guests after the deposit", 48_000),
    ("Arjun Mehta", "Is the mango lassi lactose free?", 5_500),
    ("Lakshmi Narayanan", "Payment taken twice", 99_000),
    ("Chloé Dubois", "Wants a call about the lunch on Friday", 7_600),
    ("李小龍", "Cart keeps emptying", 131_000),
    ("Rahul Nair", "Refund after the wedding was called off", 250_000),
)
HANDED_UP = (
    (0, "POLICY_EXCEPTION", "wants 20 guests more, two days before"),
    (2, "HIGH_VALUE", None),
    (4, "SYSTEM_BUG", "the cart is empty after the payment page"),
    (5, "EMOTIONAL", "crying on the phone"),
    (3, "SYSTEM_BUG", None),
)


async def hand_up(by: Client, row: Row, reason: str, note: str | None = None) -> EscalationRead:
    body = {"incidenceId": row["incidenceId"], "reason": reason, "note": note}
    return await by.escalations.trigger(EscalationTrigger.model_validate(body))


async def world(floor: Floor) -> list[Row]:
    """The cases, some minutes old; the second one nobody has handed up."""
    rows = [
        await floor.incidence(f"CUST-{number}", name, summary=summary, order_value=value)
        for number, (name, summary, value) in enumerate(GUESTS)
    ]
    await floor.ben.incidences.take(rows[2]["incidenceId"])
    floor.clock.advance(minutes=6)
    for number, reason, note in HANDED_UP:
        raised = await hand_up(floor.ben, rows[number], reason, note)
        if number == 2:
            await floor.api.escalations.acknowledge(raised.escalation_id, "I call her")
        floor.clock.advance(minutes=1)
    await floor.says(rows[0], "Can I still change it? We are 20 more now.")
    return rows


async def supervisor(floor: Floor, name: str = "Sunita Rao") -> tuple[str, Client]:
    """(e-mail, client) of a new supervisor."""
    email = f"{name.split()[0].lower()}@feast.co"
    await floor.api.businesses.add_member(
        floor.me.business.id, MemberAdd(email=email, name=name, role="supervisor", password=PASSWORD)
    )
    client = Client(floor.url)
    await client.identity.sign_in(email, PASSWORD)
    return email, client
