"""From Freshchat's dialects to facts: no database needed."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.demo.outside.freshchat import Dialect, FreshchatDouble, Webhook
from backend.integrations.facts import AgentMessage, Assigned, CustomerMessage, Ignored, Reopened, Resolved
from backend.integrations.freshchat import Freshchat
from backend.integrations.plain_text import LONGEST

AT = datetime(2026, 3, 2, 8, 59, 1, 250_000, tzinfo=UTC)
COMPOSITE = "11de8840-6ce8-48ac-a418-7c2ae81a1b57_dbec0910-b4d6-4d81-8015-81f560a918de_feedback"
DIALECTS: list[Dialect] = ["2018", "2019", "2022"]


def read(webhook: Webhook) -> Any:
    (fact,) = Freshchat().read(orjson.loads(webhook[0]))
    return fact


def changed(webhook: Webhook, **message: Any) -> Any:
    """The fact of a message_create whose message has other values; None takes one away."""
    body = orjson.loads(webhook[0])
    body["data"]["message"] |= message
    body["data"]["message"] = {name: value for name, value in body["data"]["message"].items() if value is not None}
    (fact,) = Freshchat().read(body)
    return fact


@pytest.fixture
def in_dialect(freshchat: FreshchatDouble, dialect: Dialect) -> FreshchatDouble:
    return FreshchatDouble(freshchat.private_key, dialect)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_messages(in_dialect: FreshchatDouble) -> None:
    webhook = in_dialect.message_create(COMPOSITE, "Is it <b>vegan</b>?", user_id="u1", at=AT, message_id="m1")
    assert read(webhook) == CustomerMessage(COMPOSITE, "m1", "u1", "Is it <b>vegan</b>?", AT)
    webhook = in_dialect.message_create(COMPOSITE, "Yes", user_id="u1", at=AT, message_id="m2", agent_id="a1")
    assert read(webhook) == AgentMessage(COMPOSITE, "m2", "a1", "Yes", AT)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_assignment_resolution_and_reopening(in_dialect: FreshchatDouble) -> None:
    assert read(in_dialect.conversation_assignment(COMPOSITE, to_agent_id="a1", at=AT)) == Assigned(COMPOSITE, "a1", AT)
    assert read(in_dialect.conversation_resolution(COMPOSITE, agent_id="a1", at=AT)) == Resolved(COMPOSITE, AT)
    assert read(in_dialect.conversation_reopen(COMPOSITE, user_id="u1", at=AT)) == Reopened(COMPOSITE, AT)


def test_no_agent_is_written_as_empty_text(freshchat: FreshchatDouble) -> None:
    taken_away = freshchat.conversation_assignment("c1", to_agent_id="", from_agent_id="a1", at=AT)
    assert read(taken_away) == Assigned("c1", None, AT)
    to_group = freshchat.conversation_assignment("c1", to_agent_id="", to_group_id="g1", at=AT)
    assert read(to_group) == Ignored("assigned to a group, not to a person")


def test_the_customer_as_the_app_knows_them(freshchat: FreshchatDouble) -> None:
    user = {"first_name": "Meera", "last_name": "Iyer", "reference_id": "cust-7"}
    fact = read(freshchat.message_create("c1", "Hi", user_id="u1", at=AT, user=user))
    assert (fact.name, fact.external_id) == ("Meera Iyer", "cust-7")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"message_type": "private"}, "a private note, which the customer does not see"),
        ({"message_type": "note"}, "a private note, which the customer does not see"),
        ({"botsPrivateNote": True}, "a private note, which the customer does not see"),
        ({"actor_type": "system"}, "a message by 'system', who is neither customer nor agent"),
        ({"id": None}, "a message without an id"),
        ({"message_parts": []}, "a message without content"),
        ({"message_parts": [{"text": {"content": "\x1b\x07 "}}]}, "a message without content"),
        ({"conversation_id": ""}, "names no conversation"),
        ({"conversation_id": {"id": 1}}, "names no conversation"),
    ],
)
def test_what_is_not_for_the_timeline_is_ignored_and_says_why(
    freshchat: FreshchatDouble, change: dict[str, Any], reason: str
) -> None:
    webhook = freshchat.message_create("c1", "Hi", user_id="u1", at=AT, message_id="m1")
    assert changed(webhook, **change) == Ignored(reason)


def test_unknown_actions_are_ignored_and_named() -> None:
    assert Freshchat().read({"action": "csat_\x1b[2Jsubmit"}) == [Ignored("unknown action 'csat_[2Jsubmit'")]
    assert Freshchat().read({}) == [Ignored("no action")]


def test_parts_that_are_not_text_are_described(freshchat: FreshchatDouble) -> None:
    parts: list[dict[str, Any]] = [
        {"text": {"content": "Like these:"}},
        {"image": {"url": "https://example.com/a.png"}},
        {"file": {"name": "menu\x1b]52;c;aGk=\x07.pdf", "url": "https://example.com/m.pdf"}},
        {"url_button": {"label": "Order now", "url": "https://example.com"}},
    ]
    fact = read(freshchat.message_create("c1", parts, user_id="u1", at=AT))
    assert fact.text == "Like these:\n[image]\n[file: menu]52;c;aGk=.pdf]\n[url button: Order now]"


def test_parts_of_2018_that_are_not_text_are_described(freshchat: FreshchatDouble) -> None:
    parts = [{"part_type": "text", "properties": {"text": "See"}}, {"part_type": "image", "properties": {"url": "x"}}]
    webhook = FreshchatDouble(freshchat.private_key, "2018").message_create("c1", parts, user_id="u1", at=AT)
    assert read(webhook).text == "See\n[image]"


def test_hostile_text_is_cleaned(freshchat: FreshchatDouble) -> None:
    text = "a\x1b[31mb\x1b]52;c;ZXZpbA==\x07c\u202etxt.exe\u2066d\x9b2J\x00[/broken] [link=x]"
    fact = read(freshchat.message_create("c\x1b1", text, user_id="u\u202e1", at=AT, message_id="m\x001"))
    assert fact.text == "a[31mb]52;c;ZXZpbA==ctxt.exed2J[/broken] [link=x]"
    assert (fact.conversation_id, fact.handle, fact.message_id) == ("c1", "u1", "m1")


def test_a_text_without_end_is_cut_and_says_so(freshchat: FreshchatDouble) -> None:
    fact = read(freshchat.message_create("c1", "x" * (LONGEST + 5), user_id="u1", at=AT))
    assert fact.text == "x" * LONGEST + "\n[5 more characters were cut]"


def test_ids_longer_than_our_columns_stay_apart(freshchat: FreshchatDouble) -> None:
    long = "c" * 200
    one = read(freshchat.conversation_reopen(long + "1", user_id="u", at=AT)).conversation_id
    two = read(freshchat.conversation_reopen(long + "2", user_id="u", at=AT)).conversation_id
    assert one != two
    assert len(one) <= 128
    assert len(two) <= 128


@pytest.mark.parametrize("said", ["", "yesterday", "0000-00-00T00:00:00Z", "2026-13-01T00:00:00Z", None, 5, {}])
def test_a_time_that_is_none_reads_as_none(freshchat: FreshchatDouble, said: Any) -> None:
    body = orjson.loads(freshchat.conversation_reopen("c1", user_id="u1", at=AT)[0]) | {"action_time": said}
    assert Freshchat().read(body) == [Reopened("c1", None)]


def test_dedup_keys(freshchat: FreshchatDouble) -> None:
    def key(webhook: Webhook) -> str:
        return Freshchat().dedup_key(webhook[1], orjson.loads(webhook[0]))

    later = AT.replace(second=2)
    hi = freshchat.message_create("c1", "Hi", user_id="u1", at=AT, message_id="m1")
    assert key(hi) == key(freshchat.message_create("c1", "Hi!", user_id="u1", at=later, message_id="m1"))
    different = [
        hi,
        freshchat.message_create("c1", "Hi", user_id="u1", at=AT, message_id="m2"),
        freshchat.conversation_resolution("c1", agent_id="a1", at=AT),
        freshchat.conversation_resolution("c1", agent_id="a1", at=later),
        freshchat.conversation_resolution("c1", agent_id="a2", at=AT),
        freshchat.conversation_resolution("c2", agent_id="a1", at=AT),
        freshchat.conversation_reopen("c1", user_id="a1", at=AT),
        freshchat.signed(b'{"action":"new","n":1}'),
        freshchat.signed(b'{"action":"new","n":2}'),
    ]
    assert len({key(webhook) for webhook in different}) == len(different)
    assert all(len(key(webhook)) <= 128 for webhook in different)


TEXT = st.text(st.characters(codec="utf-8"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner),
    max_leaves=8,
)
ACTIONS = ["message_create", "conversation_assignment", "conversation_resolution", "conversation_reopen"]


@given(
    action=st.sampled_from(ACTIONS),
    data=st.dictionaries(st.sampled_from(["message", "assignment", "resolve", "reopen"]), JSON)
    | st.fixed_dictionaries(
        {
            "message": st.fixed_dictionaries(
                {"conversation_id": st.just("c1")},
                optional={
                    name: JSON | st.sampled_from(["agent", "user"])
                    for name in ("id", "actor_type", "message_parts", "msg_parts", "message_type", "user", "user_id")
                },
            )
        }
    ),
    actor=JSON,
)
def test_any_json_is_read_without_failing(action: str, data: Any, actor: Any) -> None:
    body = {"action": action, "actor": actor, "data": data}
    (fact,) = Freshchat().read(body)
    assert isinstance(fact, CustomerMessage | AgentMessage | Assigned | Resolved | Reopened | Ignored)
    assert len(Freshchat().dedup_key({}, body)) <= 128
