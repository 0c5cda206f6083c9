"""A business's connections to other systems: made, changed and ended by admins, and how they do."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sqlalchemy import delete, select

from backend.core.databases import insert_into
from backend.core.errors import Conflict, Invalid, NotFound, Unprocessable
from backend.core.ids import new_id
from backend.core.outside import why_not
from backend.core.sealing import Broken, Vault
from backend.identity.permissions import ADMIN
from backend.integrations import events, repository
from backend.integrations.accounts import Door
from backend.integrations.kinds import BY_NAME, INBOX, KINDS, WEBHOOK
from backend.integrations.models import Integration, SyncRun
from backend.integrations.schemas import (
    IntegrationAdd,
    IntegrationChange,
    IntegrationConfig,
    IntegrationMade,
    IntegrationRead,
    KindRead,
    NeededRead,
    SyncCounts,
)
from backend.integrations.sources import MAPPINGS, mapping_of
from backend.integrations.standard_webhooks import key_of, new_secret
from backend.integrations.webhooks import posts
from backend.jobs import following
from backend.work import Work

if TYPE_CHECKING:
    from backend.integrations.carrier import Outcome

_CREDENTIALS = ("token", "webhook_secret")
SHORTEST_SECRET = 16
"""Bytes: what is shorter can be guessed."""
OLD_SECRET = timedelta(days=1)
"""How long an endpoint's secret of before still signs."""
_ERROR_LENGTH = 500


def kinds() -> list[KindRead]:
    """What can be connected, and what each kind needs to be told."""
    return [
        KindRead(
            **{name: getattr(kind, name) for name in ("name", "title", "family", "about")},
            needs=[_needed(one) for one in kind.needs],
            is_synced=kind.is_synced,
            hears=kind.hears,
            is_many=kind.is_many,
        )
        for kind in KINDS
    ]


def _needed(one: Any) -> NeededRead:
    choices = posts.tellable() if one.name == "events" else list(one.choices)
    told = {name: getattr(one, name) for name in ("name", "label", "type", "help", "usual")}
    return NeededRead(**told, is_required=bool(one.missing), choices=choices)


def title_of(platform: str, name: str = "") -> str:
    """A connection as people call it: its kind's name, and its own where it has one."""
    return f"{BY_NAME[platform].title} {name}".rstrip()


def missing_of(integration: Integration | None, platform: str, has_token: bool) -> list[str]:
    """What an admin must still set before we can write there, in words."""
    return BY_NAME[platform].missing(integration.config if integration else {}, {"token": has_token})


def door_of(integration: Integration | None, platform: str, vault: Vault) -> Door | str:
    """How to call the account, or in words why it cannot be called."""
    try:
        token = str(vault.open(integration.sealed if integration else None).get("token") or "")
    except Broken as error:
        needs = [one.missing for one in BY_NAME[platform].needs if one.type == "secret" and one.missing]
        what = needs[0].removeprefix("its ") if needs else "secret"
        return f"{error}; an admin must give the {what} of {title_of(platform)} again"
    if missing := missing_of(integration, platform, bool(token)):
        return f"{title_of(platform)} is not connected for sending: an admin must set {', '.join(missing)}"
    assert integration is not None
    if integration.stopped_at is not None:
        return f"{title_of(platform, integration.name)} is stopped; an admin lets it go on"
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
    note_error(work, integration, outcome.brief or outcome.words or "")
    if outcome.is_pause and outcome.wait is not None:
        integration.paused_until = work.now + timedelta(seconds=outcome.wait)


def note_error(work: Work, integration: Integration, words: str) -> None:
    """Something went wrong with a connection."""
    integration.error, integration.failed_at = words[:_ERROR_LENGTH], work.now


def list_integrations(work: Work, vault: Vault) -> list[IntegrationRead]:
    """Every connection of the business. Who may not change them sees of an endpoint's address where it is, as of a
    channel's: whoever knows the whole of it can write there."""
    calls = repository.unsettled(work.session, work.business_id)
    deliveries = repository.failing_deliveries(work.session, work.business_id)
    told = posts.counts(work)
    found = repository.integrations(work.session, work.business_id)
    last = repository.last_runs(work.session, work.business_id, [one.id for one in found if one.platform in MAPPINGS])
    is_whole = work.actor.kind != "member" or work.actor.role in ADMIN.roles
    reads = [
        _read(
            one,
            vault,
            told.get(one.id, {}) if one.platform == WEBHOOK else calls.get(one.platform, {}),
            last.get(one.id),
            deliveries.get(one.platform if BY_NAME[one.platform].family == "chat" else one.id, 0),
        )
        for one in found
    ]
    for read in reads:
        if read.platform == WEBHOOK and read.base_url and not is_whole:
            parts = urlsplit(read.base_url)
            read.base_url = f"{parts.scheme}://{parts.netloc}/…"
    return reads


def show_integration(work: Work, id: str, vault: Vault) -> IntegrationRead:
    """One connection; NotFound otherwise."""
    found = {one.id: one for one in list_integrations(work, vault)}
    if id not in found:
        raise NotFound(f"There is no integration {id!r} here.", id=id)
    return found[id]


def _refuse_private(base_url: str | None, is_private_open: bool) -> None:
    host = urlsplit(base_url or "").hostname or ""
    if words := why_not(host, is_private_open=is_private_open):
        raise Unprocessable(f"{words}.", code="PRIVATE_ADDRESS")


def add_integration(work: Work, body: IntegrationAdd, vault: Vault, *, is_private_open: bool) -> IntegrationMade:
    """Connect a system. Conflict when it is connected already; Unprocessable with an address that must not be called,
    or with what its kind does not know."""
    kind = BY_NAME[body.platform]
    given = body.model_dump(mode="json", by_alias=True, exclude={"platform", "name", *_CREDENTIALS})
    credentials = {name: getattr(body, name) for name in _CREDENTIALS}
    _check(body.platform, body.base_url, body.events, body.webhook_secret, is_private_open)
    if body.name and not kind.is_many:
        raise Unprocessable(f"name: there is only one {kind.title}, which needs none.", code="NO_NAME")
    made = new_secret() if body.platform in (WEBHOOK, INBOX) and not body.webhook_secret.strip() else None
    if made:
        credentials["webhook_secret"] = made
    values: dict[str, Any] = {
        "id": new_id(),
        "business_id": work.business_id,
        "platform": body.platform,
        "name": body.name,
    }
    values |= {"config": given, "created_at": work.now, "failures": 0, "sealed": _sealed(vault, credentials)}
    statement = insert_into(Integration, work.session).values(values).on_conflict_do_nothing()
    id = work.session.scalar(statement.returning(Integration.id))
    if id is None:
        what = f"called {body.name!r} " if body.name else ""
        raise Conflict(f"{kind.title} {what}is connected already. Change that one.", code="ALREADY_CONNECTED")
    row = work.session.get_one(Integration, id)
    _begun(work, row)
    return IntegrationMade(**_told(work, row, vault).model_dump(), webhook_secret=made)


def _begun(work: Work, row: Integration) -> None:
    if row.platform == WEBHOOK:
        posts.begin_telling(work, row)
        work.session.flush()
    following.forget(work.session)


def _check(
    platform: str, base_url: str | None, patterns: list[str] | None, secret: str | None, is_private_open: bool
) -> None:
    """Refuse what no connection of this kind can be told."""
    _refuse_private(base_url, is_private_open)
    posts.check_patterns(patterns or ())
    if platform in (WEBHOOK, INBOX) and secret and secret.strip():
        try:
            key = key_of(secret)
        except ValueError as error:
            raise Invalid(f"webhookSecret: {error}", field="webhookSecret") from None
        if len(key) < SHORTEST_SECRET:
            raise Invalid(f"webhookSecret: has fewer than {SHORTEST_SECRET} bytes", field="webhookSecret")


def change_integration(
    work: Work, id: str, body: IntegrationChange, vault: Vault, *, is_private_open: bool
) -> IntegrationRead:
    """Change what is given. Unprocessable when the address changes and the token is not given again, or must not be
    called."""
    row = work.get(Integration, id, "integration")
    work.next_seq()  # the log first, then the connection: in this order everybody holds them
    work.session.refresh(row, with_for_update=True)
    _check(row.platform, body.base_url, body.events, body.webhook_secret, is_private_open)
    own = {"name", "is_stopped", *_CREDENTIALS}
    given = body.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude=own)
    given = {name: value for name, value in given.items() if value is not None or name == "mapping"}
    known = _opened(vault, row)
    is_moved = given.get("baseUrl", row.config.get("baseUrl")) != row.config.get("baseUrl")
    if is_moved and known.get("token") and not body.token:
        raise Unprocessable(
            "Another address needs the token again: it was given for the one before.", code="TOKEN_NEEDED"
        )
    if row.platform in MAPPINGS and (
        is_moved or given.get("mapping") != row.config.get("mapping", given.get("mapping"))
    ):
        row.swept_until = row.sweep_cursor = None  # all of it is read anew
    if any(given.get(name, row.config.get(name)) != row.config.get(name) for name in ("baseUrl", "accountId")):
        row.sweep_cursor = None  # a place in the pages of another account
    if body.name is not None and body.name != row.name:
        _rename(work, row, body.name)
    row.config = row.config | given
    if row.platform == WEBHOOK and body.webhook_secret and known.get("webhook_secret"):
        known |= {"previous_secret": known["webhook_secret"]}
        work.enqueue("integrations.drop_old_secret", at=work.now + OLD_SECRET, key=f"old:{id}", integration_id=id)
    row.sealed = _sealed(vault, known | {name: getattr(body, name) for name in _CREDENTIALS if getattr(body, name)})
    row.error = row.failed_at = row.paused_until = None
    if body.is_stopped is not None and body.is_stopped != (row.stopped_at is not None):
        row.stopped_at = work.now if body.is_stopped else None
        if not body.is_stopped:
            _begun(work, row)
            if BY_NAME[row.platform].is_synced:  # what came meanwhile was refused; what can be read back is
                key = repository.job_key("sweep", id)
                work.enqueue("integrations.sweep_integration", key=key, integration_id=id)
    work.session.flush()
    return _told(work, row, vault)


def _rename(work: Work, row: Integration, name: str) -> None:
    same = (Integration.platform == row.platform) & (Integration.name == name) & (Integration.id != row.id)
    if not BY_NAME[row.platform].is_many or work.session.scalars(select(Integration.id).where(same)).first():
        raise Conflict(f"{title_of(row.platform)} cannot be called {name!r} here.", code="NAME_TAKEN")
    row.name = name


def drop_old_secret(work: Work, id: str, vault: Vault) -> None:
    """An endpoint's secret of before signs nothing any more."""
    row = work.session.get(Integration, id, with_for_update=True)
    if row is not None and row.business_id == work.business_id:
        row.sealed = _sealed(
            vault, {name: value for name, value in _opened(vault, row).items() if name in _CREDENTIALS}
        )


def remove_integration(work: Work, id: str) -> None:
    """Forget a connection and its credentials. Cases and what was said stay."""
    row = work.get(Integration, id, "integration")
    work.next_seq()
    work.session.execute(delete(Integration).where(Integration.business_id == work.business_id, Integration.id == id))
    if row.platform == WEBHOOK:
        posts.forget_endpoint(work, id)
    following.forget(work.session)
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


def _read(
    row: Integration, vault: Vault, outgoing: dict[str, int], run: SyncRun | None, failing: int
) -> IntegrationRead:
    held = _opened(vault, row)
    config = IntegrationConfig.model_validate(row.config)
    if row.platform in MAPPINGS:
        config.mapping = mapping_of(row.platform, row.config)
    return IntegrationRead(
        **config.model_dump(),
        id=row.id,
        platform=row.platform,
        name=row.name,
        title=title_of(row.platform, row.name),
        has_token=bool(held.get("token")),
        has_webhook_secret=bool(held.get("webhook_secret")),
        missing=missing_of(row, row.platform, bool(held.get("token"))),
        webhook_path=_webhook_path(row),
        created_at=row.created_at,
        answered_at=row.answered_at,
        error=row.error,
        failed_at=row.failed_at,
        paused_until=row.paused_until,
        swept_at=row.swept_at,
        stopped_at=row.stopped_at,
        outgoing=outgoing,
        last_run=SyncCounts.model_validate(run) if run is not None else None,
        failing_deliveries=failing,
    )


def _webhook_path(row: Integration) -> str:
    """Where its webhooks go; "" when it sends none."""
    kind = BY_NAME[row.platform]
    if kind.family == "chat":
        return f"/webhooks/{row.platform}?business={row.business_id}"
    return f"/webhooks/generic/{row.id}" if kind.hears else ""
