"""How each part does, read from what it keeps of itself; nothing is called for it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from backend.backup.copying import Backup
from backend.billing import service as billing
from backend.core.sealing import Vault
from backend.delivery import channels
from backend.events import log
from backend.identity.models import MemberConnection
from backend.integrations import connections
from backend.jobs.repository import LETTERS, PENDING
from backend.monitoring.schemas import Figure, Monitored, PartRead, PartState
from backend.settings import Settings
from backend.work import Work

_DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
_RANK: dict[PartState, int] = {"off": 0, "ok": 1, "warning": 2, "danger": 3}
_LATE = timedelta(minutes=1)
"""How long something may be due before that is worth a word."""
_STUCK = timedelta(minutes=15)
_OLD = timedelta(hours=36)
"""A nightly backup that is older was missed."""
_WORST_RATE = 0.9


def parts(work: Work, settings: Settings, vault: Vault) -> list[PartRead]:
    """The parts that a business has in the database."""
    return [jobs(work), feed(work), stripe(work, settings, vault), *chats(work, vault), delivery(work, settings)]


def whole(at: datetime, found: Sequence[PartRead]) -> Monitored:
    """All of them, and the worst of them."""
    worst = max((one.state for one in found), key=lambda state: _RANK[state])
    return Monitored(at=at, state=worst, parts=list(found))


def database(name: str, seconds: float, bytes: int | None) -> PartRead:
    """The database by how long it took to answer."""
    figures = [Figure(label="answered in", value=round(seconds * 1000, 2), unit="ms")]
    figures += [] if bytes is None else [Figure(label="size", value=round(bytes / 1e6, 1), unit="MB")]
    is_slow = seconds > 0.5
    words = (
        "answers slowly: look at the disk and at what else runs here"
        if is_slow
        else f"{_DATABASES.get(name, name)} answers"
    )
    return PartRead(
        name="database", title="Database", state="warning" if is_slow else "ok", words=words, figures=figures
    )


def jobs(work: Work) -> PartRead:
    """Jobs by what is due and not taken, and what failed for good."""
    mine = PENDING.c.business_id.in_(("", work.business_id))
    due = select(func.count(), func.min(PENDING.c.due_at)).where(mine, PENDING.c.due_at <= work.now)
    waiting, oldest = work.session.execute(due).one()
    retrying = work.session.scalar(select(func.count()).select_from(PENDING).where(mine, PENDING.c.error.is_not(None)))
    dead = work.session.scalar(
        select(func.count())
        .select_from(LETTERS)
        .where(LETTERS.c.business_id.in_(("", work.business_id)), LETTERS.c.replayed_at.is_(None))
    )
    late = timedelta(0) if oldest is None else work.now - oldest
    state: PartState = "danger" if late > _STUCK else "warning" if late > _LATE or dead else "ok"
    words = "run on time"
    if late > _LATE:
        words = f"are {_span(late)} late: is a server or worker running that takes them?"
    elif dead:
        words = f"run, but {dead} failed for good: replay them once the reason is gone"
    figures = [
        Figure(label="due", value=waiting),
        Figure(label="late", value=round(late.total_seconds(), 1), unit="s"),
        Figure(label="retrying", value=retrying or 0),
        Figure(label="dead letters", value=dead or 0),
    ]
    return PartRead(name="jobs", title="Jobs", state=state, words=words, figures=figures)


def feed(work: Work) -> PartRead:
    """The feed by its head and who follows it."""
    head = log.head_of(work.session, work.business_id)
    here = select(func.count(func.distinct(MemberConnection.member_id))).where(
        MemberConnection.business_id == work.business_id
    )
    count = work.session.scalar(here) or 0
    figures = [Figure(label="events", value=head), Figure(label="members connected", value=count)]
    return PartRead(name="feed", title="Live feed", state="ok", words="goes on", figures=figures)


def stripe(work: Work, settings: Settings, vault: Vault) -> PartRead:
    """Stripe by how far it was read and what it answered last."""
    account = billing.read_account(work, settings, vault)
    figures = [Figure(label="subscriptions", value=account.subscriptions)]
    figures += [Figure(label="webhooks waiting", value=account.unprocessed)]
    state: PartState = "ok"
    words = f"was read {_ago(work.now, account.synced_at)}"
    if not account.is_connected:
        state, words = "off", "is not connected"
    elif account.error:
        state, words = "danger", f"does not answer as it should: {account.error}"
    elif account.missing_scopes:
        state, words = "warning", f"the key may not do all of it: {', '.join(account.missing_scopes)}"
    return PartRead(name="stripe", title="Stripe", state=state, words=words, figures=figures)


def chats(work: Work, vault: Vault) -> list[PartRead]:
    """Each connection by what it answered last, and what did not get there."""
    found = []
    for one in connections.list_integrations(work, vault):
        failed = one.outgoing.get("FAILED", 0) + one.outgoing.get("DEAD", 0)
        state: PartState = "ok"
        words = f"answered {_ago(work.now, one.answered_at)}"
        if one.answered_at is None:
            state, words = "off", "has not been asked yet"
        if one.missing:
            state, words = "warning", f"is not set up: {', '.join(one.missing)} is missing"
        elif one.error:
            state, words = "danger", f"does not answer as it should: {one.error}"
        elif one.stopped_at is not None:
            state, words = "off", "is stopped: nothing is told or read until an admin lets it go on"
        elif failed or one.failing_deliveries:
            state, words = "warning", "answers, but something did not get through: look at g i"
        figures = [
            Figure(label="failed calls", value=failed),
            Figure(label="bad webhooks", value=one.failing_deliveries),
        ]
        found.append(PartRead(name=one.platform, title=one.title, state=state, words=words, figures=figures))
    return found or [PartRead(name="chats", title="Chat platforms", state="off", words="none is connected")]


def delivery(work: Work, settings: Settings) -> PartRead:
    """Letters to staff by how many of them got out."""
    ways = channels.list_channels(work, settings)
    if not ways:
        words = "nothing is set to send by: holdfast delivery add"
        return PartRead(name="delivery", title="Letters to staff", state="off", words=words)
    sent, failed, waiting = (sum(getattr(one, name) for one in ways) for name in ("sent", "failed", "waiting"))
    bad = [one for one in ways if one.error]
    rate = sent / (sent + failed) if sent + failed else None
    state: PartState = "danger" if bad and len(bad) == len(ways) else "warning" if bad else "ok"
    state = "warning" if state == "ok" and rate is not None and rate < _WORST_RATE else state
    words = f"{bad[0].name}: {bad[0].error}" if bad else "get out"
    figures = [Figure(label="sent", value=sent), Figure(label="failed", value=failed)]
    figures += [Figure(label="waiting", value=waiting)]
    figures += [] if rate is None else [Figure(label="success", value=round(rate * 100, 1), unit="%")]
    return PartRead(name="delivery", title="Letters to staff", state=state, words=words, figures=figures)


def backups(now: datetime, newest: Backup | None, settings: Settings) -> PartRead:
    """Backups by how old the newest good one is."""
    if newest is None:
        is_off = settings.keep_backups == 0
        words = "none is made by itself" if is_off else "there is none yet; one is made every night (holdfast backup)"
        return PartRead(name="backup", title="Backup", state="off" if is_off else "warning", words=words)
    made = datetime.fromisoformat(newest.made_at)
    is_old = now - made > _OLD and settings.keep_backups > 0
    words = f"the newest was made and opened {_ago(now, made)}"
    figures = [
        Figure(label="age", value=round((now - made).total_seconds() / 3600, 1), unit="h"),
        Figure(label="size", value=round(newest.bytes / 1e6, 1), unit="MB"),
        Figure(label="rows", value=sum(newest.rows.values())),
    ]
    return PartRead(name="backup", title="Backup", state="warning" if is_old else "ok", words=words, figures=figures)


def process(meters: Any) -> PartRead:
    """The process that answers by how fast it does."""
    figures = [
        Figure(label=f"response p{quantile * 100:.0f}", value=round(seconds * 1000, 2), unit="ms")
        for quantile, seconds in meters.responses.quantiles().items()
    ]
    figures += [
        Figure(label=f"webhook p{quantile * 100:.0f}", value=round(seconds * 1000, 2), unit="ms")
        for quantile, seconds in meters.webhooks.quantiles().items()
    ]
    figures.append(Figure(label="risk calculations a minute", value=meters.risk.per_minute()))
    return PartRead(name="process", title="This server", state="ok", words="answers", figures=figures)


def _ago(now: datetime, at: datetime | None) -> str:
    return "never yet" if at is None else f"{_span(now - at)} ago"


def _span(span: timedelta) -> str:
    minutes = span.total_seconds() / 60
    if minutes < 1:
        return f"{span.total_seconds():.0f} s"
    return (
        f"{minutes:.0f} min"
        if minutes < 120
        else f"{minutes / 60:.0f} h"
        if minutes < 2880
        else f"{minutes / 1440:.0f} d"
    )
