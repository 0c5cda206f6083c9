"""What endpoints are to be told: written down with what wants it, sent by a job, settled once, kept as a log."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update

from backend.core import cursor as cursors
from backend.core.clock import instant
from backend.core.databases import insert_into
from backend.core.errors import Conflict, Invalid, NotFound, Unprocessable
from backend.core.ids import new_id
from backend.core.wire import Page
from backend.customers.erasure import also_erases
from backend.customers.models import Customer
from backend.events import log
from backend.events.event import REGISTRY
from backend.integrations import repository
from backend.integrations.kinds import WEBHOOK
from backend.integrations.models import Integration, WebhookPost
from backend.integrations.schemas import PostRead, PostState, Replayed
from backend.jobs import following
from backend.jobs.outbox import is_pending
from backend.work import Work

OPEN = ("QUEUED", "SENDING")
UNTOLD = ("webhook", "integration", "outgoing")
"""Begin the types of events that no endpoint is told: what becomes of telling would tell of itself for ever."""
AT_ONCE = 200
"""Events that are decided about in one transaction."""
LEFT_AFTER = timedelta(minutes=10)
"""What is due for so long should have been sent, or put off."""
_JOB = "integrations.post_webhooks"
_ERASED = "the customer was erased"


def endpoint_of(work: Work, id_or_name: str) -> Integration:
    """The endpoint of that id or name. NotFound otherwise; Unprocessable when it was stopped."""
    mine = (Integration.business_id == work.business_id) & (Integration.platform == WEBHOOK)
    either = (Integration.id == id_or_name) | (Integration.name == id_or_name)
    row = work.session.scalars(select(Integration).where(mine, either).order_by(Integration.id != id_or_name)).first()
    if row is None:
        raise NotFound(f"There is no webhook endpoint {id_or_name!r} here. An admin connects one.", id=id_or_name)
    if row.stopped_at is not None:
        raise Unprocessable(f"The webhook endpoint {id_or_name!r} is stopped.", code="STOPPED")
    return row


def post(work: Work, to: str, type: str, data: dict[str, Any], *, cause: str, customer_id: str | None = None) -> str:
    """Tell the endpoint `to` (an id or a name) `data` under the name `type`; the id of the post, by which `outcome_of`
    tells what became of it. Once for each `cause` (128 characters at most): again, it answers the same id.

    NotFound and Unprocessable as `endpoint_of`. Name the customer that `data` is about, so that erasing finds it.
    """
    row = endpoint_of(work, to)
    id = _want(work, row, cause, type, payload=data, customer_id=customer_id)
    if id is None:
        known = select(WebhookPost.id).where(
            WebhookPost.business_id == work.business_id,
            WebhookPost.integration_id == row.id,
            WebhookPost.cause == cause,
        )
        return work.session.scalars(known).one()
    send_later(work, row.id, row.paused_until or work.now)
    return id


def outcome_of(work: Work, id: str) -> PostState:
    """What became of a post: QUEUED and SENDING are open, SENT and DEAD are not. NotFound when it is forgotten."""
    return _find(work, id).state  # type: ignore[return-value]


def _want(work: Work, row: Integration, cause: str, type: str, **more: Any) -> str | None:
    """The id of the new post; None when this cause has one."""
    values = {
        "id": f"msg_{new_id().replace('-', '')}"[:36],
        "business_id": work.business_id,
        "integration_id": row.id,
        "cause": cause,
        "type": type,
        "state": "QUEUED",
        "tries": 0,
        "due_at": work.now,
        "created_at": work.now,
        "wanted_at": work.now,
        **more,
    }
    statement = insert_into(WebhookPost, work.session).values(values).on_conflict_do_nothing()
    found: str | None = work.session.scalar(statement.returning(WebhookPost.id))
    return found


def send_later(work: Work, integration_id: str, at: datetime) -> None:
    """Look after an endpoint's posts at `at`."""
    work.enqueue(_JOB, at=at, key=repository.job_key("post", integration_id), integration_id=integration_id)


def resume_left(work: Work) -> None:
    """Look after posts that are long due and wait for no job: a dead letter left them, or a backup was restored."""
    mine = (WebhookPost.business_id == work.business_id) & WebhookPost.state.in_(OPEN)
    query = select(WebhookPost.integration_id).where(mine, WebhookPost.due_at <= work.now - LEFT_AFTER)
    for id in work.session.scalars(query.distinct()).all():
        if not is_pending(work, repository.job_key("post", id)):
            send_later(work, id, work.now)


def wants(patterns: Sequence[str], type: str) -> bool:
    """Whether an endpoint with these patterns (`incidence.opened`, `incidence.*`, `*`) is told of events of a type."""
    event, family = REGISTRY.get(type), type.partition(".")[0]
    if event is None or event.private or family in UNTOLD:
        return False
    return any(pattern in ("*", type, f"{family}.*") for pattern in patterns)


def tellable() -> list[str]:
    """The types of events that endpoints can be told."""
    return sorted(type for type in REGISTRY if wants(("*",), type))


def check_patterns(patterns: Sequence[str]) -> None:
    """Unprocessable, saying what there is, when a pattern means no event."""
    known = tellable()
    for pattern in patterns:
        if not any(wants((pattern,), type) for type in known):
            families = ", ".join(sorted({f"{type.partition('.')[0]}.*" for type in known}))
            raise Unprocessable(
                f"events: nothing is called {pattern!r}. There are {families}, and * for all.", code="UNKNOWN_EVENT"
            )


def follow(work: Work) -> bool:
    """Decide for each endpoint what it is told of the events since it was last decided; whether there may be more."""
    is_more = False
    for row in repository.endpoints(work.session, work.business_id):
        rows = log.after(work.session, work.business_id, row.told_seq or 0, AT_ONCE)
        patterns, is_wanted = row.config.get("events", ()), False
        for event in rows:
            if wants(patterns, event.type):
                about = {"seq": event.seq, "customer_id": event.customer_id}
                is_wanted |= _want(work, row, f"event:{event.seq}", event.type, **about) is not None
        if rows:
            row.told_seq = rows[-1].seq
        if is_wanted:
            send_later(work, row.id, max(work.now, row.paused_until or work.now))
        is_more |= len(rows) == AT_ONCE
    return is_more


def begin_telling(work: Work, row: Integration) -> None:
    """From now on, not of what was before."""
    row.told_seq = work.next_seq() - 1
    row.failures, row.paused_until, row.stopped_at = 0, None, None
    send_later(work, row.id, work.now)
    # Until then another process may not have heard that somebody wants to be told, and wakes nobody.
    at = work.now + timedelta(seconds=following.KNOWN_SECONDS + 1)
    work.enqueue("integrations.tell_endpoints", at=at, key=f"begin:{row.id}")


# -- the log


def list_posts(work: Work, integration_id: str, *, state: str | None, cursor: str | None, limit: int) -> Page[PostRead]:
    """What an endpoint was told, the newest first."""
    work.get(Integration, integration_id, "integration")
    query = select(WebhookPost).where(
        WebhookPost.business_id == work.business_id, WebhookPost.integration_id == integration_id
    )
    if state is not None:
        query = query.where(WebhookPost.state == state)
    match cursors.decode(cursor):
        case None:
            pass
        case [str(before)]:
            query = query.where(WebhookPost.id < before)
        case _:
            raise Invalid("This cursor is not one of this list. Start from the first page.", field="cursor")
    rows = work.session.scalars(query.order_by(WebhookPost.id.desc()).limit(limit + 1)).all()
    following = cursors.encode([rows[limit - 1].id]) if len(rows) > limit else None
    return Page(items=[PostRead.model_validate(row) for row in rows[:limit]], next_cursor=following)


def replay(work: Work, integration_id: str, post_id: str) -> PostRead:
    """Send a post again, under the same id. Conflict while it is open."""
    row = work.get(Integration, integration_id, "integration")
    work.next_seq()
    found = _find(work, post_id)
    if found.integration_id != row.id:
        raise NotFound(f"There is no post {post_id!r} of this endpoint.", id=post_id)
    work.session.refresh(found, with_for_update=True)
    if found.state in OPEN:
        raise Conflict("It is on its way already.", code="NOT_OVER", state=found.state)
    _again(work, row, WebhookPost.id == found.id)
    work.session.refresh(found)
    return PostRead.model_validate(found)


def replay_all(work: Work, integration_id: str, *, since: datetime | None, state: str) -> Replayed:
    """Send all posts of a state (DEAD or SENT) again that were made since an instant."""
    row = work.get(Integration, integration_id, "integration")
    if state in OPEN:
        raise Invalid("state: must be DEAD or SENT", field="state")
    wanted = WebhookPost.state == state
    return Replayed(count=_again(work, row, wanted & (WebhookPost.created_at >= since) if since else wanted))


def _again(work: Work, row: Integration, *which: Any) -> int:
    mine = (WebhookPost.business_id == work.business_id, WebhookPost.integration_id == row.id)
    anew = {"state": "QUEUED", "tries": 0, "due_at": work.now, "settled_at": None, "error": None, "wanted_at": work.now}
    done = work.session.execute(
        update(WebhookPost).where(*mine, *which).values(anew).execution_options(synchronize_session=False)
    )
    row.paused_until, row.failures = None, 0
    send_later(work, row.id, work.now)
    return int(done.rowcount)  # type: ignore[attr-defined]


def counts(work: Work) -> dict[str, dict[str, int]]:
    """How many posts are in each state but SENT, by endpoint."""
    query = (
        select(WebhookPost.integration_id, WebhookPost.state, func.count())
        .where(WebhookPost.business_id == work.business_id, WebhookPost.state != "SENT")
        .group_by(WebhookPost.integration_id, WebhookPost.state)
    )
    found: dict[str, dict[str, int]] = {}
    for id, state, count in work.session.execute(query):
        found.setdefault(id, {})[state] = count
    return found


def forget_endpoint(work: Work, integration_id: str) -> None:
    """An endpoint is gone, and with it what it was to be told."""
    mine = (WebhookPost.business_id == work.business_id, WebhookPost.integration_id == integration_id)
    work.session.execute(delete(WebhookPost).where(*mine).execution_options(synchronize_session=False))
    work.cancel(repository.job_key("post", integration_id))


@also_erases
def forget_customer(work: Work, customer: Customer, known_as: Sequence[str]) -> None:
    """Empty what was to be told of the customer besides events, and what endpoints answered, which may quote them; what
    is still open is not sent any more."""
    theirs = (WebhookPost.business_id == work.business_id, WebhookPost.customer_id == customer.id)
    told = (*theirs, WebhookPost.payload.is_not(None))
    still = (*told, WebhookPost.state.in_(OPEN))
    over = {"state": "DEAD", "error": _ERASED, "settled_at": work.now}
    answered = (*theirs, WebhookPost.error.is_not(None))
    empty = {"payload": {"erased": instant(work.now)}}
    for where, values in ((still, over), (told, empty), (answered, {"error": _ERASED})):
        work.session.execute(
            update(WebhookPost).where(*where).values(values).execution_options(synchronize_session=False)
        )


def _find(work: Work, id: str) -> WebhookPost:
    found = work.session.get(WebhookPost, id)
    if found is None or found.business_id != work.business_id:
        raise NotFound(f"There is no post {id!r} here.", id=id)
    return found
