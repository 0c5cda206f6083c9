"""A floor with people on it: three agents with different loads, one of them at lunch, one who never came."""

from backend.client import Client
from backend.identity.schemas import AvailabilitySay, MemberAdd, MemberChange
from backend.incidences.schemas import IncidenceChange, MessageSend
from tests.console.desk.floor import PASSWORD, Floor, Row
from tests.support.socket import Socket

CASES = (
    ("Priya Raman", "Cannot change the guests after the deposit", 48_000),
    ("Arjun Mehta", "Is the mango lassi lactose free?", 6_500),
    ("Lakshmi Narayanan", "Payment taken twice", 99_000),
    ("Chloé Dubois", "Wants a call about the lunch on Friday", 7_600),
    ("李小龍", "Cart keeps emptying", 31_000),
    ("Meena Kumari", "Which thali feeds forty?", 12_000),
    ("Tara Pinto", "Invoice for the office party", 9_000),
)


class Crowd:
    """Agents besides the floor's owner and Ben, signed in, with lines that a test opens and closes."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor
        self.clients: dict[str, Client] = {"Ben": floor.ben}
        self.ids: dict[str, str] = {"Ben": floor.ben_id}
        self._lines: list[Socket] = []

    async def hire(self, name: str, role: str = "agent") -> Client:
        email = f"{name.split()[0].lower()}@feast.co"
        body = MemberAdd(email=email, name=name, role=role, password=PASSWORD)  # type: ignore[arg-type]
        first = name.split()[0]
        self.ids[first] = (await self.floor.api.businesses.add_member(self.floor.me.business.id, body)).id
        client = self.clients[first] = Client(self.floor.url)
        await client.identity.sign_in(email, PASSWORD)
        return client

    async def connect(self, *names: str) -> None:
        """Their consoles connect; the process notices."""
        for name in names:
            line = Socket(self.floor.backend.app, "/live", token=self.clients[name].transport.access_token)
            self._lines.append(await line.__aenter__())
            await line.next("hello")
        await self.floor.backend.runtime.attendance.beat()

    async def leave(self) -> None:
        for line in self._lines:
            await line.__aexit__(None, None, None)
        for name, client in self.clients.items():
            if name != "Ben":
                await client.transport.close()


async def world(floor: Floor, crowd: Crowd) -> list[Row]:
    """Ben has three, Devi is at lunch with two, Sunita watches, Omar never came; two cases wait for an owner."""
    await crowd.hire("Devi Menon")
    await crowd.hire("Omar Khan")
    await crowd.hire("Sunita Rao", "supervisor")
    business = floor.me.business.id
    await floor.api.businesses.change_member(business, crowd.ids["Ben"], MemberChange(languages=["en", "ta"]))
    await floor.api.businesses.change_member(business, crowd.ids["Devi"], MemberChange(languages=["en", "hi"]))
    await floor.api.agent.set_capacity(crowd.ids["Devi"], 2)
    await crowd.connect("Ben", "Devi", "Sunita")
    rows = []
    for number, (name, summary, value) in enumerate(CASES):
        rows.append(await floor.incidence(f"CUST-{number}", name, summary=summary, order_value=value))
        floor.clock.advance(minutes=3)
    for number, who in enumerate(("Ben", "Ben", "Devi", "Ben", "Devi")):
        await crowd.clients[who].incidences.take(rows[number]["incidenceId"])
    await floor.ben.incidences.send(rows[1]["incidenceId"], MessageSend(text="It has none.", last_seen_seq=9_999))
    await floor.api.incidences.change(rows[3]["incidenceId"], IncidenceChange(version=2, priority=1))
    back_at = floor.clock.now().replace(hour=floor.clock.now().hour + 1, minute=30)
    lunch = AvailabilitySay(availability="AWAY", reason="lunch", back_at=back_at)
    await crowd.clients["Devi"].agent.say_availability(lunch)
    floor.clock.advance(minutes=2)
    return rows
