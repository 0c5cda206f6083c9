"""Webhooks of systems that are not chat platforms: checked on the raw bytes, kept once, applied by a job."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from backend.core.errors import Invalid, Unauthenticated, Unavailable
from backend.core.rows import table_of
from backend.core.sealing import Broken, Vault
from backend.core.wire import Page
from backend.integrations import repository, sync
from backend.integrations.applying import apply, once_key
from backend.integrations.mapping import Meant, RecordMap, Unfit, meant, records_in
from backend.integrations.models import Integration, WebhookDelivery
from backend.integrations.schemas import ArrivalRead, Received
from backend.integrations.sources import HEARINGS, mapping_of
from backend.jobs.registry import JobContext
from backend.work import Work

_ROW = table_of(Integration).c
_ERROR_LENGTH = 500
_REFUSED = "The webhook's signature is wrong."
"""The same for an address that nobody has: who guesses one learns nothing."""


def ear_of(session: Session, integration_id: str, vault: Vault) -> tuple[str, str, str]:
    """Business, kind and secret of the connection that a webhook came to. Unauthenticated when there is none;
    Unavailable when it was never told a secret, or is stopped."""
    query = select(_ROW.business_id, _ROW.platform, _ROW.sealed, _ROW.stopped_at).where(_ROW.id == integration_id)
    found = session.connection().execute(query).first()
    if found is None or found.platform not in HEARINGS:
        raise Unauthenticated(_REFUSED, code="BAD_SIGNATURE")
    try:
        secret = str(vault.open(found.sealed).get("webhook_secret") or "")
    except Broken:
        secret = ""
    if not secret.strip():
        raise Unavailable(
            "Webhooks are refused, because nothing was set to check them with. An admin must set `webhookSecret`.",
            code="WEBHOOK_NOT_CONFIGURED",
        )
    if found.stopped_at is not None:
        raise Unavailable("This connection is stopped.", code="STOPPED")
    return found.business_id, found.platform, secret


def receive(work: Work, integration_id: str, platform: str, raw: bytes, key: str) -> Received:
    """Keep a verified webhook and want it applied, in one transaction; one that was kept before changes nothing. Of one
    that says only that something changed nothing is kept but that it came, and the change is read."""
    key = once_key(integration_id, key) if key else once_key(integration_id, "body", raw.hex())
    row = {"platform": platform, "dedup_key": key, "body": raw, "headers": {}, "received_at": work.now}
    row |= {"business_id": work.business_id, "integration_id": integration_id}
    if (after := HEARINGS[platform].nudges_after) is not None:
        row |= {"body": b"{}", "outcome": "applied", "processed_at": work.now}
        is_new = repository.insert_once(work.session, row) is not None
        if is_new:
            sync.read_soon(work, integration_id, after)
        return Received(accepted=is_new, duplicate=not is_new)
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Invalid("The body is signed, but it is not JSON.", code="MALFORMED_BODY") from error
    if not isinstance(body, dict):
        raise Invalid("The body is signed, but it is not a JSON object.", code="MALFORMED_BODY")
    delivery_id = repository.insert_once(work.session, row)
    if delivery_id is not None:
        work.enqueue("integrations.process_arrival", delivery_id=delivery_id)
    return Received(accepted=delivery_id is not None, duplicate=delivery_id is None)


async def process(ctx: JobContext, delivery_id: str) -> None:
    """Apply the records of a kept webhook, each in a transaction of its own. Again, it changes nothing."""
    found: tuple[str, str, RecordMap, list[Meant], list[str]] | None = await ctx.read(_read, delivery_id)
    if found is None:
        return
    platform, integration_id, mapping, records, problems = found
    is_changed = False
    for place, record in enumerate(records, 1):
        applied = await ctx.write(apply, platform, integration_id, mapping, record)
        is_changed |= applied.is_changed
        which = f"record {place}: " if len(records) > 1 else ""
        problems += [which + why for why in applied.problems]
    await ctx.write(_settle, delivery_id, is_changed, problems)


def _read(work: Work, delivery_id: str) -> tuple[str, str, RecordMap, list[Meant], list[str]] | None:
    delivery = work.get(WebhookDelivery, delivery_id, "webhook delivery")
    row = work.session.get(Integration, delivery.integration_id or "")
    if delivery.processed_at is not None or row is None:
        return None
    mapping = mapping_of(row.platform, row.config)
    body: Any = HEARINGS[row.platform].read(orjson.loads(delivery.body))
    try:
        records = records_in(mapping, body)
    except Unfit as unfit:
        return row.platform, row.id, mapping, [], [str(unfit)]
    return row.platform, row.id, mapping, [meant(mapping, record) for record in records], []


def _settle(work: Work, delivery_id: str, is_changed: bool, problems: list[str]) -> None:
    delivery = work.get(WebhookDelivery, delivery_id, "webhook delivery")
    delivery.outcome = "applied" if is_changed else "refused" if problems else "ignored"
    delivery.error = "; ".join(problems)[:_ERROR_LENGTH] or None
    delivery.attempts, delivery.processed_at = delivery.attempts + 1, work.now
    row = work.session.get(Integration, delivery.integration_id or "")
    if row is not None:
        row.answered_at = work.now


def list_arrivals(work: Work, integration_id: str, *, limit: int) -> Page[ArrivalRead]:
    """The webhooks that came to a connection, the newest first."""
    row = work.get(Integration, integration_id, "integration")
    of_kind = WebhookDelivery.integration_id.is_(None) & (WebhookDelivery.platform == row.platform)
    mine = or_(WebhookDelivery.integration_id == row.id, of_kind)
    query = select(WebhookDelivery).where(WebhookDelivery.business_id == work.business_id, mine)
    rows = work.session.scalars(query.order_by(WebhookDelivery.id.desc()).limit(limit))
    return Page(items=[ArrivalRead.model_validate(one) for one in rows])


def verified(platform: str, raw: bytes, headers: Mapping[str, str], secret: str, now: datetime, url: str) -> str:
    """The key of a webhook whose signature is right; see `source.Hearing`."""
    return HEARINGS[platform].verify(raw, headers, secret, now, url)
