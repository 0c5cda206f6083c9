"""A business's connections to platforms: made, changed and ended by admins, and how they do."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sqlalchemy import delete

from backend.core.errors import Conflict, NotFound, Unprocessable
from backend.core.outside import SETTING, is_private
from backend.core.sealing import Broken, Vault
from backend.integrations import events, repository
from backend.integrations.accounts import ACCOUNT_NEEDED, AGENT_NEEDED, TOKENS_OF, Door
from backend.integrations.models import Integration
from backend.integrations.platforms import BY_NAME
from backend.integrations.schemas import IntegrationAdd, IntegrationChange, IntegrationConfig, IntegrationRead
from backend.work import Work

if TYPE_CHECKING:
    from backend.integrations.carrier import Outcome

_CREDENTIALS = ("token", "webhook_secret")
_ERROR_LENGTH = 500


def title_of(platform: str) -> str:
    """The platform's name as people write it."""
    return BY_NAME[platform].title


def missing_of(integration: Integration | None, platform: str, has_token: bool) -> list[str]:
    """What an admin must still set before we can write there, in words."""
    config = integration.config if integration else {}
    missing = [] if config.get("baseUrl") else ["the address of its API"]
    missing += [] if has_token else [f"its {TOKENS_OF[platform]}"]
    if platform in AGENT_NEEDED and not config.get("agentId"):
        missing.append("the agent that messages are written by")
    if platform in ACCOUNT_NEEDED and not config.get("accountId"):
        missing.append("the account's number")
    return missing


def door_of(integration: Integration | None, platform: str, vault: Vault) -> Door | str:
    """How to call the account, or in words why it cannot be called."""
    try:
        token = str(vault.open(integration.sealed if integration else None).get("token") or "")
    except Broken as error:
        return f"{error}; an admin must give the {TOKENS_OF[platform]} of {title_of(platform)} again"
    if missing := missing_of(integration, platform, bool(token)):
        return f"{title_of(platform)} is not connected for sending: an admin must set {', '.join(missing)}"
    assert integration is not None
    config = IntegrationConfig.model_validate(integration.config)
    return Door(
        integration.business_id,
        platform,
        config.base_url,
        config.account_id,
        config.agent_id,
        token,
        config.per_minute,
    )


def note_health(work: Work, platform: str, outcome: "Outcome") -> None:
    """Keep with the connection how the last call went."""
    integration = repository.integration_of(work.session, work.business_id, platform)
    if integration is None:
        return
    if outcome.what in ("done", "absent") or outcome.doubt == "ACCEPTED":
        integration.answered_at, integration.error, integration.paused_until = work.now, None, None
        return
    if outcome.what == "wait" and outcome.wait is not None and not outcome.is_pause:
        return  # to keep the limit that an admin set is no trouble
    note_error(work, integration, outcome.words or "")
    if outcome.is_pause and outcome.wait is not None:
        integration.paused_until = work.now + timedelta(seconds=outcome.wait)


def note_error(work: Work, integration: Integration, words: str) -> None:
    """Something went wrong with a connection."""
    integration.error, integration.failed_at = words[:_ERROR_LENGTH], work.now


def list_integrations(work: Work, vault: Vault) -> list[IntegrationRead]:
    """Every connection of the business."""
    calls = repository.unsettled(work.session, work.business_id)
    deliveries = repository.failing_deliveries(work.session, work.business_id)
    found = repository.integrations(work.session, work.business_id)
    return [_read(one, vault, calls.get(one.platform, {}), deliveries.get(one.platform, 0)) for one in found]


def show_integration(work: Work, id: str, vault: Vault) -> IntegrationRead:
    """One connection; NotFound otherwise."""
    found = {one.id: one for one in list_integrations(work, vault)}
    if id not in found:
        raise NotFound(f"There is no integration {id!r} here.", id=id)
    return found[id]


def _refuse_private(base_url: str | None, is_private_open: bool) -> None:
    if base_url and not is_private_open and is_private(urlsplit(base_url).hostname or ""):
        raise Unprocessable(
            f"{base_url} is a private address, which this server does not call ({SETTING}).", code="PRIVATE_ADDRESS"
        )


def add_integration(work: Work, body: IntegrationAdd, vault: Vault, *, is_private_open: bool) -> IntegrationRead:
    """Connect a platform. Conflict when it is connected already; Unprocessable with an address that must not be called."""
    _refuse_private(body.base_url, is_private_open)
    if repository.integration_of(work.session, work.business_id, body.platform) is not None:
        raise Conflict(f"{title_of(body.platform)} is connected already. Change that one.", code="ALREADY_CONNECTED")
    given = body.model_dump(mode="json", by_alias=True, exclude={"platform", *_CREDENTIALS})
    row = Integration(platform=body.platform, config=given, created_at=work.now)
    row.sealed = _sealed(vault, {name: getattr(body, name) for name in _CREDENTIALS})
    work.add(row)
    return _told(work, row, vault)


def change_integration(
    work: Work, id: str, body: IntegrationChange, vault: Vault, *, is_private_open: bool
) -> IntegrationRead:
    """Change what is given. Unprocessable when the address changes and the token is not given again, or must not be
    called."""
    _refuse_private(body.base_url, is_private_open)
    row = work.get(Integration, id, "integration")
    given = body.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude={*_CREDENTIALS})
    given = {name: value for name, value in given.items() if value is not None}
    known = _opened(vault, row)
    is_moved = given.get("baseUrl", row.config.get("baseUrl")) != row.config.get("baseUrl")
    if is_moved and known.get("token") and not body.token:
        raise Unprocessable(
            "Another address needs the token again: it was given for the one before.", code="TOKEN_NEEDED"
        )
    row.config = row.config | given
    row.sealed = _sealed(vault, known | {name: getattr(body, name) for name in _CREDENTIALS if getattr(body, name)})
    row.error = row.failed_at = row.paused_until = None
    work.session.flush()
    return _told(work, row, vault)


def remove_integration(work: Work, id: str) -> None:
    """Forget a connection and its credentials. Cases and what was said stay."""
    row = work.get(Integration, id, "integration")
    work.session.execute(delete(Integration).where(Integration.business_id == work.business_id, Integration.id == id))
    work.emit(events.IntegrationChanged(subject_id=id, data={"platform": row.platform, "removed": True}))


def _told(work: Work, row: Integration, vault: Vault) -> IntegrationRead:
    read = show_integration(work, row.id, vault)
    work.emit(events.IntegrationChanged(subject_id=row.id, state=read.model_dump(mode="json", by_alias=True)))
    return read


def _opened(vault: Vault, row: Integration) -> dict[str, Any]:
    """The credentials; none when they cannot be opened any more."""
    try:
        return vault.open(row.sealed)
    except Broken:
        return {}


def _sealed(vault: Vault, credentials: dict[str, Any]) -> str | None:
    kept = {name: value.strip() for name, value in credentials.items() if value and value.strip()}
    return vault.seal(kept) if kept else None


def _read(row: Integration, vault: Vault, outgoing: dict[str, int], failing: int) -> IntegrationRead:
    held = _opened(vault, row)
    return IntegrationRead(
        **IntegrationConfig.model_validate(row.config).model_dump(),
        id=row.id,
        platform=row.platform,
        title=title_of(row.platform),
        has_token=bool(held.get("token")),
        has_webhook_secret=bool(held.get("webhook_secret")),
        missing=missing_of(row, row.platform, bool(held.get("token"))),
        webhook_path=f"/webhooks/{row.platform}?business={row.business_id}",
        created_at=row.created_at,
        answered_at=row.answered_at,
        error=row.error,
        failed_at=row.failed_at,
        paused_until=row.paused_until,
        swept_at=row.swept_at,
        outgoing=outgoing,
        failing_deliveries=failing,
    )
