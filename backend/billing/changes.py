"""Changes of subscriptions: asked for here, carried out by a job (`change_carrying`), read, and waited for.

`ask` writes the intent and its idempotency key in the transaction of whoever asks; one change of a subscription at a time.
"""

import asyncio
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Protocol

from pydantic import ValidationError
from sqlalchemy import exists, select

from backend.billing import change_kinds, change_limits, mirror, repository, service
from backend.billing import change_schemas as s
from backend.billing.change_words import words_of
from backend.billing.events import ChangeAsked
from backend.billing.models import Subscription, SubscriptionChange
from backend.core import cursor as cursors
from backend.core.errors import Conflict, Invalid, NotFound, StaleVersion
from backend.events import log
from backend.events.event import Event
from backend.events.feed import frame_of
from backend.events.models import EventRow
from backend.work import Work

OPEN = ("INTENDED", "CALLING")
_SINCE_AT_MOST = 10
_LOOK_SECONDS = 2.0
"""How often somebody who waits looks at the latest, should no event come by."""
State = dict[str, Any]


class Reader(Protocol):
    """Runs services of one business: what routers and jobs are handed."""

    business_id: str
    runtime: Any

    async def read(self, service: Callable[..., Any], *args: Any, **kwargs: Any) -> Any: ...


def ask(
    work: Work,
    subscription: Subscription,
    kind: s.Kind,
    params: s.Params | Mapping[str, Any],
    *,
    key: str,
    run_id: str | None = None,
    incidence_id: str | None = None,
    preview: State | None = None,
) -> SubscriptionChange:
    """Intend a change of a subscription: the same row again for the same `key`, which names the wish of whoever asks.

    `preview` is what they were shown before (PreviewRead data); it is kept with the change.

    Raises Invalid for wrong parameters, Unprocessable for what makes no sense, Conflict while another change is open
    (CHANGE_OPEN), NotFound for a case of somebody else, and Denied for more than the cx rules let a member give.
    """
    given = params if isinstance(params, s.Params) else read_params(kind, params)
    row = locked(work, subscription.id)
    if (known := known_for(work, row, kind, key, run_id)) is not None:
        return known
    _expect_none_open(work, row)
    _expect_case(work, row, incidence_id)
    fixed = change_kinds.fixed(work, row, kind, given)
    if work.actor.kind == "member" and run_id is None:  # what a cancel flow offers, an admin wrote down
        change_limits.judge(work, row, kind, fixed, incidence_id)
    change = work.add(
        SubscriptionChange(
            subscription_id=row.id,
            customer_id=row.customer_id,
            kind=kind,
            params=fixed,
            preview=preview,
            idempotency_key=key_of(work, row, kind, key, run_id),
            asked_by=work.actor.id if work.actor.kind == "member" else None,
            asked_at=work.now,
            run_id=run_id,
            incidence_id=incidence_id,
        )
    )
    tell(work, change, ChangeAsked)
    work.enqueue("billing.carry_out", key=job_key(change.id), change_id=change.id)
    return change


def ask_as_member(work: Work, id: str, kind: s.Kind, body: s.Ask, key: str) -> State:
    """What a member asks for: ChangeRead data. StaleVersion when the subscription is not as they saw it.

    `key` is that of their request: the same one again gets what was asked for first.
    """
    row = locked(work, service.find_subscription(work, id).id)
    names = set(s.PARAMS[kind].model_fields)
    params = s.PARAMS[kind].model_validate(body.model_dump(include=names))
    who = f"{work.actor.kind} {work.actor.id} {key}"
    change = known_for(work, row, kind, who)
    if change is None:
        expect(work, row, body.version)
        change = ask(work, row, kind, params, key=who, incidence_id=body.incidence_id, preview=body.preview)
    return shown(change)


def expect(work: Work, row: Subscription, version: int) -> None:
    """StaleVersion, with the subscription as it is and what happened since, unless `version` is the row's."""
    if version == row.version:
        return
    raise StaleVersion(
        "The subscription changed meanwhile. Look at it as it is now and try again.",
        current=mirror.state_of(work, row),
        since=_since(work, row, min(row.version - version, _SINCE_AT_MOST)),
    )


def _since(work: Work, row: Subscription, newer: int) -> list[State]:
    """What changed it last, as timelines show events: each version is one of them."""
    query = select(EventRow.seq).where(EventRow.business_id == work.business_id, EventRow.subject_id == row.id)
    query = query.where(EventRow.customer_id == row.customer_id).order_by(EventRow.seq.desc()).limit(max(1, newer))
    seqs = sorted(work.session.scalars(query))
    entries = [frame_of(log.after(work.session, work.business_id, seq - 1, 1)[0]) for seq in seqs]
    return [{key: entry[key] for key in ("seq", "type", "actor", "at", "data")} for entry in entries]


def known_for(
    work: Work, row: Subscription, kind: s.Kind, key: str, run_id: str | None = None
) -> SubscriptionChange | None:
    """The change that was asked for under this key; None when there is none."""
    whole = key_of(work, row, kind, key, run_id)
    mine = SubscriptionChange.business_id == work.business_id
    return work.session.scalars(
        select(SubscriptionChange).where(mine, SubscriptionChange.idempotency_key == whole)
    ).first()


def read_params(kind: s.Kind, raw: Mapping[str, Any]) -> s.Params:
    """`raw` as the parameters of a kind. Invalid, naming the field, when they are not."""
    try:
        return s.PARAMS[kind].model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        field = ".".join(["params", *map(str, first["loc"])])
        raise Invalid(f"{field}: {first['msg'].removeprefix('Value error, ')}", field=field) from None


def locked(work: Work, id: str) -> Subscription:
    """The subscription, which nobody else changes until this transaction ends. NotFound otherwise."""
    row = mirror.locked(work, id)
    if row is None:
        raise NotFound(f"There is no subscription {id!r} here.", id=id)
    return row


def key_of(work: Work, row: Subscription, kind: s.Kind, key: str, run_id: str | None) -> str:
    """The idempotency key of a wish, 64 characters: by account, subscription, run or request, and what is offered.

    Those of the calls follow from it, by step and attempt group (`change_carrying.call_key`).
    """
    account = repository.account(work.session, work.business_id)
    name = account.stripe_account_id if account else work.business_id
    return sha256(f"{name}|{row.id}|{run_id or ''}|{key}|{kind}".encode()).hexdigest()


def _expect_none_open(work: Work, row: Subscription) -> None:
    is_open = (SubscriptionChange.subscription_id == row.id) & SubscriptionChange.state.in_(OPEN)
    found = work.session.scalars(select(SubscriptionChange).where(is_open)).first()
    if found is not None:
        words = words_of(found.kind, found.params)
        message = f"Another change of it is under way ({words}). Wait until it is through, then look again."
        raise Conflict(message, code="CHANGE_OPEN", changeId=found.id, kind=found.kind, current=shown(found))


def _expect_case(work: Work, row: Subscription, incidence_id: str | None) -> None:
    """The log knows whose cases are whose, and the slice that has them lies above this one."""
    if incidence_id is None:
        return
    theirs = (EventRow.business_id == work.business_id) & (EventRow.incidence_id == incidence_id)
    if not work.session.scalar(select(exists().where(theirs, EventRow.customer_id == row.customer_id))):
        raise NotFound(f"This customer has no incidence {incidence_id!r}.", id=incidence_id)


def shown(change: SubscriptionChange) -> State:
    """A change as ChangeRead data."""
    names = [name for name in s.ChangeRead.model_fields if name != "words"]
    values = {name: getattr(change, name) for name in names}
    read = s.ChangeRead(**values, words=words_of(change.kind, change.params))
    return read.model_dump(mode="json", by_alias=True)


def tell(work: Work, change: SubscriptionChange, event: type[Event], **data: Any) -> None:
    """Emit an event of a change, with what it is in data; it shows in the timeline of its case too."""
    work.session.flush()
    told = {"kind": change.kind, "params": change.params, "words": words_of(change.kind, change.params)}
    about = {"subscriptionId": change.subscription_id} | ({"runId": change.run_id} if change.run_id else {})
    work.emit(
        event(
            subject_id=change.id,
            state=shown(change),
            data={**told, **about, **data},
            incidence_id=change.incidence_id,
            customer_id=change.customer_id,
        )
    )


def job_key(change_id: str) -> str:
    """Under which the job of a change waits."""
    return f"subscription_change:{change_id}"


def read_change(work: Work, id: str) -> State:
    """A change as ChangeRead data. NotFound otherwise."""
    return shown(work.get(SubscriptionChange, id, "change"))


def list_changes(work: Work, subscription_id: str, *, limit: int, cursor: str | None) -> State:
    """A page of the changes of a subscription, the newest first."""
    own = SubscriptionChange.subscription_id == service.find_subscription(work, subscription_id).id
    query = select(SubscriptionChange).where(SubscriptionChange.business_id == work.business_id, own)
    match cursors.decode(cursor):
        case None:
            pass
        case [str(before)]:
            query = query.where(SubscriptionChange.id < before)
        case _:
            raise Invalid("This cursor is not one of this list. Start from the first page.", field="cursor")
    as_of = log.head_of(work.session, work.business_id)
    rows = work.session.scalars(query.order_by(SubscriptionChange.id.desc()).limit(limit + 1)).all()
    last = rows[limit - 1].id if len(rows) > limit else None
    items = [shown(row) for row in rows[:limit]]
    return {"items": items, "nextCursor": cursors.encode([last] if last else None), "asOf": as_of}


async def settled(reader: Reader, change_id: str, seconds: float) -> State:
    """The change as ChangeRead data, as soon as it is settled, and after `seconds` as it is then.

    Waits for its event in the feed of the business, whichever process settles it; call it outside of any transaction.
    """
    if seconds <= 0:
        known: State = await reader.read(read_change, change_id)
        return known
    feed = reader.runtime.feed
    follower, _ = await feed.follow(reader.business_id, None, None)
    try:
        async with asyncio.timeout(seconds):
            while (found := await reader.read(read_change, change_id))["state"] in OPEN:
                await _its_event(follower.queue)
    except TimeoutError:
        found = await reader.read(read_change, change_id)
    finally:
        feed.leave(reader.business_id, follower)
    state: State = found
    return state


async def _its_event(queue: "asyncio.Queue[Any]") -> None:
    """Wait until a change was settled, or for a moment."""
    try:
        async with asyncio.timeout(_LOOK_SECONDS):
            while not str(getattr(await queue.get(), "type", "")).startswith("subscription_change."):
                pass
    except TimeoutError:
        pass
