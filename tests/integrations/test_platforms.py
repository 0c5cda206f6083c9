"""What holds for every platform: forged webhooks are refused, a good one is taken once, hostile text loses its teeth."""

import asyncio
from datetime import timedelta

import orjson
import pytest
from pydantic import SecretStr

from backend.events.models import EventRow
from backend.incidences.models import Incidence
from backend.integrations.models import Integration, ToldMessage, WebhookDelivery
from backend.integrations.platforms import BY_NAME
from backend.jobs.models import PendingJob
from backend.work import Work
from tests.integrations.conftest import Chat
from tests.integrations.voices import PLATFORMS, Voice, voice_of

pytestmark = pytest.mark.alike


@pytest.fixture(params=PLATFORMS)
def platform(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def path(platform: str) -> str:
    return f"/webhooks/{platform}"


def trust(chat: Chat, voice: Voice, secret: str) -> None:
    """Set what the first business's webhooks are checked with."""
    kept = getattr(chat.backend.settings, voice.setting)
    setattr(chat.backend.settings, voice.setting, SecretStr(secret) if isinstance(kept, SecretStr) else secret)


@pytest.fixture
def voice(chat: Chat, platform: str) -> Voice:
    voice = voice_of(platform, chat.backend.clock, chat.freshchat)
    trust(chat, voice, voice.secret)
    return voice


async def expect_refused(chat: Chat, path: str, body: bytes, headers: dict[str, str], status: int, code: str) -> str:
    """The message of the refusal, after which nothing is there."""
    before = len(await chat.rows(EventRow))
    response = await chat.post((body, headers), path)
    assert response.status_code == status, response.text
    assert response.json()["success"] is False
    assert response.json()["error"]["code"] == code
    assert await chat.rows(WebhookDelivery) == []
    assert await chat.rows(PendingJob) == []
    assert len(await chat.rows(EventRow)) == before
    return str(response.json()["error"]["message"])


def test_every_platform_is_tried_here() -> None:
    assert list(BY_NAME) == PLATFORMS


async def test_forged_webhooks_are_refused(chat: Chat, voice: Voice, path: str) -> None:
    body, headers = voice.message(1, "Refund <all> & go", customer=7, at=chat.at(-1), id=1)
    signature = headers[voice.signature]
    reserialised = orjson.dumps(orjson.loads(body))
    assert b"\\u003c" in body
    assert b"\\u003c" not in reserialised
    for tampered in (body.replace(b"Refund", b"refund"), body + b"\n", reserialised, b""):
        await expect_refused(chat, path, tampered, headers, 401, "SIGNATURE_INVALID")
    scheme, is_prefixed, rest = signature.rpartition("=")[0], "=" in signature[:8], signature.partition("=")[2]
    other_scheme = "sha256" if scheme == "sha1" else "sha1"
    wrong = {
        voice.another().signed(body)[1][voice.signature],
        signature[:-2],
        signature + "0",
        f" {signature[1:]}",
        "",
        "x" * 10_000,
        "\u00e9",
        f"{other_scheme}={rest if is_prefixed else signature}",
        f"{signature},{signature}",
    }
    if is_prefixed:
        wrong |= {rest, f"{scheme}=", f"{scheme}={'0' * len(rest)}", signature.upper()}
    for forged in wrong:
        given = headers | {voice.signature: forged.encode("latin-1").decode("latin-1")}
        response = await chat.http.post(path, content=body, headers={k: v.encode("latin-1") for k, v in given.items()})
        assert (response.status_code, response.json()["error"]["code"]) == (401, "SIGNATURE_INVALID"), forged
    headers.pop(voice.signature)
    await expect_refused(chat, path, body, headers, 401, "SIGNATURE_INVALID")


@pytest.mark.parametrize("secret", ["", "  \n"])
async def test_without_a_secret_everything_is_refused_and_the_admin_is_told_what_to_set(
    chat: Chat, voice: Voice, path: str, secret: str
) -> None:
    trust(chat, voice, secret)
    webhook = voice.message(1, "Hi", customer=7, at=chat.at(-1), id=1)
    message = await expect_refused(chat, path, *webhook, 503, "WEBHOOK_NOT_CONFIGURED")
    assert f"HOLDFAST_{voice.setting.upper()}" in message


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b"\xff\xfe{}", b"[" * 5_000])
async def test_garbage_with_a_good_signature_changes_nothing(chat: Chat, voice: Voice, path: str, raw: bytes) -> None:
    await expect_refused(chat, path, *voice.signed(raw), 400, "MALFORMED_BODY")


async def test_a_probe_is_answered(chat: Chat, path: str) -> None:
    response = await chat.http.head(path)
    assert (response.status_code, response.content) == (200, b"")
    assert (await chat.http.get(path)).status_code == 405


async def test_twenty_at_once_are_one(chat: Chat, voice: Voice, path: str) -> None:
    webhook = voice.message(1, "Hi", customer=7, at=chat.at(-1), id=1)
    responses = await asyncio.gather(*(chat.post(webhook, path) for _ in range(20)))
    assert [response.status_code for response in responses] == [200] * 20
    assert sorted(response.json()["accepted"] for response in responses) == [False] * 19 + [True]
    await chat.backend.drain()
    assert len(await chat.rows(WebhookDelivery)) == 1
    (incidence,) = await chat.rows(Incidence)
    assert await chat.told(incidence.id) == [("message_received", "Hi")]


async def test_a_message_told_again_under_another_delivery_is_in_the_timeline_once(
    chat: Chat, voice: Voice, path: str
) -> None:
    for text in ("Hi", "Hi (edited)"):
        await chat.tell(voice.message(1, text, customer=7, at=chat.at(-3), id=1), path=path)
    for _ in range(2):
        await chat.tell(voice.answer(1, "Hello", customer=7, at=chat.at(-2), id=2), path=path)
    (incidence,) = await chat.rows(Incidence)
    assert await chat.told(incidence.id) == [("message_received", "Hi"), ("message_sent", "Hello")]
    assert incidence.status == "WAITING"


async def test_hostile_text_reaches_the_timeline_without_its_teeth(chat: Chat, voice: Voice, path: str) -> None:
    hostile = "\x1b]52;c;ZXZpbA==\x07Hi\u202e[/broken]\x1b[2J\x9b2J"
    await chat.tell(voice.message(1, hostile, customer=7, at=chat.at(-1), id=1), path=path)
    (incidence,) = await chat.rows(Incidence)
    assert await chat.told(incidence.id) == [("message_received", "]52;c;ZXZpbA==Hi[/broken][2J2J")]
    assert incidence.platform == path.rpartition("/")[2]


@pytest.mark.parametrize("minutes", [-60 * 24 * 400, 60 * 24 * 3650])
async def test_an_instant_far_away_does_not_shut_out_what_follows(
    chat: Chat, voice: Voice, path: str, minutes: float
) -> None:
    await chat.tell(voice.message(1, "Hi", customer=7, at=chat.at(minutes), id=1), path=path)
    chat.backend.clock.advance(minutes=10)
    await chat.tell(voice.resolved(1, at=chat.at(0)), path=path)
    (incidence,) = await chat.rows(Incidence)
    assert incidence.status == "CLOSED"
    message = next(row for row in await chat.rows(EventRow) if row.type == "incidence.message_received")
    assert message.occurred_at <= chat.at(0)


async def test_an_agent_is_known_by_their_address(chat: Chat, voice: Voice, path: str) -> None:
    me = await (await chat.backend.member("agent")).identity.me()
    await chat.tell(
        voice.message(1, "Hi", customer=7, at=chat.at(-3), id=1),
        voice.assigned(1, me.user.email, at=chat.at(-2)),
        path=path,
    )
    (incidence,) = await chat.rows(Incidence)
    assert incidence.agent_id == me.member_id


async def test_each_business_has_a_secret_of_its_own(chat: Chat, voice: Voice, path: str, platform: str) -> None:
    theirs = voice.another()

    def connect(work: Work) -> None:
        sealed = chat.backend.runtime.vault.seal({"webhook_secret": theirs.secret})
        work.add(Integration(platform=platform, sealed=sealed, created_at=work.now))

    units = await chat.backend.units(await chat.backend.another_owner())
    await units.write(connect)
    path = f"{path}?business={units.business_id}"
    body = voice.message(1, "Hi", customer=7, at=chat.at(-1), id=1)[0]
    assert (await chat.post(voice.signed(body), path)).json()["error"]["code"] == "SIGNATURE_INVALID"
    assert (await chat.post(theirs.signed(body), path)).json()["accepted"] is True
    await chat.backend.drain()
    assert [incidence.business_id for incidence in await chat.rows(Incidence)] == [units.business_id]


async def test_erasing_a_customer_empties_all_that_was_told_of_the_conversation_and_nothing_else(
    chat: Chat, voice: Voice, path: str
) -> None:
    await chat.tell(
        voice.message(1, "I am Meera", customer=7, at=chat.at(-4), id=1),
        voice.resolved(1, at=chat.at(-3)),
        voice.message(2, "7", customer=8, at=chat.at(-2), id=2),
        path=path,
    )
    assert (await chat.post(voice.message(1, "Meera again", customer=7, at=chat.at(-1), id=3), path)).is_success
    (incidence,) = [row for row in await chat.rows(Incidence) if row.summary == "I am Meera"]
    await (await chat.backend.owner()).customers.erase(incidence.customer_id)
    await chat.backend.drain()
    left = [row.body for row in await chat.rows(WebhookDelivery) if row.body != b"{}"]
    assert len(left) == 1
    assert b"Meera" not in left[0]
    told = [(row.conversation_id, row.message_id) for row in await chat.rows(ToldMessage)]
    assert len(told) == 1, told


async def test_a_message_is_dated_by_the_platform(chat: Chat, voice: Voice, path: str) -> None:
    at = (chat.at(0) - timedelta(hours=2)).replace(microsecond=0)
    await chat.tell(voice.message(1, "Hi", customer=7, at=at, id=1), path=path)
    (message,) = [row for row in await chat.rows(EventRow) if row.type == "incidence.message_received"]
    assert message.occurred_at == at
