"""What waits for one place outside, put into one letter that a person can read, and how often that may be."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import case, func, select, update

from backend.alerts.models import AlertItem
from backend.alerts.quiet import Times
from backend.alerts.sharing import TIMES, send_later
from backend.core.ids import new_id
from backend.core.money import to_major
from backend.delivery import service as delivery
from backend.delivery.address import mailbox
from backend.events import log
from backend.identity.models import Member, User
from backend.identity.service import business_of, currency_of, time_zone_of
from backend.rules import service as rules
from backend.work import Work

HOUR = timedelta(hours=1)
_RANK = case({"danger": 2, "warning": 1}, value=AlertItem.severity, else_=0)
NAMES = {
    "ESCALATED": "handed up",
    "ESCALATION_ANSWERED": "answers to what was handed up",
    "APPROVAL_REQUESTED": "approvals asked for",
    "APPROVAL_DECIDED": "approvals decided",
    "SLA_WARNED": "targets due soon",
    "SLA_BREACHED": "targets missed",
    "ASSIGNED": "cases given to you",
    "MENTIONED": "notes that name you",
    "WATCHED": "watched cases",
    "SUBSCRIPTION_CHANGE": "changes of subscriptions",
    "RISK_CHANGED": "customers in another level of risk",
    "CHURN_CROSSED": "customers who may leave",
    "PAYMENT_FAILED": "payments that failed",
    "PLAYBOOK_FAILED": "playbooks that failed",
    "INTEGRATION_FAILING": "integrations that fail",
    "INTERVENTION_OVERDUE": "interventions overdue",
    "PLAYBOOK": "words of playbooks",
}
"""What several of a kind are called."""


def dispatch(work: Work, destination: str) -> None:
    """Write the letter that tells what is due at `destination`; later, when it has had enough of them this hour."""
    log.head(work.session, work.business_id)  # of two who send what waits at one place, the second finds nothing left
    settings = rules.current(work, "alert").document.settings
    waiting = (
        AlertItem.business_id == work.business_id,
        AlertItem.destination == destination,
        AlertItem.sent_at.is_(None),
        AlertItem.due_at <= work.now,
    )
    first = work.session.scalars(select(AlertItem).where(*waiting).order_by(AlertItem.seq).limit(1)).first()
    if first is None:
        send_later(work, destination)
        return
    lately = _written_lately(work, destination)
    if len(lately) >= settings["mostPerHour"]:
        send_later(work, destination, lately[0] + HOUR)
        return
    to, zone = _address(work, first, settings)
    letter = ""
    if to is not None:
        subject, text = _words(work, waiting, settings["top"], zone)
        letter = delivery.post(
            work,
            to=to,
            subject=subject,
            text=text,
            cause=f"alerts:{new_id()}",
            kind=first.way,  # type: ignore[arg-type]  # of a column that holds nothing else
            channel_id=first.channel_id,
        )
    written = update(AlertItem).where(*waiting).values(sent_at=work.now, letter_id=letter)
    work.session.execute(written.execution_options(synchronize_session=False))
    send_later(work, destination)


def _written_lately(work: Work, destination: str) -> Sequence[Any]:
    """When letters were written to it in the last hour, the first one first."""
    mine = (AlertItem.business_id == work.business_id, AlertItem.destination == destination)
    written = func.max(AlertItem.sent_at)
    query = select(written).where(*mine, AlertItem.sent_at > work.now - HOUR).group_by(AlertItem.letter_id)
    return work.session.scalars(query.order_by(written)).all()


def _address(work: Work, item: AlertItem, settings: dict[str, Any]) -> tuple[str | None, ZoneInfo]:
    """Where it goes ("" is the channel's own address, None nowhere any more), and in whose zone it tells times."""
    zone = time_zone_of(work)
    if item.way != "EMAIL":
        return "", ZoneInfo(zone)
    mine = (Member.id == item.destination) & Member.removed_at.is_(None)
    found = work.session.execute(
        select(User.email, Member.preferences).join(Member, Member.user_id == User.id).where(mine)
    ).first()
    if found is None:
        return None, ZoneInfo(zone)
    try:
        to: str | None = mailbox(found.email)
    except ValueError:
        to = None  # signed up before addresses were looked at so closely
    return to, Times.of(settings, zone, found.preferences.get(TIMES, {})).zone


def _words(work: Work, waiting: Sequence[Any], top: int, zone: ZoneInfo) -> tuple[str, str]:
    """The subject and the text that tell all of it: by kind how many, when, and the first few by value."""
    worst = func.max(_RANK).label("worst")
    query = select(
        AlertItem.kind,
        func.count().label("many"),
        func.min(AlertItem.at).label("first"),
        func.max(AlertItem.at).label("last"),
        func.max(AlertItem.stage).label("stage"),
        worst,
    )
    kinds = work.session.execute(query.where(*waiting).group_by(AlertItem.kind).order_by(worst.desc())).all()
    business, currency = business_of(work).name, currency_of(work)
    parts, said = [], []
    for kind in kinds:
        shown = _first(work, waiting, kind.kind, max(top, 1))
        lines = [_line(item, currency) for item in shown]
        name = NAMES.get(kind.kind, kind.kind.replace("_", " ").lower())
        if kind.many == 1:
            said.append(lines[0])
            parts.append(f"{lines[0]} ({_clock(kind.last, zone)})")
            continue
        said.append(f"{kind.many:,} {name}")
        span = f"{_clock(kind.first, zone)} to {_clock(kind.last, zone)}"
        rest = kind.many - len(lines)
        lines = [*(f"- {line}" for line in lines), *([f"and {rest:,} more"] if rest else [])] if top else []
        parts.append("\n".join([f"{kind.many:,} {name}, {span}", *lines]))
    unread = "Nobody has read: " if all(kind.stage for kind in kinds) else ""
    subject = f"{business}: {unread}{'; '.join(said[:3])}" + (f"; {len(said) - 3} more" if len(said) > 3 else "")
    end = f"Times are those of {zone.key}. All of them: holdfast alerts, or g a in the console."
    return subject, "\n\n".join([*parts, end])


def _first(work: Work, waiting: Sequence[Any], kind: str, most: int) -> Sequence[Any]:
    """The first few of a kind: those of most value, then the newest."""
    query = select(AlertItem.words, AlertItem.value).where(*waiting, AlertItem.kind == kind)
    order = (func.coalesce(AlertItem.value, -1).desc(), AlertItem.seq.desc())
    return work.session.execute(query.order_by(*order).limit(most)).all()


def _line(item: Any, currency: str) -> str:
    if item.value is None:
        return str(item.words)
    return f"{item.words}, {currency} {to_major(item.value, currency):,} a month"


def _clock(at: Any, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%d %b %H:%M}"
