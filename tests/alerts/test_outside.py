"""Alerts outside: who gets what, gathered, throttled, held in quiet hours, told again when unread, and none lost."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, get_args

import pytest
import pytest_asyncio
from sqlalchemy import func, select

from backend.alerts import dispatch
from backend.alerts.events import AlertsRaised
from backend.alerts.models import AlertCause, AlertItem
from backend.alerts.schemas import AlertRead, AlertTimes, Kind, Muted
from backend.client import ApiError, Client
from backend.customers import service as customers
from backend.delivery.models import Letter
from backend.delivery.schemas import ChannelAdd
from backend.demo.outside.mailbox import Mailbox
from backend.demo.outside.pigeonhole import SLACK_PATH, TEAMS_PATH, Pigeonhole
from backend.demo.outside.serve import served
from backend.events.models import EventRow
from backend.incidences.schemas import NoteAdd
from backend.integrations.events import OutgoingFailed
from backend.risk.events import RiskChanged
from backend.rules.shipped.alert import KINDS
from backend.unit import Units
from backend.work import Work
from tests.support.backend import Backend
from tests.support.incidences import open_case
from tests.support.sla import change, publish

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@dataclass
class Outside:
    """A business that can be reached by mail, Slack and Teams."""

    backend: Backend
    owner: Client
    units: Units
    mail: Mailbox
    chat: Pigeonhole

    async def rules(self, rules: list[dict[str, Any]] | None = None, **settings: Any) -> None:
        seen = await self.owner.rules.show("alert")
        body = {"version": seen["version"], "reason": "test", "settings": seen["settings"] | settings}
        await self.owner.rules.publish("alert", body | ({} if rules is None else {"rules": rules}))

    async def risen(self, first: int, last: int, to: str = "high", *, is_gathered: bool = True) -> None:
        """Customers of these numbers are in another level of risk."""

        def emit(work: Work) -> None:
            for number in range(first, last):
                data = {"score": [0, 80], "level": ["low", to], "factors": []}
                event = RiskChanged(subject_id=f"c-{number}", customer_id=f"c-{number}", data=data)
                event.state = {"userId": f"cust-{number}", "level": to}
                work.emit(event)

        await self.units.write(emit)
        if is_gathered:
            await self.backend.drain()

    async def later(self, **more: float) -> None:
        self.backend.clock.advance(**more)
        await self.backend.drain()

    async def count(self, column: Any, *where: Any) -> int:
        query = select(func.count()).select_from(column).where(*where)
        return await self.units.read(lambda work: work.session.scalar(query) or 0)

    def told(self, path: str = SLACK_PATH) -> list[dict[str, Any]]:
        return [body for at, body in self.chat.posts if at == path]


def text_of(post: dict[str, Any]) -> str:
    """The words of a message to Slack."""
    return "\n".join(f"{one.get('title', '')}\n{one.get('text', '')}" for one in post["attachments"])


@pytest_asyncio.fixture
async def outside(backend: Backend) -> AsyncIterator[Outside]:
    mail, chat = Mailbox(), Pigeonhole()
    async with mail.served() as smtp, served(chat) as web:
        owner = await backend.owner()
        addresses = {
            "EMAIL": f"{smtp}?from=desk@example.com",
            "SLACK": web + SLACK_PATH,
            "TEAMS": web + TEAMS_PATH,
        }
        for kind, address in addresses.items():
            await owner.delivery.add(ChannelAdd.model_validate({"kind": kind, "name": kind, "address": address}))
        yield Outside(backend, owner, await backend.units(), mail, chat)


def rule(ways: list[str], when: str = "NOW", role: str = "supervisor", kind: str = "ESCALATED") -> dict[str, Any]:
    condition = {"fact": "kind", "op": "eq", "value": kind}
    then = {"role": role, "ways": ways, "when": when}
    return {"id": f"r_{when.lower()}", "label": when, "group": "tell", "when": condition, "then": then}


@on_sqlite
async def test_a_storm_is_a_handful_of_messages_and_none_is_lost(outside: Outside) -> None:
    """10,000 customers enter another level within a minute."""
    supervisor, stranger = await outside.backend.member("supervisor"), await outside.backend.another_owner()
    for start in range(0, 10_000, 500):
        await outside.risen(start, start + 500, is_gathered=False)
        outside.backend.clock.advance(seconds=3)
        if start % 2_000 == 0:
            await outside.backend.drain()
    for _ in range(10):
        await outside.later(minutes=1)
    for path in (SLACK_PATH, TEAMS_PATH):
        assert 1 <= len(outside.told(path)) <= 3, "what a person can read"
    first = text_of(outside.told()[0])
    assert "customers in another level of risk" in first
    assert "cust-" in first
    assert len(first) < 700
    (alert,) = (await supervisor.alerts.list()).items
    assert (alert.kind, alert.count, alert.read) == ("RISK_CHANGED", 10_000, False)
    assert await outside.count(AlertItem, AlertItem.destination != "", AlertItem.letter_id.is_not(None)) == 20_000
    assert await outside.count(AlertItem, AlertItem.sent_at.is_(None)) == 0
    assert await outside.count(AlertCause) == 20_000, "each is known of the supervisor and the owner"
    deliveries = (await supervisor.alerts.deliveries(alert.id)).items
    assert {one.state for one in deliveries} == {"SENT"}
    assert sum(one.count for one in deliveries if one.way == "SLACK") == 10_000
    raised = await outside.units.read(lambda work: work.session.scalar(_events_of(work, AlertsRaised.type)))
    assert raised is not None
    assert raised <= 25, "the log of events is no storm either"
    assert (await stranger.alerts.list()).items == []


def _events_of(work: Work, type: str) -> Any:
    return select(func.count()).select_from(EventRow).where(EventRow.type == type)


async def test_whoever_adds_while_it_is_gathered_is_gathered_too(outside: Outside) -> None:
    await outside.backend.drain()
    for round in range(6):
        writes = [
            outside.risen(round * 40 + 10 * part, round * 40 + 10 * part + 10, is_gathered=False) for part in range(4)
        ]
        await asyncio.gather(*writes, outside.backend.drain())
    await outside.backend.drain()
    (alert,) = (await outside.owner.alerts.list()).items
    assert alert.count == 240
    assert await outside.count(AlertItem, AlertItem.way == "SLACK") == 240
    outside.backend.clock.advance(minutes=2)
    (slack,) = [one.id for one in (await outside.owner.delivery.channels()).items if one.kind == "SLACK"]
    await asyncio.gather(*(outside.units.write(dispatch.dispatch, slack or "") for _ in range(4)))
    letters = await outside.count(Letter, Letter.channel_id == slack)
    assert letters == 1, "four who send it at once are one letter"


@on_sqlite
async def test_gathered_then_no_more_than_so_many_an_hour(outside: Outside) -> None:
    await outside.rules(mostPerHour=2, top=2)
    await outside.risen(0, 1)
    await outside.later(seconds=59)
    assert outside.told() == []
    await outside.later(seconds=1)
    (post,) = outside.told()
    assert "cust-0: risk low → high" in text_of(post)
    await outside.risen(1, 6)
    await outside.later(seconds=60)
    assert len(outside.told()) == 2
    second = text_of(outside.told()[1])
    assert "5 customers in another level of risk" in second
    assert "and 3 more" in second
    await outside.risen(6, 9)
    await outside.later(minutes=30)
    assert len(outside.told()) == 2, "enough of them for this hour"
    await outside.later(minutes=29)
    assert "3 customers in another level" in text_of(outside.told()[2])
    assert await outside.count(AlertItem, AlertItem.sent_at.is_(None)) == 0


@on_sqlite
async def test_a_digest_waits_for_the_morning_of_who_gets_it(outside: Outside) -> None:
    """It is 14:30 in Kolkata, where the business is, and the supervisor sits in Lisbon."""
    supervisor, agent = await outside.backend.member("supervisor"), await outside.backend.member("agent")
    hours = AlertTimes(zone="Europe/Lisbon", quiet_from="22:00", quiet_to="07:00", digest_at="06:00")
    assert await supervisor.alerts.set_times(hours) == hours
    assert (await outside.owner.alerts.times()).zone == "Asia/Kolkata"
    await outside.rules([rule(["EMAIL"], "DAILY", "concerned", "MENTIONED")])
    case = await open_case(await outside.backend.key())
    await agent.agent.note(case.incidence_id, await _naming(supervisor, outside.owner))
    await outside.backend.drain()
    (alert,) = (await supervisor.alerts.list()).items
    (waiting,) = (await supervisor.alerts.deliveries(alert.id)).items
    assert (waiting.state, waiting.way, waiting.at.isoformat()) == ("WAITING", "EMAIL", "2026-03-03T07:00:00+00:00")
    with pytest.raises(ApiError) as refused:
        await agent.alerts.deliveries(alert.id)
    assert refused.value.status == 404
    await outside.later(hours=17, minutes=59)  # 02:59 UTC: the owner's is due at 03:00
    assert outside.mail.mails == []
    await outside.later(minutes=1)
    assert [mail.recipients for mail in outside.mail.mails] == [["owner1@example.com"]]
    await outside.later(hours=4)
    mail = outside.mail.mails[-1]
    assert mail.recipients == ["supervisor2@example.com"]
    assert "named you in a note (02 Mar 09:00)" in mail.text
    assert "Europe/Lisbon" in mail.text
    (told,) = (await supervisor.alerts.deliveries(alert.id)).items
    assert (told.state, told.place, told.count) == ("SENT", "supervisor2@example.com", 1)


async def _naming(*members: Client) -> NoteAdd:
    names = ["".join((await member.identity.me()).user.name.split()) for member in members]
    return NoteAdd(text=" ".join(f"@{name}" for name in names) + " look")


@on_sqlite
async def test_quiet_hours_hold_what_is_not_loud(outside: Outside) -> None:
    await outside.rules([rule(["EMAIL", "SLACK"], role="owner", kind="RISK_CHANGED")], loud=["danger"])
    outside.backend.clock.advance(hours=7)  # 21:30 in Kolkata
    await outside.risen(0, 3)
    await outside.later(minutes=2)
    assert (len(outside.mail.mails), len(outside.told())) == (0, 1), "a channel has no bed"
    await outside.later(hours=8)
    assert outside.mail.mails == []
    await outside.risen(3, 5)
    await outside.later(hours=3)
    (mail,) = outside.mail.mails
    assert "5 customers in another level of risk" in mail.text, "held together, none lost"
    await outside.rules(loud=["info", "warning", "danger"])
    outside.backend.clock.advance(hours=13)
    await outside.risen(5, 6)
    await outside.later(minutes=2)
    assert len(outside.mail.mails) == 2


async def _mentions(client: Client) -> list[AlertRead]:
    return [one for one in (await client.alerts.list()).items if one.kind == "MENTIONED"]


@on_sqlite
async def test_unread_it_is_told_to_others_and_read_it_is_not(outside: Outside) -> None:
    supervisor, admin = await outside.backend.member("supervisor"), await outside.backend.member("admin")
    agent = await outside.backend.member("agent")
    then = {"afterMinutes": 10, "role": "admin", "ways": ["CONSOLE", "EMAIL"]}
    when = {"fact": "kind", "op": "eq", "value": "MENTIONED"}
    await outside.rules([{"id": "unread", "label": "Unread", "group": "unread", "when": when, "then": then}])
    case = await open_case(await outside.backend.key())
    await agent.agent.note(case.incidence_id, await _naming(supervisor))
    await outside.backend.drain()
    await supervisor.alerts.read_all()
    await outside.later(minutes=10)
    assert await _mentions(admin) == [], "somebody had read it"
    await agent.agent.note(case.incidence_id, await _naming(supervisor))
    await outside.backend.drain()
    await outside.later(seconds=599)
    assert await _mentions(admin) == []
    await outside.later(seconds=1)
    (alert,) = await _mentions(admin)
    assert (alert.kind, alert.count, alert.ref) == ("MENTIONED", 1, case.ref)
    assert alert.message.startswith("unread for 10 minutes: ")
    await outside.later(minutes=5)
    assert sorted(mail.recipients[0] for mail in outside.mail.mails) == ["admin3@example.com", "owner1@example.com"]
    assert "Nobody has read" in str(outside.mail.mails[0].message["Subject"])


@on_sqlite
async def test_a_dry_run_tells_what_was_told_and_what_will_be(outside: Outside) -> None:
    """Every event that somebody could be told of comes up, whatever became of its case since."""
    backend, owner = outside.backend, outside.owner
    agent, supervisor = await backend.member("agent"), await backend.member("supervisor")
    await publish(owner, targets=(400, None, None))

    async def traffic(first: int) -> None:
        case = await open_case(await backend.key())
        await agent.incidences.take(case.incidence_id)
        await supervisor.agent.note(case.incidence_id, await _naming(agent))
        for seconds in (300, 100):  # near, then missed
            await outside.later(seconds=seconds)
        await change(agent, case, outcome="RESOLVED")
        await outside.risen(first, first + 3)
        await outside.risen(first + 3, first + 5, "medium")

    await traffic(0)
    query = select(AlertItem.seq, AlertItem.incidence_id, AlertItem.customer_id, AlertItem.way)

    async def really() -> Counter[tuple[str, str]]:
        found: dict[int, tuple[str, set[str]]] = {}
        for seq, case, customer, way in await outside.units.read(lambda work: work.session.execute(query).all()):
            found.setdefault(seq, (case or customer or "", set()))[1].add(way)
        return Counter((id, " ".join(sorted(ways))) for id, ways in found.values())

    answer = await owner.rules.dry_run("alert", {"rules": []})
    told: Counter[tuple[str, str]] = Counter()
    for one in answer["changes"]:
        ways = {way for then in one["before"] for way in then["ways"]} if one["group"] == "tell" else set()
        if ways:
            told[one["subjectId"], " ".join(sorted(ways - {"CONSOLE"}))] += 1
    assert told == await really()
    assert told.total() == 1 + 2 + 3, "of the case danger and warnings, and who may leave; a medium level is nobody's"
    by_words = {one["before"]: one["count"] for one in answer["byOutcome"] if one["group"] == "unread"}
    assert by_words == {"after 15 minutes unread tell admins by console, email": 1}, "the target that was missed"
    assert "not replayed" in answer["source"]

    draft = {"rules": [rule(["TEAMS"], role="nobody", kind="RISK_CHANGED")]}
    again = await owner.rules.dry_run("alert", draft)
    expected = Counter(
        (one["subjectId"], " ".join(way for then in one["after"] for way in then["ways"]))
        for one in again["changes"]
        if one["group"] == "tell" and one["after"]
    )
    await outside.rules(draft["rules"])
    before = await really()
    await traffic(0)
    assert await really() - before == expected == Counter({(f"c-{number}", "TEAMS"): 1 for number in range(5)})


@on_sqlite
async def test_who_mutes_or_is_gone_is_not_written_to(outside: Outside) -> None:
    muting, leaving = await outside.backend.member("supervisor"), await outside.backend.member("supervisor")
    await outside.rules([rule(["CONSOLE", "EMAIL"], kind="RISK_CHANGED")], quietFrom="", quietTo="")
    await muting.alerts.mute(Muted(kinds=["RISK_CHANGED"]))
    await outside.risen(0, 2)
    await outside.backend.drain()
    business = (await outside.owner.identity.me()).business.id
    await outside.owner.businesses.remove_member(business, (await leaving.identity.me()).member_id)
    await outside.later(minutes=2)
    assert [mail.recipients for mail in outside.mail.mails] == [["owner1@example.com"]]
    assert (await muting.alerts.list()).items == []
    assert await outside.count(AlertItem, AlertItem.letter_id == "") == 2, "on record that nobody was there"


@on_sqlite
async def test_what_fails_by_itself_concerns_admins(outside: Outside) -> None:
    admin, supervisor = await outside.backend.member("admin"), await outside.backend.member("supervisor")

    def failed(work: Work) -> None:
        data = {"platform": "freshchat", "error": "401: the token does not hold", "kind": "MESSAGE"}
        work.emit(OutgoingFailed(subject_id="o-1", data=data))

    await outside.units.write(failed)
    await outside.backend.drain()
    (alert,) = (await admin.alerts.list()).items
    assert (alert.kind, alert.severity) == ("INTEGRATION_FAILING", "danger")
    assert alert.message == "freshchat did not take a message; the case says why"
    assert (await supervisor.alerts.list()).items == []


@on_sqlite
async def test_an_erased_customer_is_in_no_letter(outside: Outside) -> None:
    ids = [await outside.units.write(lambda work, n=n: customers.ensure_customer(work, f"cust-{n}").id) for n in (1, 2)]  # type: ignore[misc]

    def emit(work: Work) -> None:
        for number, id in enumerate(ids, 1):
            data = {"score": [0, 80], "level": ["low", "high"], "factors": []}
            event = RiskChanged(subject_id=id, customer_id=id, data=data, state={"userId": f"cust-{number}"})
            work.emit(event)

    await outside.units.write(emit)
    await outside.backend.drain()
    await outside.later(minutes=1)
    (alert,) = (await outside.owner.alerts.list()).items
    assert (alert.customer_id, alert.customer_name) == (ids[1], "cust-2")
    assert "cust-" not in alert.message
    await outside.owner.customers.erase(ids[1])
    rows = await outside.units.read(lambda work: list(work.session.scalars(select(AlertItem))))
    assert {row.words for row in rows if row.customer_id == ids[1]} == {"a customer who was erased"}
    letters = await outside.units.read(lambda work: list(work.session.scalars(select(Letter))))
    assert letters
    assert all(letter.text is None and letter.subject == "Alerts" for letter in letters)
    assert (await outside.owner.audit.verify())["isWhole"] is True


def test_the_rules_know_every_kind() -> None:
    assert set(KINDS) == set(get_args(Kind))
