"""Chatwoot's traps: signed times, deliveries, lists of changes, two ways to write a time, private notes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from backend.core.clock import FrozenClock
from backend.demo.outside.chatwoot import ChatwootDouble
from backend.demo.outside.freshchat import Webhook
from backend.integrations.chatwoot import Chatwoot
from backend.integrations.facts import AgentMessage, Assigned, CustomerMessage, Ignored, Reopened, Resolved
from backend.integrations.models import WebhookDelivery
from tests.integrations.conftest import Chat
from tests.integrations.test_freshchat_reading import JSON

pytestmark = pytest.mark.alike

AT = datetime(2026, 3, 2, 8, 59, 1, 250_000, tzinfo=UTC)
PATH = "/webhooks/chatwoot"
DOUBLE = ChatwootDouble(FrozenClock())


def facts(webhook: Webhook) -> list[Any]:
    return list(Chatwoot().read(orjson.loads(webhook[0])))


@pytest.fixture
def chatwoot(chat: Chat) -> ChatwootDouble:
    double = ChatwootDouble(chat.backend.clock)
    chat.backend.settings.chatwoot_webhook_secret = SecretStr(double.secret)
    return double


@pytest.mark.parametrize("event", ["message_created", "message_updated"])
def test_messages_of_both_sides(event: str) -> None:
    hi = DOUBLE.message(42, "1 < 2", at=AT, contact_id=7, message_id=1, name="Meera", identifier="cust-7", event=event)
    assert facts(hi) == [CustomerMessage("42", "1", "contact:7", "1 < 2", AT, "Meera", "cust-7")]
    echo = DOUBLE.message(42, "Yes", at=AT, message_id=2, agent_id=5, name="Anu", event=event)
    assert facts(echo) == [AgentMessage("42", "2", "5", "Yes", AT, "Anu", "agent5@example.com")]


@pytest.mark.parametrize(
    ("changes", "fact"),
    [
        ({"content": "<p>Hi<br>you</p>"}, CustomerMessage("42", "1", "contact:7", "Hi\nyou", AT)),
        (
            {"created_at": "2026-03-02 08:59:01 UTC"},
            CustomerMessage("42", "1", "contact:7", "Hi", AT.replace(microsecond=0)),
        ),
        ({"created_at": int(AT.timestamp())}, CustomerMessage("42", "1", "contact:7", "Hi", AT.replace(microsecond=0))),
        ({"created_at": "soon"}, CustomerMessage("42", "1", "contact:7", "Hi", None)),
        ({"sender": None}, CustomerMessage("42", "1", "contact:7", "Hi", AT)),
        (
            {"content": None, "attachments": [{"file_type": "image"}]},
            CustomerMessage("42", "1", "contact:7", "[image]", AT),
        ),
        ({"message_type": "template", "sender": None}, AgentMessage("42", "1", "", "Hi", AT)),
        ({"private": True}, Ignored("a private note, which the customer does not see")),
        ({"message_type": "activity"}, Ignored("Chatwoot's own line on what was done")),
        ({"message_type": "odd"}, Ignored("a message of type 'odd', by neither customer nor agent")),
        ({"content_attributes": {"deleted": True}}, Ignored("a message that was deleted")),
        ({"content": " \x1b"}, Ignored("a message without content")),
        ({"id": None}, Ignored("a message without an id")),
        ({"conversation": None}, Ignored("names no conversation")),
    ],
)
def test_messages_of_every_kind(changes: dict[str, Any], fact: Any) -> None:
    assert facts(DOUBLE.message(42, "Hi", at=AT, message_id=1, **changes)) == [fact]


@pytest.mark.parametrize(
    ("before", "after", "fact"),
    [
        ("open", "resolved", Resolved("42", AT)),
        ("resolved", "open", Reopened("42", AT)),
        ("resolved", "pending", Reopened("42", AT)),
        ("open", "snoozed", Ignored("status 'snoozed', which changes nothing here")),
    ],
)
def test_changes_of_status(before: str, after: str, fact: Any) -> None:
    assert facts(DOUBLE.status_changed(42, before, after, at=AT)) == [fact]


def test_a_status_without_its_change_is_that_of_the_conversation() -> None:
    body = DOUBLE.conversation(42, at=AT, status="resolved")
    assert facts(DOUBLE.event("conversation_status_changed", body)) == [Resolved("42", AT)]
    del body["updated_at"]
    assert facts(DOUBLE.event("conversation_status_changed", body)) == [Resolved("42", AT.replace(microsecond=0))]


def test_changes_of_the_assignee() -> None:
    given = DOUBLE.assigned(42, 5, at=AT, name="Anu", email="anu@example.com")
    assert facts(given) == [Assigned("42", "5", AT, "Anu", "anu@example.com")]
    assert facts(DOUBLE.assigned(42, None, at=AT)) == [Assigned("42", None, AT)]
    stale = orjson.loads(given[0])
    stale["meta"]["assignee"]["id"] = 6
    assert Chatwoot().read(stale) == [Assigned("42", "5", AT)]
    for changes, reason in (
        ([{"team_id": {"current_value": 3}}], "assigned to a team, not to a person"),
        ([{"labels": {"current_value": []}}], "neither its status nor its assignee changed"),
        ({"assignee_id": 5}, "neither its status nor its assignee changed"),
    ):
        body = DOUBLE.conversation(42, at=AT, changed_attributes=changes)
        assert facts(DOUBLE.event("conversation_updated", body)) == [Ignored(reason)]


def test_a_new_conversation_holds_its_first_message_in_numbers() -> None:
    first = {"id": 1, "content": "Hi", "message_type": 0, "created_at": int(AT.timestamp()), "private": False}
    first["sender"] = {"id": 7, "type": "contact", "name": "Meera"}
    body = DOUBLE.conversation(42, at=AT, messages=[first])
    at = AT.replace(microsecond=0)
    assert facts(DOUBLE.event("conversation_created", body)) == [
        CustomerMessage("42", "1", "contact:7", "Hi", at, "Meera")
    ]
    empty = DOUBLE.event("conversation_created", DOUBLE.conversation(42, at=AT))
    assert facts(empty) == [Ignored("a conversation in which nothing was said yet")]


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ("conversation_typing_on", "somebody is typing"),
        ("conversation_typing_off", "somebody stopped typing"),
        ("contact_updated", "a contact, not a conversation"),
        ("webwidget_triggered", "the chat was opened, and nothing was said"),
        ("moved\x1b[2J", "unknown event 'moved[2J'"),
        ("", "no event"),
    ],
)
def test_other_events_are_ignored_and_named(event: str, reason: str) -> None:
    body = {"conversation": DOUBLE.conversation(42, at=AT), "user": {"id": 7}}
    assert facts(DOUBLE.event(event, body)) == [Ignored(reason)]


def test_dedup_keys() -> None:
    def key(webhook: Webhook) -> str:
        return Chatwoot().dedup_key({n.lower(): v for n, v in webhook[1].items()}, orjson.loads(webhook[0]))

    one, two = (
        DOUBLE.status_changed(42, "open", "resolved", at=AT),
        DOUBLE.status_changed(42, "resolved", "open", at=AT),
    )
    assert key(one) != key(two)  # though both bodies have the conversation's id
    assert key(DOUBLE.signed(one[0], delivery="d" * 500)) == key(DOUBLE.signed(two[0], delivery="d" * 500))
    assert len(key(DOUBLE.signed(one[0], delivery="d" * 500))) <= 128
    assert key((one[0], {})) == key((one[0], {"X-Chatwoot-Delivery": " "})) != key((two[0], {}))


@given(body=st.dictionaries(st.sampled_from(["id", "messages", "meta", "changed_attributes", "status"]), JSON))
def test_any_json_is_read_without_failing(body: dict[str, Any]) -> None:
    for event in ("message_created", "conversation_created", "conversation_updated", "conversation_status_changed"):
        assert Chatwoot().read(body | {"event": event})
        assert Chatwoot().read({"event": event, "conversation": body, "conversation_id": 1} | body)


@pytest.mark.parametrize(("seconds", "status"), [(-301, 401), (-300, 200), (0, 200), (300, 200), (301, 401)])
async def test_a_signed_time_far_from_now_is_refused(
    chat: Chat, chatwoot: ChatwootDouble, seconds: int, status: int
) -> None:
    body, _ = chatwoot.message(42, "Hi", at=chat.at(-1))
    at = chat.at(0) + timedelta(seconds=seconds)
    response = await chat.post(chatwoot.signed(body, timestamp=str(int(at.timestamp()))), PATH)
    assert response.status_code == status
    if status == 401:
        assert response.json()["error"]["code"] == "SIGNATURE_EXPIRED"
        assert await chat.rows(WebhookDelivery) == []


@pytest.mark.parametrize("timestamp", ["soon", "-1", "1e9", "9" * 400, " "])
async def test_a_signed_time_that_is_none_is_refused(chat: Chat, chatwoot: ChatwootDouble, timestamp: str) -> None:
    response = await chat.post(chatwoot.signed(b"{}", timestamp=timestamp), PATH)
    assert response.status_code == 401


async def test_the_time_is_signed_too(chat: Chat, chatwoot: ChatwootDouble) -> None:
    body, headers = chatwoot.message(42, "Hi", at=chat.at(-1))
    chat.backend.clock.advance(minutes=20)
    now = str(int(chat.at(0).timestamp()))
    for forged in (headers, headers | {"X-Chatwoot-Timestamp": now}, headers | {"X-Chatwoot-Timestamp": ""}):
        assert (await chat.post((body, forged), PATH)).status_code == 401


async def test_a_retry_is_signed_anew_and_known_by_its_delivery(chat: Chat, chatwoot: ChatwootDouble) -> None:
    body, headers = chatwoot.message(42, "Hi", at=chat.at(-1))
    assert (await chat.post((body, headers), PATH)).json()["accepted"] is True
    chat.backend.clock.advance(minutes=20)
    again = chatwoot.signed(body, delivery=headers["X-Chatwoot-Delivery"])
    assert again[1]["X-Chatwoot-Signature"] != headers["X-Chatwoot-Signature"]
    assert (await chat.post(again, PATH)).json() == {"accepted": False, "duplicate": True}


async def test_a_whole_conversation(chat: Chat, chatwoot: ChatwootDouble) -> None:
    await chat.tell(
        chatwoot.message(42, "Is it vegan?", at=chat.at(-9), message_id=1),
        chatwoot.message(42, "difficult one", at=chat.at(-8), message_id=2, agent_id=5, private=True),
        chatwoot.message(42, "Yes", at=chat.at(-7), message_id=3, agent_id=5, name="Anu"),
        chatwoot.status_changed(42, "open", "resolved", at=chat.at(-6)),
        path=PATH,
    )
    incidence = await chat.incidence("42")
    assert incidence is not None
    assert (incidence.status, incidence.platform) == ("CLOSED", "chatwoot")
    assert await chat.told(incidence.id) == [("message_received", "Is it vegan?"), ("message_sent", "Yes")]
