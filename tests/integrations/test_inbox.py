"""The door: what is refused leaves no row, what is taken is taken once."""

import asyncio
import base64
from datetime import timedelta

import orjson
import pytest

from backend.demo.outside.freshchat import FreshchatDouble
from backend.events.models import EventRow
from backend.incidences import conversations
from backend.incidences.models import Incidence
from backend.integrations import service
from backend.integrations.models import Integration, WebhookDelivery
from backend.jobs.models import PendingJob
from backend.work import Work
from tests.integrations.conftest import PATH, Chat
from tests.support.backend import business_of

pytestmark = pytest.mark.alike


async def expect_refused(chat: Chat, body: bytes, headers: dict[str, str], status: int, code: str) -> str:
    """The message of the refusal, after which nothing is there."""
    before = len(await chat.rows(EventRow))
    response = await chat.post((body, headers))
    assert response.status_code == status, response.text
    assert response.json()["success"] is False
    assert response.json()["error"]["code"] == code
    assert await chat.rows(WebhookDelivery) == []
    assert await chat.rows(PendingJob) == []
    assert len(await chat.rows(EventRow)) == before
    return str(response.json()["error"]["message"])


async def test_a_good_webhook_is_kept_as_it_came_and_answered_before_it_is_processed(chat: Chat) -> None:
    body, headers = chat.freshchat.message_create("c1", "Is it <b>vegan</b>?", user_id="u1", at=chat.at(-1))
    response = await chat.post((body, headers), **{"X-Retry-Count": "2", "Cookie": "secret"})
    assert (response.status_code, response.json()) == (200, {"accepted": True, "duplicate": False})
    (delivery,) = await chat.rows(WebhookDelivery)
    assert delivery.body == body
    assert delivery.headers["x-retry-count"] == "2"
    assert "cookie" not in delivery.headers
    assert (delivery.outcome, delivery.processed_at, delivery.received_at) == (None, None, chat.at(0))
    assert await chat.rows(Incidence) == []
    assert [job.job for job in await chat.rows(PendingJob)] == ["integrations.process_delivery"]


async def test_forged_webhooks_are_refused(chat: Chat) -> None:
    body, headers = chat.freshchat.message_create("c1", "Refund <all> & go", user_id="u1", at=chat.at(-1))
    signature = headers["X-Freshchat-Signature"]
    other = FreshchatDouble().signed(body)[1]["X-Freshchat-Signature"]
    flipped = bytearray(base64.b64decode(signature))
    flipped[7] ^= 1
    reserialised = orjson.dumps(orjson.loads(body))
    assert reserialised != body
    for tampered in (body.replace(b"Refund", b"refund"), body + b"\n", reserialised, b""):
        await expect_refused(chat, tampered, headers, 401, "SIGNATURE_INVALID")
    for wrong in (other, base64.b64encode(flipped).decode(), f"sha256={signature}", signature[:-2], "", "x" * 10_000):
        forged = headers | {"X-Freshchat-Signature": wrong}
        await expect_refused(chat, body, forged, 401, "SIGNATURE_INVALID")
    headers.pop("X-Freshchat-Signature")
    await expect_refused(chat, body, headers, 401, "SIGNATURE_INVALID")
    headers |= {"X-Hub-Signature": f"sha1={signature}"}
    await expect_refused(chat, body, headers, 401, "SIGNATURE_INVALID")


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'"text"', b"null", b'{"a":"\\ud800"}', b"\xff\xfe{}", b"[" * 5_000])
async def test_garbage_with_a_good_signature_changes_nothing(chat: Chat, raw: bytes) -> None:
    await expect_refused(chat, *chat.freshchat.signed(raw), 400, "MALFORMED_BODY")


async def test_garbage_with_a_bad_signature_is_not_even_parsed(chat: Chat) -> None:
    _, headers = chat.freshchat.signed(b"{")
    await expect_refused(chat, b"{{", headers, 401, "SIGNATURE_INVALID")


async def test_a_body_of_two_megabytes_is_refused(chat: Chat) -> None:
    webhook = chat.freshchat.message_create("c1", "x" * 2_000_000, user_id="u1", at=chat.at(-1))
    await expect_refused(chat, *webhook, 413, "TOO_LARGE")


@pytest.mark.parametrize("key", ["", "  \n"])
async def test_without_a_key_everything_is_refused_and_the_admin_is_told_what_to_set(chat: Chat, key: str) -> None:
    chat.backend.settings.freshchat_public_key = key
    webhook = chat.freshchat.message_create("c1", "Hi", user_id="u1", at=chat.at(-1))
    message = await expect_refused(chat, *webhook, 503, "WEBHOOK_NOT_CONFIGURED")
    assert "HOLDFAST_FRESHCHAT_PUBLIC_KEY" in message


async def test_with_a_broken_key_everything_is_refused_and_the_key_is_not_told(chat: Chat) -> None:
    chat.backend.settings.freshchat_public_key = "c2VjcmV0"
    webhook = chat.freshchat.message_create("c1", "Hi", user_id="u1", at=chat.at(-1))
    message = await expect_refused(chat, *webhook, 503, "WEBHOOK_KEY_INVALID")
    assert "c2VjcmV0" not in message
    assert "copy it again" in message


async def test_the_key_may_be_pasted_on_one_line(chat: Chat) -> None:
    chat.backend.settings.freshchat_public_key = chat.freshchat.public_key.replace("\n", "\\n")
    assert (await chat.post(chat.freshchat.signed(b'{"action":"x"}'))).status_code == 200


async def test_twenty_at_once_are_one(chat: Chat) -> None:
    webhook = chat.freshchat.message_create("c1", "Hi", user_id="u1", at=chat.at(-1))
    responses = await asyncio.gather(*(chat.post(webhook) for _ in range(20)))
    assert [response.status_code for response in responses] == [200] * 20
    assert sorted(response.json()["accepted"] for response in responses) == [False] * 19 + [True]
    assert all(response.json()["duplicate"] is not response.json()["accepted"] for response in responses)
    await chat.backend.drain()
    assert len(await chat.rows(WebhookDelivery)) == 1
    (incidence,) = await chat.rows(Incidence)
    assert await chat.told(incidence.id) == [("message_received", "Hi")]


async def test_head_answers_a_probe_and_get_does_not(chat: Chat) -> None:
    assert (await chat.http.head(PATH)).status_code == 200
    assert (await chat.http.get(PATH)).status_code == 405


async def test_unknown_actions_are_kept_with_the_reason_why_nothing_came_of_them(chat: Chat) -> None:
    await chat.tell(chat.freshchat.signed(b'{"action":"csat_submit","data":{}}'))
    (delivery,) = await chat.rows(WebhookDelivery)
    assert (delivery.outcome, delivery.error) == ("ignored", "unknown action 'csat_submit'")
    assert delivery.processed_at == chat.at(0)
    assert await chat.rows(Incidence) == []


async def test_each_business_has_a_key_of_its_own(chat: Chat) -> None:
    theirs, other = FreshchatDouble(), await chat.backend.another_owner()
    other_id = await business_of(other)
    path = f"{PATH}?business={other_id}"

    def connect(work: Work) -> None:
        sealed = chat.backend.runtime.vault.seal({"webhook_secret": theirs.public_key})
        work.add(Integration(platform="freshchat", sealed=sealed, created_at=work.now))

    body, headers = theirs.message_create("c1", "Hi", user_id="u1", at=chat.at(-1))
    assert (await chat.post((body, headers), path)).json()["error"]["code"] == "WEBHOOK_NOT_CONFIGURED"
    await (await chat.backend.units(other)).write(connect)
    assert (await chat.post((body, headers), path)).json() == {"accepted": True, "duplicate": False}
    ours = chat.freshchat.signed(body)
    assert (await chat.post(ours, path)).json()["error"]["code"] == "SIGNATURE_INVALID"
    assert (await chat.post((body, headers))).json()["error"]["code"] == "SIGNATURE_INVALID"
    assert (await chat.post(ours)).json() == {
        "accepted": True,
        "duplicate": False,
    }  # no duplicate of another business's
    await chat.backend.drain()
    incidences = await chat.rows(Incidence)
    assert {incidence.business_id for incidence in incidences} == {
        other_id,
        await business_of(await chat.backend.owner()),
    }
    assert (await chat.post(ours, f"{PATH}?business=nobody")).json()["error"]["code"] == "WEBHOOK_NOT_CONFIGURED"
    for strange in ("", "%00", "a" * 37, "'--"):
        assert (await chat.post(ours, f"{PATH}?business={strange}")).status_code == 400


async def test_a_job_that_runs_again_changes_nothing(chat: Chat) -> None:
    await chat.tell(chat.freshchat.message_create("c1", "Hi", user_id="u1", at=chat.at(-1)))
    (delivery,) = await chat.rows(WebhookDelivery)
    assert (delivery.outcome, delivery.attempts) == ("applied", 1)
    units = await chat.backend.units()
    await asyncio.gather(*(units.write(service.process, delivery.id) for _ in range(5)))
    (incidence,) = await chat.rows(Incidence)
    assert await chat.told(incidence.id) == [("message_received", "Hi")]


async def test_a_delivery_processed_by_many_at_once_is_applied_once(chat: Chat) -> None:
    await chat.post(chat.freshchat.message_create("c1", "Hi", user_id="u1", at=chat.at(-1)))
    (delivery,) = await chat.rows(WebhookDelivery)
    units = await chat.backend.units()
    await asyncio.gather(*(units.write(service.process, delivery.id) for _ in range(8)))
    (incidence,) = await chat.rows(Incidence)
    assert await chat.told(incidence.id) == [("message_received", "Hi")]


async def test_a_failure_is_written_down_and_tried_again(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_kwargs: object) -> str:
        raise RuntimeError("the disk\x1b[2J is full")

    with monkeypatch.context() as patch:
        patch.setattr(conversations, "message_from_customer", fail)
        await chat.tell(chat.freshchat.message_create("c1", "Hi", user_id="u1", at=chat.at(-1)))
    (delivery,) = await chat.rows(WebhookDelivery)
    assert (delivery.processed_at, delivery.attempts) == (None, 1)
    assert (delivery.error or "").startswith("RuntimeError at integrations/telling.py:"), (
        "its words may be a customer's"
    )
    assert "disk" not in (delivery.error or "")
    assert await chat.rows(Incidence) == []
    chat.backend.clock.advance(seconds=5)
    await chat.backend.drain()
    (delivery,) = await chat.rows(WebhookDelivery)
    assert (delivery.outcome, delivery.error) == ("applied", None)
    assert len(await chat.rows(Incidence)) == 1


async def test_erasing_a_customer_empties_their_webhooks(chat: Chat) -> None:
    await chat.tell(
        chat.freshchat.message_create("c1", "My name is Meera", user_id="u1", at=chat.at(-2)),
        chat.freshchat.message_create("c2", "Not hers", user_id="u2", at=chat.at(-1)),
    )
    incidence = await chat.incidence("c1")
    assert incidence is not None
    owner = await chat.backend.owner()
    await owner.transport.call("DELETE", "/api/customers/{id}", id=incidence.customer_id)
    bodies = {delivery.conversation_id: delivery.body for delivery in await chat.rows(WebhookDelivery)}
    assert bodies.keys() == {None, "c2"}
    assert bodies[None] == b"{}"
    assert b"Not hers" in bodies["c2"]


async def test_an_instant_far_in_the_future_does_not_shut_out_what_follows(chat: Chat) -> None:
    chat.backend.clock.advance(minutes=10)
    await chat.tell(chat.freshchat.message_create("c1", "Hi", user_id="u1", at=chat.at(0) + timedelta(days=3650)))
    chat.backend.clock.advance(minutes=10)
    await chat.tell(chat.freshchat.conversation_resolution("c1", agent_id="a1", at=chat.at(0)))
    incidence = await chat.incidence("c1")
    assert incidence is not None
    assert incidence.status == "CLOSED"
