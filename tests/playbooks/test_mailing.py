"""What playbooks mail to customers: once, whoever dies, only to who can be and wants to be written to, and forgotten with them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from string import ascii_letters
from typing import Any

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import select

from backend.client import ApiError, Client
from backend.customers.schemas import CustomerChange
from backend.delivery import carrier, way_out
from backend.delivery.models import Letter
from backend.delivery.schemas import ChannelAdd, LetterShown
from backend.demo.outside.mailbox import Mailbox
from backend.jobs.models import DeadLetter
from backend.jobs.registry import JOBS
from backend.notifications.schemas import Suppress
from backend.playbooks import running
from backend.playbooks.schemas import ExecutionRead
from backend.work import Work
from tests.playbooks.trips import log, make, shown, start, words
from tests.support.backend import Backend
from tests.support.incidences import open_case
from tests.support.sla import change

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

YAML = """
name: Write
steps:
- {kind: message, id: mail, by: email, subject: "For {customer.name}", text: "Dear {customer.name}, may we help?"}
- {kind: wait, id: rest, for: 1d}
- {kind: message, id: second, by: either, text: "Still there, {customer.name}?"}
"""


class Dies(Exception):
    """As if the process had been killed just then."""


@dataclass
class Post:
    """A business that sends mail, and its playbook."""

    backend: Backend
    owner: Client
    mail: Mailbox
    playbook: Any

    async def customer(self, user: str, email: str | None = "priya@example.com", **fields: Any) -> str:
        """A customer whose only case is closed; their id."""
        case = await open_case(await self.backend.key(), user)
        who = await self.owner.customers.show(user)
        body = CustomerChange(version=who.version, name="Priya\x1b[2J", email=email, **fields)
        await self.owner.customers.change(who.id, body)
        await change(self.owner, case, outcome="RESOLVED")
        return who.id

    async def begun(self, user: str) -> ExecutionRead:
        execution = await start(self.owner, self.playbook, user)
        await self.backend.drain()
        return execution

    async def later(self, **more: float) -> None:
        self.backend.clock.advance(**more)
        await self.backend.drain()

    async def letter(self) -> LetterShown:
        """The newest one."""
        return await self.owner.delivery.letter((await self.owner.delivery.letters()).items[0].id)

    async def holds(self, *columns: Any) -> list[Any]:
        return await (await self.backend.units()).read(lambda work: work.session.execute(select(*columns)).all())


@pytest_asyncio.fixture
async def post(backend: Backend) -> AsyncIterator[Post]:
    mail = Mailbox()
    async with mail.served() as smtp:
        owner = await backend.owner()
        body = {"kind": "EMAIL", "name": "mail", "address": f"{smtp}?from=desk@example.com&to=team@example.com"}
        await owner.delivery.add(ChannelAdd.model_validate(body))
        yield Post(backend, owner, mail, await make(owner, YAML))


async def test_each_mail_goes_once_though_every_step_dies_and_runs_again(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    await post.customer("u-1")
    advance, job, died = running.advance, JOBS["playbooks.advance"], set[str]()

    def dies_once(work: Work, execution_id: str, step: str, *installed: Any) -> None:
        advance(work, execution_id, step, *installed)
        work.session.flush()
        if step not in died:
            died.add(step)
            raise Dies(step)

    async def runs_twice(ctx: Any, **args: Any) -> None:
        await job.run(ctx, **args)
        await job.run(ctx, **args)

    monkeypatch.setattr(running, "advance", dies_once)
    monkeypatch.setitem(JOBS, "playbooks.advance", type(job)(**{**vars(job), "run": runs_twice}))
    execution = await post.begun("u-1")
    for _ in range(3):
        await post.later(seconds=10)
    (mail,) = post.mail.mails
    assert (mail.recipients, mail.message["Subject"]) == (["priya@example.com"], "For Priya[2J")
    assert str(mail.message["From"]) == "Owner 1's business <desk@example.com>"
    assert mail.text.startswith("Dear Priya[2J, may we help?")
    assert "want no more mail like this" in mail.text
    letter = await post.letter()
    assert (letter.recipient, letter.customer_id is not None) == ("p…@example.com", True)
    await post.later(days=1)
    for _ in range(3):
        await post.later(seconds=10)
    assert [one.message["Subject"] for one in post.mail.mails] == ["For Priya[2J", "Owner 1's business"]
    assert await log(post.owner, execution) == [("mail", "DONE"), ("rest", "DONE"), ("second", "DONE")]
    assert (await shown(post.owner, execution)).log[0].told == "wrote by mail; delivery (g d) tells how it went"
    assert died == {"mail", "rest", "second"}


async def test_who_cannot_or_does_not_want_to_be_written_to_is_left_out(post: Post) -> None:
    await post.customer("none", None)
    await post.customer("out", email_opt_out=True)
    await post.customer("quiet")
    await (await post.backend.key()).notifications.suppress("quiet", Suppress(seconds=3_600))
    told = {}
    for user in ("none", "out", "quiet"):
        (first, _) = (await shown(post.owner, await post.begun(user))).log
        told[user] = (first.state, first.told)
    assert told["none"] == ("SKIPPED", "skipped: no e-mail address of the customer is known")
    assert told["out"] == ("SKIPPED", "skipped: the customer wants no mail")
    assert told["quiet"][1].startswith("skipped: the customer wants to be left alone until 2026-")
    assert post.mail.tries == 0
    (channel,) = (await post.owner.delivery.channels()).items
    await post.owner.delivery.remove(channel.id or "")
    await post.customer("late")
    execution = await post.begun("late")
    assert "no channel for mail" in (await shown(post.owner, execution)).log[0].told
    case = await open_case(await post.backend.key(), "late")
    await post.later(days=1)
    assert await words(post.owner, case) == ["Still there, Priya[2J?"], "in the case when one is open"
    for yaml in (YAML.replace("by: email, subject", "subject"), YAML.replace('"For', '"For\\n')):
        with pytest.raises(ApiError, match="subject"):
            await make(post.owner, yaml.replace("name: Write", "name: Wrong"))


async def test_the_link_in_a_mail_stops_what_follows(post: Post) -> None:
    settings = post.backend.settings
    settings.public_url = "https://desk.example/"
    for user in ("u-1", "u-2"):
        await post.customer(user)
        await post.begun(user)
    first, other = post.mail.mails
    link = str(first.message["List-Unsubscribe"]).strip("<>")
    assert first.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert first.text.endswith(f"If you want no more mail like this: {link}")
    assert link != str(other.message["List-Unsubscribe"]).strip("<>"), "each has their own"
    assert "desk.example" not in (await post.letter()).text, "what staff read opts nobody out"
    path, browser = link.removeprefix("https://desk.example"), {"accept": "text/html"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(post.backend.app), base_url="http://holdfast") as http:
        asked = await http.get(path, headers=browser)
        assert (asked.status_code, "<form method=post>" in asked.text) == (200, True)
        assert "Owner 1&#x27;s business" in asked.text
        assert not any(told in asked.text for told in ("Priya", "example.com", "u-1"))
        assert not (await post.owner.customers.show("u-1")).email_opt_out, "looking changes nothing"
        for wrong in (
            *(path[:-1] + letter for letter in ascii_letters if letter != path[-1]),
            path[:-2],
            path + "A",
            "/mail/stop/%00",
            "/mail/stop/é",
        ):
            assert (await http.post(wrong)).json()["error"]["code"] == "LINK_UNKNOWN", wrong
            refused = await http.get(wrong, headers=browser)
            assert (refused.status_code, "<form" in refused.text) == (404, False)
        again = [(await http.post(path, data={"List-Unsubscribe": "One-Click"})) for _ in range(2)]
        assert [one.status_code for one in again] == [200, 200]
        assert again[0].text == again[1].text
        who = await post.owner.customers.show("u-1")
        assert (who.email_opt_out, (await post.owner.customers.show("u-2")).email_opt_out) == (True, False)
        (told,) = (await post.owner.audit.list(type="customer.changed", limit=1))["items"]
        assert (told["actor"]["kind"], told["data"]["changes"]) == ("customer", {"email_opt_out": [False, True]})
        # One that waits to be sent again finds the no on its way out, and is nobody's dead letter.
        post.mail.moods = ["busy"]
        await post.customer("u-3")
        await post.begun("u-3")
        waiting = await post.letter()
        assert waiting.state == "PENDING"
        from_other = way_out.link_of((await post.owner.customers.show("u-3")).id, settings)
        await http.post(from_other.removeprefix("https://desk.example"))
        await post.later(minutes=2)
        assert ((await post.letter()).state, (await post.letter()).error) == ("FAILED", "the customer wants no mail")
        await post.owner.delivery.retry(waiting.id)
        await post.backend.drain()
        assert (await post.letter()).state == "FAILED", "nor does a person get past it"
        assert len(post.mail.mails) == 2
        assert await post.holds(DeadLetter.id) == []
        await post.owner.customers.erase("u-1")
        assert (await http.post(path)).text == again[0].text, "of who is gone it tells nothing else"
    settings.public_url = "http://desk.example"
    assert "List-Unsubscribe-Post" not in way_out.headers_of(way_out.link_of(who.id, settings)), (
        "one click is for https"
    )


async def test_what_may_have_gone_is_not_sent_again_by_itself(post: Post) -> None:
    await post.customer("u-1")
    post.mail.moods = ["busy", "takes_and_hangs_up"]
    await post.begun("u-1")
    assert (await post.letter()).state == "PENDING", "it was put off, and nothing of it is there"
    await post.later(minutes=2)
    letter = await post.letter()
    assert (letter.state, len(post.mail.mails)) == ("FAILED", 1)
    assert "whether the customer got it is not known" in (letter.error or "")
    await post.later(hours=23)
    assert len(post.mail.mails) == 1

    await post.customer("u-2")
    units, runtime = await post.backend.units(), post.backend.runtime
    execution = await start(post.owner, post.playbook, "u-2")

    def written_and_held(work: Work) -> str:
        """In one unit: whoever sends letters comes right after it."""
        running.advance(work, execution.execution_id, "mail", ("EMAIL",))
        (letter,) = work.session.scalars(select(Letter).where(Letter.state == "PENDING"))
        assert isinstance(carrier.take(work, letter.id, "killed", runtime.vault, runtime.settings), carrier.Step)
        return letter.id

    id = await units.write(written_and_held)
    await post.later(seconds=10)
    assert (await post.letter()).state == "SENDING", "somebody holds it"
    await post.later(minutes=3)
    stopped = await post.letter()
    assert (stopped.state, len(post.mail.mails)) == ("FAILED", 1)
    assert "stopped in the midst" in (stopped.error or "")
    await post.owner.delivery.retry(id)
    await post.backend.drain()
    assert ((await post.letter()).state, len(post.mail.mails)) == ("SENT", 2), "a person may"


async def test_an_erased_customer_is_in_no_mail(post: Post) -> None:
    gone = await post.customer("u-1", "zqmark@example.com")
    post.mail.moods = ["refuses"]
    await post.begun("u-1")
    assert (await post.letter()).state == "FAILED"
    assert "550" in ((await post.letter()).error or "")
    await post.owner.customers.erase(gone)
    (letter,) = await post.holds(Letter.recipient, Letter.text, Letter.error, Letter.subject)
    assert (letter.recipient, letter.text, letter.error) == (None, None, None)
    assert "Priya" not in letter.subject
    assert not any("zqmark" in row.error for row in await post.holds(DeadLetter.error))
    with pytest.raises(ApiError, match="words of this letter are gone"):
        await post.owner.delivery.retry((await post.letter()).id)
