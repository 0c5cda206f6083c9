"""Intercom's traps: its dialects, pings without ids, notes, echoes, and bodies in HTML or not."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from backend.demo.outside.freshchat import Webhook
from backend.demo.outside.intercom import Dialect, IntercomDouble
from backend.integrations.facts import AgentMessage, Assigned, CustomerMessage, Ignored, Reopened, Resolved
from backend.integrations.intercom import Intercom
from backend.integrations.models import WebhookDelivery
from backend.integrations.plain_text import LONGEST, plain
from tests.integrations.conftest import Chat
from tests.integrations.test_freshchat_reading import JSON

AT = datetime(2026, 3, 2, 8, 59, 1, tzinfo=UTC)
DIALECTS: list[Dialect] = ["1.4", "2.14", "2.15"]
PATH = "/webhooks/intercom"


def facts(webhook: Webhook) -> list[Any]:
    return list(Intercom().read(orjson.loads(webhook[0])))


@pytest.fixture(params=DIALECTS)
def intercom(request: pytest.FixtureRequest) -> IntercomDouble:
    return IntercomDouble(dialect=request.param)


def test_a_conversation_begins(intercom: IntercomDouble) -> None:
    webhook = intercom.user_created(
        "215", "Is it <b>vegan</b> & fresh?", user_id="u1", at=AT, message_id="m1", name="Meera", external_id="cust-7"
    )
    assert facts(webhook) == [CustomerMessage("215", "m1", "u1", "Is it <b>vegan</b> & fresh?", AT, "Meera", "cust-7")]


def test_replies_by_both_sides(intercom: IntercomDouble) -> None:
    webhook = intercom.replied("215", "1 < 2 > 0 & <b>", user_id="u1", at=AT, message_id="p1")
    assert facts(webhook) == [CustomerMessage("215", "p1", "u1", "1 < 2 > 0 & <b>", AT)]
    echo = intercom.replied("215", "Yes", user_id="u1", at=AT, message_id="p2", admin_id="99")
    assert facts(echo) == [AgentMessage("215", "p2", "99", "Yes", AT)]


def test_assignment_closing_opening_and_deletion(intercom: IntercomDouble) -> None:
    given = intercom.assigned("215", admin_id="99", at=AT, name="Anu", email="anu@example.com")
    assert facts(given)[-1] == Assigned("215", "99", AT, "Anu", "anu@example.com")
    assert facts(intercom.assigned("215", admin_id=None, at=AT))[-1] == Assigned("215", None, AT)
    assert facts(intercom.closed("215", at=AT))[-1] == Resolved("215", AT)
    assert facts(intercom.opened("215", at=AT))[-1] == Reopened("215", AT)
    assert facts(intercom.deleted("215", at=AT)) == [Resolved("215", AT)]


@pytest.mark.parametrize(
    ("item", "fact"),
    [
        ({"admin_assignee_id": 99}, Assigned("215", "99", AT)),
        ({"admin_assignee_id": None}, Assigned("215", None, AT)),
        ({"admin_assignee_id": 0}, Assigned("215", None, AT)),
        ({"admin_assignee_id": "0"}, Assigned("215", None, AT)),
        ({"admin_assignee_id": 99, "team_assignee_id": 5}, Assigned("215", "99", AT)),
        ({"admin_assignee_id": None, "team_assignee_id": 5}, Ignored("assigned to a team, not to a person")),
        ({"assignee": {"type": "team", "id": "5"}}, Ignored("assigned to a team, not to a person")),
        ({"assignee": {"type": "nobody_admin", "id": None}}, Assigned("215", None, AT)),
    ],
)
def test_the_assignee_as_each_version_writes_them(item: dict[str, Any], fact: Any) -> None:
    double = IntercomDouble()
    webhook = double.notification("conversation.admin.assigned", double.conversation("215", at=AT) | item, at=AT)
    assert facts(webhook) == [fact]


def test_what_was_said_with_closing_and_reopening_is_told() -> None:
    double = IntercomDouble()
    message, resolved = facts(double.closed("215", at=AT, body="<p>Bye</p>"))
    assert (message.text, resolved) == ("Bye", Resolved("215", AT))
    (reopening,) = facts(double.replied("215", "Still cold", user_id="u1", at=AT, message_id="p1", part_type="open"))
    assert reopening == CustomerMessage("215", "p1", "u1", "Still cold", AT)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"part_type": "note"}, "a part of type 'note', whose words the customer does not see"),
        ({"part_type": "assignment"}, "a part of type 'assignment', whose words the customer does not see"),
        ({"body": None}, "a message without content"),
        ({"body": "<p>\x1b</p>"}, "a message without content"),
        ({"id": None}, "a message without an id"),
        ({"author": {"type": "system"}}, "a message by 'system', who is neither customer nor agent"),
    ],
)
def test_what_is_not_for_the_timeline_says_why(change: dict[str, Any], reason: str) -> None:
    double = IntercomDouble()
    change = {"message_id" if name == "id" else name: value for name, value in change.items()}
    webhook = double.replied("215", "Hi", user_id="u1", at=AT, **change)
    if change == {"message_id": None}:
        webhook = double.signed(webhook[0].replace(orjson.dumps(facts(webhook)[0].message_id), b"null"))
    assert facts(webhook) == [Ignored(reason)]


def test_a_bot_is_told_by_its_name_and_has_no_agent() -> None:
    author = {"type": "bot", "id": "6", "name": "Fin"}
    (fact,) = facts(IntercomDouble().replied("215", "Hi", user_id="u1", at=AT, message_id="p1", author=author))
    assert fact == AgentMessage("215", "p1", "", "Hi", AT, "Fin")


@pytest.mark.parametrize(
    ("topic", "reason"),
    [
        ("conversation.admin.noted", "a private note, which the customer does not see"),
        ("conversation.contact.attached", "another person in the conversation, which changes nothing here"),
        ("ticket.admin.assigned", "a ticket, not a conversation"),
        ("conversation.moved.\x1b[2Jx", "unknown topic 'conversation.moved.[2Jx'"),
        ("", "no topic"),
    ],
)
def test_other_topics_are_ignored_and_named(topic: str, reason: str) -> None:
    item = {"type": "conversation", "id": 5, "conversation_id": 215, "admin_assignee_id": "0"}
    assert facts(IntercomDouble().notification(topic, item, at=AT)) == [Ignored(reason)]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("<p>Hi <b>there</b>,<br>all</p>\n<p class='x'>well&nbsp;&amp; good</p>", "Hi there,\nall\nwell & good"),
        ("<ul><li>one</li><li>two</li></ul>", "- one\n- two"),
        ("<p><a href='https://example.com/a'>here</a></p>", "here (https://example.com/a)"),
        ("<p><a href='javascript:evil()'>here</a></p>", "here"),
        ("<div><img src='x' alt='a cat'><script>evil()</script><style>p{}</style></div>", "[image: a cat]"),
        ("<p>&lt;script&gt; &#27;[2J &#x202e;x</p>", "<script> [2J x"),
        ("1 < 2 &amp; <b>bold</b>", "1 < 2 &amp; <b>bold</b>"),
        (
            "<!-- a --><p>a<![foo[ <3 <a <b>c</b> <!doctype html>",
            "<!-- a --><p>a<![foo[ <3 <a <b>c</b> <!doctype html>",
        ),
        ("<p>a<![foo[ <3 <a <!-- b --><b>c</b>", "a<![foo[ <3 <a c"),
        (None, ""),
        (5, ""),
    ],
)
def test_bodies_as_words(body: Any, words: str) -> None:
    assert plain(body) == words


@given(st.text("<>/p!-[]&#;a \"='", max_size=60))
def test_any_html_is_read_without_failing(body: str) -> None:
    assert "\x1b" not in plain("<p>" + body)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("unit", ["<p>", "<a ", "<!--", "<![", "&#", "<a href='https://x'>", "</", "<script>"])
def test_hostile_html_takes_no_long_time(unit: str) -> None:
    assert isinstance(plain("<p>" + unit * 200_000), str)


def test_a_text_without_end_is_cut_and_says_so() -> None:
    (fact,) = facts(IntercomDouble().replied("215", "x" * (LONGEST + 5), user_id="u1", at=AT))
    assert fact.text == "x" * LONGEST + "\n[5 more characters were cut]"


def test_dedup_keys() -> None:
    def key(webhook: Webhook) -> str:
        return Intercom().dedup_key(webhook[1], orjson.loads(webhook[0]))

    double = IntercomDouble()
    once = double.closed("215", at=AT)
    again = orjson.dumps(orjson.loads(once[0]) | {"delivery_attempts": 2})
    assert key(once) == key(double.signed(again))
    pings = [double.ping(at=AT), double.ping(at=AT.replace(second=2))]
    retried = double.signed(orjson.dumps(orjson.loads(pings[0][0]) | {"delivery_attempts": 2}))
    assert key(pings[0]) == key(retried)
    assert len({key(webhook) for webhook in (once, double.closed("215", at=AT), *pings)}) == 4


@given(item=JSON, topic=st.sampled_from(["conversation.user.created", "conversation.admin.assigned", "ping"]))
def test_any_json_is_read_without_failing(item: Any, topic: str) -> None:
    body = {"topic": topic, "data": {"item": item}}
    assert Intercom().read(body)
    assert len(Intercom().dedup_key({}, body)) <= 128


async def test_a_signed_ping_is_accepted_and_ignored(chat: Chat) -> None:
    double = IntercomDouble()
    chat.backend.settings.intercom_client_secret = SecretStr(f" {double.client_secret}\n")
    await chat.tell(double.ping(at=chat.at(0)), path=PATH)
    (delivery,) = await chat.rows(WebhookDelivery)
    assert (delivery.outcome, delivery.error) == ("ignored", "a ping, which only asks whether somebody listens")


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_whole_conversation_in_each_dialect(chat: Chat, dialect: Dialect) -> None:
    double = IntercomDouble(dialect=dialect)
    chat.backend.settings.intercom_client_secret = SecretStr(double.client_secret)
    await chat.tell(
        double.user_created("215", "Is it vegan?", user_id="u1", at=chat.at(-9), name="Meera"),
        double.replied("215", "Yes", user_id="u1", at=chat.at(-8), message_id="p2", admin_id="99"),
        double.replied("215", "Yes", user_id="u1", at=chat.at(-8), message_id="p2", admin_id="99"),
        double.closed("215", at=chat.at(-7)),
        path=PATH,
    )
    incidence = await chat.incidence("215")
    assert incidence is not None
    assert (incidence.status, incidence.platform) == ("CLOSED", "intercom")
    assert await chat.told(incidence.id) == [("message_received", "Is it vegan?"), ("message_sent", "Yes")]
