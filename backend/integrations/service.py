"""The webhook inbox: kept once, answered at once, understood by a job."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import orjson
from pydantic import SecretStr
from sqlalchemy.orm import Session

from backend.core.errors import Invalid, Unavailable, kept
from backend.core.sealing import Vault
from backend.core.text import clean_line
from backend.customers.erasure import also_erases
from backend.customers.holdings import also_exports
from backend.customers.models import Customer
from backend.customers.repository import handles_of
from backend.events.event import Actor
from backend.incidences.models import Conversation
from backend.integrations import repository, telling
from backend.integrations.facts import Conversational, CustomerMessage, Fact, Ignored
from backend.integrations.models import ConversationMark, ToldMessage, WebhookDelivery
from backend.integrations.platforms import BY_NAME, Platform
from backend.integrations.schemas import Received
from backend.settings import Settings
from backend.work import Work

WAIT_AT_MOST = timedelta(days=1)
"""How long a fact about a conversation that we do not know is kept for when its first message comes. Platforms have been
seen to deliver an hour late, and the first message may be what is late."""
LATE_AT_LEAST = timedelta(minutes=1)
"""After so long without that message, the conversation is read back, if its platform can be called."""
_ERROR_LENGTH = 500
_HEADER_LENGTH = 1_000


def secret_of(
    session: Session, platform: Platform, settings: Settings, business_id: str | None, vault: Vault
) -> tuple[str, str]:
    """(business id, secret) to check a webhook with. Unavailable, saying what to set, when there is no secret, or while
    the connection is stopped: nothing is told, read or taken then, and the platform tries again later.

    The business is the one asked for, else the first. Its integration's secret goes before that of the settings, which
    is the first business's: signed by one business's account, a webhook never reaches another business.
    """
    first = repository.first_business(session)
    business_id = business_id or first
    if business_id is not None:
        integration = repository.integration_of(session, business_id, platform.name)
        if integration is not None and integration.stopped_at is not None:
            words = f"{platform.title} is stopped here: nothing is told, read or taken until an admin lets it go on."
            raise Unavailable(words, code="STOPPED")
        found = vault.open(integration.sealed).get("webhook_secret") if integration else None
        secret = found or (getattr(settings, platform.secret_name) if business_id == first else "")
        secret = secret.get_secret_value() if isinstance(secret, SecretStr) else secret
        if isinstance(secret, str) and secret.strip():
            return business_id, secret
    raise Unavailable(
        f"Webhooks of {platform.title} are refused, because nothing was set to check them with. An admin must set"
        f" HOLDFAST_{platform.secret_name.upper()}, or `webhookSecret` of the business's {platform.title} integration.",
        code="WEBHOOK_NOT_CONFIGURED",
        setting=f"HOLDFAST_{platform.secret_name.upper()}",
    )


def parsed(raw: bytes) -> dict[str, Any]:
    """The body as a JSON object. Call it with bytes whose signature was right. Invalid when it is none."""
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Invalid("The body is signed, but it is not JSON.", code="MALFORMED_BODY") from error
    if not isinstance(body, dict):
        raise Invalid("The body is signed, but it is not a JSON object.", code="MALFORMED_BODY")
    return body


def receive(
    work: Work, platform: Platform, raw: bytes, headers: Mapping[str, str], dedup_key: str, conversation_id: str
) -> Received:
    """Keep a verified webhook and want it processed, in one transaction; one that was kept before changes nothing.

    It is tied to its conversation at once, and so is found when the customer is erased, even if nothing comes of it.
    """
    kept = {name: clean_line(headers[name])[:_HEADER_LENGTH] for name in platform.kept_headers if name in headers}
    row = {"platform": platform.name, "dedup_key": dedup_key, "body": raw, "headers": kept, "received_at": work.now}
    row |= {"business_id": work.business_id, "conversation_id": conversation_id or None}
    delivery_id = repository.insert_once(work.session, row)
    if delivery_id is not None:
        work.enqueue("integrations.process_delivery", delivery_id=delivery_id)
    return Received(accepted=delivery_id is not None, duplicate=delivery_id is None)


def process(work: Work, delivery_id: str) -> None:
    """Apply what a kept webhook tells and mark it processed, in one transaction. A second time changes nothing."""
    delivery = work.get(WebhookDelivery, delivery_id, "webhook delivery")
    platform = delivery.platform
    work.actor = Actor("webhook", None, BY_NAME[platform].title)
    facts = _read(delivery)
    told = _told(facts)
    for conversation_id in sorted({fact.conversation_id for fact in told}):
        repository.lock_conversation(work.session, work.business_id, platform, conversation_id)
    for conversation_id in sorted({fact.conversation_id for fact in told}):
        telling.case_of(work, platform, conversation_id)  # locked before any event is written, as everybody does
    work.session.refresh(delivery)  # while we waited for the lock, the message it waited for may have applied it
    if delivery.processed_at is not None:
        return
    delivery.attempts, delivery.error = delivery.attempts + 1, None
    if not told:
        reasons = "; ".join(fact.reason for fact in facts if isinstance(fact, Ignored))
        _settle(work, delivery, "ignored", reasons)
        return
    conversation_id = told[0].conversation_id
    was_known = is_known(work, platform, conversation_id)
    if not was_known and not any(isinstance(fact, CustomerMessage) for fact in told):
        _wait(work, delivery, conversation_id)
        return
    # A message may open the conversation that the others are about.
    for fact in sorted(told, key=lambda fact: not isinstance(fact, CustomerMessage)):
        telling.tell(work, platform, fact, telling.instant_of(fact, delivery.received_at))
    _settle(work, delivery, "applied")
    if not was_known:
        wake_waiting(work, platform, conversation_id)


def wake_waiting(work: Work, platform: str, conversation_id: str) -> None:
    """The conversation is known now: look again at the webhooks that waited for it. Each in a unit of its own: what is
    wrong with one of them must not keep the others from us."""
    work.cancel(repository.job_key("read", platform, conversation_id))
    for waiting_id in repository.waiting(work.session, platform, conversation_id):
        work.enqueue("integrations.process_delivery", key=_later(waiting_id), delivery_id=waiting_id)


def _read(delivery: WebhookDelivery) -> list[Fact]:
    return BY_NAME[delivery.platform].read(orjson.loads(delivery.body))


def _told(facts: list[Fact]) -> list[Conversational]:
    return [fact for fact in facts if not isinstance(fact, Ignored)]


def is_known(work: Work, platform: str, conversation_id: str) -> bool:
    """Whether a case is tied to the conversation."""
    return work.session.get(Conversation, (work.business_id, platform, conversation_id)) is not None


def _settle(work: Work, delivery: WebhookDelivery, outcome: str, why: str | None = None) -> None:
    delivery.outcome, delivery.error, delivery.processed_at = outcome, why, work.now


def _later(delivery_id: str) -> str:
    return f"waiting-delivery:{delivery_id}"


def _wait(work: Work, delivery: WebhookDelivery, conversation_id: str) -> None:
    """For the message that opens the conversation; if it is not only late, the conversation is read back for it."""
    until = delivery.received_at + WAIT_AT_MOST
    if work.now >= until:
        _settle(work, delivery, "expired", "no customer's message opened this conversation within a day")
        return
    is_first = delivery.outcome != "waiting"  # attempts count tries that failed, too
    delivery.outcome = "waiting"
    work.enqueue("integrations.process_delivery", at=until, key=_later(delivery.id), delivery_id=delivery.id)
    if is_first:
        work.enqueue(
            "integrations.read_conversation",
            at=work.now + LATE_AT_LEAST,
            key=repository.job_key("read", delivery.platform, conversation_id),
            platform=delivery.platform,
            conversation_id=conversation_id,
        )


def note_failure(work: Work, delivery_id: str, error: Exception) -> None:
    """Keep with the delivery why it could not be applied; the job tries again."""
    delivery = work.get(WebhookDelivery, delivery_id, "webhook delivery")
    if delivery.processed_at is None:
        delivery.attempts += 1
        delivery.error = clean_line(kept(error))[:_ERROR_LENGTH]


@also_exports
def export_conversations(work: Work, customer: Customer) -> dict[str, list[dict[str, Any]]]:
    """The webhooks that tell of the customer, and what of their conversations was told."""
    session, own = work.session, work.business_id
    conversations = repository.conversations_of(session, own, customer.id)
    known_as = [customer.external_id, *handles_of(session, own, customer.id)]
    return {
        "webhook_deliveries": repository.deliveries_about(session, own, conversations, sorted(known_as)),
        "conversation_marks": repository.of_conversations(session, own, ConversationMark, conversations),
        "told_messages": repository.of_conversations(session, own, ToldMessage, conversations),
    }


@also_erases
def forget_customer(work: Work, customer: Customer, known_as: Sequence[str]) -> None:
    """Empty the kept webhooks that tell of the customer; that they came, and when, stays."""
    conversations = repository.conversations_of(work.session, work.business_id, customer.id)
    for platform, conversation_id in sorted(conversations):  # a webhook that is being applied is waited for
        repository.lock_conversation(work.session, work.business_id, platform, conversation_id)
    repository.forget(work.session, work.business_id, conversations, sorted(known_as), work.now)
