"""Which Stripe account a business has, and the way to it: the key of the settings for the first business, or one of its
own, sealed in its row.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import delete, select

from backend.billing import events, replacing, repository
from backend.billing.gateway import TRIES, Door, Gateway, is_live_key
from backend.billing.models import StripeAccount
from backend.core.errors import NotFound, Unprocessable
from backend.core.outside import Refused, Trouble
from backend.core.rows import table_of
from backend.core.sealing import Broken, Vault
from backend.core.security import fingerprint
from backend.core.text import clean_line
from backend.jobs.models import PendingJob
from backend.settings import Settings
from backend.work import Work

NOT_CONNECTED = (
    "No Stripe account is connected. An admin must connect one (`holdfast finance connect`), give the business a"
    " restricted key (`holdfast stripe connect`), or set HOLDFAST_STRIPE_SECRET_KEY for the first business."
)


class Caller(Protocol):
    """Runs services of one business: what routers (`unit`) and jobs (`ctx`) are handed."""

    runtime: Any

    async def read(self, service: Callable[..., Any], *args: Any, **kwargs: Any) -> Any: ...

    async def write(self, service: Callable[..., Any], *args: Any, **kwargs: Any) -> Any: ...


async def reach(caller: Caller, *, tries: int = TRIES) -> Gateway:
    """The gateway of the business. Unprocessable (STRIPE_NOT_CONNECTED) when it has no account.

    Call it outside of any transaction; `tries` are fewer where somebody waits.
    """
    runtime = caller.runtime
    door: Door | None = await caller.read(door_of, runtime.settings, runtime.vault)
    if door is None:
        raise Unprocessable(NOT_CONNECTED, code="STRIPE_NOT_CONNECTED")
    gateway: Gateway = runtime.stripe.open(door, tries=tries)
    if not await caller.read(_is_known, door):
        await caller.write(begin, door)
        await _recognise(caller, gateway)
    return gateway


async def _recognise(caller: Caller, gateway: Gateway) -> None:
    """Ask whose the server's own key is, the first time and after it was changed. Unprocessable when it is of another
    account than before, of which nobody has said that it replaces that one."""
    try:
        shown: Mapping[str, Any] = await gateway.account()
    except Refused:  # a restricted key may not ask; what is wrong with it is told by who needs it
        shown = {}
    except Trouble:
        return  # nothing else will be answered either, and it is asked again
    words: str = await caller.write(_keep_mark, gateway.door, shown)
    if words:
        raise Unprocessable(words, code="STRIPE_ACCOUNT_ANOTHER")


def _keep_mark(work: Work, door: Door, shown: Mapping[str, Any]) -> str:
    """Keep by which key the account is known now, and whose it is; in words why that must not be."""
    row = repository.account(work.session, work.business_id)
    if row is None or row.mode != "settings":
        return ""
    id, name = clean_line(str(shown.get("id") or ""))[:64], replacing.name_of(shown)
    if id and replacing.is_another(row, id):
        new, old = (replacing.titled(replacing.named(*one)) for one in ((id, name), (row.stripe_account_id, row.name)))
        words = (
            f"HOLDFAST_STRIPE_SECRET_KEY is of {new}, another account than before, {old}. Nothing is read or changed."
        )
        words += f" Disconnect, then agree: `holdfast stripe connect --replaces {row.stripe_account_id}`."
        repository.note_trouble(work.session, work.business_id, words, work.now)
        return words
    row.stripe_account_id, row.name = id or row.stripe_account_id, name or row.name
    row.key_mark = _mark(door)
    return ""


def _mark(door: Door) -> str:
    return fingerprint(door.key)[:16]


def door_of(work: Work, settings: Settings, vault: Vault) -> Door | None:
    """How to call the business's account; None when it has none, or was disconnected."""
    row = repository.account(work.session, work.business_id)
    if row is not None and row.disconnected_at is not None:
        return None
    if row is not None and row.mode == "connect":
        key, account = settings.stripe_secret_key.get_secret_value().strip(), row.stripe_account_id
    else:
        key, account = _own_key(row, vault) or settings_key(work, settings), None
    return Door(work.business_id, key, account, is_live_key(key)) if key else None


def _own_key(row: StripeAccount | None, vault: Vault) -> str:
    try:
        return str(vault.open(row.sealed if row else None).get("key", ""))
    except Broken as broken:
        words = f"The Stripe key of this business cannot be used: {broken}. Give it again."
        raise Unprocessable(words, code="STRIPE_KEY_UNREADABLE") from broken


def settings_key(work: Work, settings: Settings) -> str:
    """The key of the settings, which is the first business's."""
    is_first = repository.first_business(work.session) == work.business_id
    return settings.stripe_secret_key.get_secret_value().strip() if is_first else ""


def _is_known(work: Work, door: Door) -> bool:
    row = repository.account(work.session, work.business_id)
    return row is not None and (row.mode != "settings" or row.key_mark == _mark(door))


def begin(work: Work, door: Door) -> StripeAccount:
    """The row of an account that is reached by the settings' key; made when it is new."""
    repository.lock_new(work.session, work.business_id, "accounts")
    row = repository.account(work.session, work.business_id)
    if row is not None:
        return row
    return work.add(
        StripeAccount(
            stripe_account_id=door.account or "", mode="settings", is_live=door.is_live, connected_at=work.now
        )
    )


def connect(
    work: Work,
    door: Door,
    shown: Mapping[str, Any],
    vault: Vault,
    sealed: Mapping[str, Any] | None,
    replaces: str = "",
) -> None:
    """Connect an account that Stripe has shown to this key, and want all of it read. `sealed`: credentials of its own.

    Conflict when it is another account than the last one, unless `replaces` is that one's id.
    """
    row = repository.account(work.session, work.business_id)
    if row is None:
        row = begin(work, door)
    id, name = clean_line(str(shown.get("id") or ""))[:64], replacing.name_of(shown)
    if replacing.is_another(row, id):
        if replaces != row.stripe_account_id:
            last = replacing.named(row.stripe_account_id, row.name)
            raise replacing.refusal(last, replacing.named(id, name))
        row.synced_at = replacing.replace(work, row, id)
        row.events_read_until = row.relisted_at = None
    row.stripe_account_id, row.name, row.is_live = id, name or None, door.is_live
    row.mode = "connect" if door.account else "settings" if sealed is None else "key"
    row.sealed = None if sealed is None else vault.seal(dict(sealed))
    row.key_mark = _mark(door)
    row.connected_at, row.disconnected_at = work.now, None
    row.answered_at, row.error, row.failed_at, row.missing_scopes = work.now, None, None, None
    row.relist = None
    told = {"accountId": id, "mode": row.mode, "isLive": row.is_live}
    if replaces and replaces != id:
        told["replaces"] = replaces
    work.emit(events.AccountConnected(subject_id=row.id, data=told))
    work.enqueue("billing.check_scopes")
    want_sync(work, is_full=True)


def want_sync(work: Work, *, is_full: bool) -> str:
    """Want the account read; the job's key. A full reading has one of its own, so that no short one takes its place."""
    key = "stripe-sync-full" if is_full else "stripe-sync"
    work.enqueue("billing.sync", key=key, is_full=is_full)
    return key


def others_have(work: Work, stripe_account_id: str) -> bool:
    """Whether another business is connected to the account. Until this unit has ended, none becomes so."""
    repository.lock_new(work.session, "", f"account/{stripe_account_id}")
    accounts = table_of(StripeAccount).c
    theirs = (accounts.business_id != work.business_id) & accounts.disconnected_at.is_(None)
    query = select(accounts.id).where(theirs, accounts.stripe_account_id == stripe_account_id)
    return work.session.connection().execute(query.limit(1)).first() is not None


def disconnect(work: Work, *, by: str) -> None:
    """Forget the credentials and stop the jobs; the mirror stays, to be read. NotFound when nothing is connected."""
    row = repository.account(work.session, work.business_id)
    if row is None or row.disconnected_at is not None:
        raise NotFound("No Stripe account is connected here.", code="STRIPE_NOT_CONNECTED")
    row.sealed, row.relist, row.disconnected_at = None, None, work.now
    ours = (PendingJob.business_id == work.business_id) & PendingJob.job.in_(("billing.sync", "billing.relist_account"))
    work.session.execute(delete(PendingJob).where(ours).execution_options(synchronize_session=False))
    work.emit(events.AccountDisconnected(subject_id=row.id, data={"accountId": row.stripe_account_id, "by": by}))


def let_go(work: Work, door: Door, *, by: str) -> None:
    """Disconnect the account that was reached by `door`. Stripe may have told of it first, as its access was given up
    before: that is no trouble, and neither is another account that took its place meanwhile."""
    row = begin(work, door)
    if row.disconnected_at is None and row.stripe_account_id == (door.account or row.stripe_account_id):
        disconnect(work, by=by)


def lose(work: Work, since: datetime) -> bool:
    """Stripe lets our platform in no more: whoever owns the account ended it. False for an account with a key, and for
    one that was connected after `since`, when we began to ask: what was refused is the access of before."""
    row = repository.account(work.session, work.business_id)
    if row is None or row.disconnected_at is not None or row.mode != "connect" or row.connected_at > since:
        return False
    disconnect(work, by="Stripe")
    return True


def is_connected(work: Work) -> bool:
    """Whether an account is connected now, by whatever way."""
    row = repository.account(work.session, work.business_id)
    return row is not None and row.disconnected_at is None


def note_scopes(work: Work, missing: list[str]) -> None:
    """What the key was found not to be allowed to do."""
    row = repository.account(work.session, work.business_id)
    if row is not None:
        row.missing_scopes = missing
