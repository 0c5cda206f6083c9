"""Ways out of a business: added, tried and removed by admins, and how each does."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete

from backend.core.errors import Conflict, StaleVersion, Unprocessable
from backend.core.ids import new_id
from backend.core.sealing import Broken, Vault
from backend.delivery import events, repository, service
from backend.delivery.address import Kind, checked, hint_of, mail_server
from backend.delivery.models import Channel
from backend.delivery.schemas import ChannelAdd, ChannelChange, ChannelRead, LetterAccepted
from backend.settings import Settings
from backend.work import Work

COUNTED = timedelta(days=30)
TITLES: dict[Kind, str] = {"EMAIL": "mail", "SLACK": "Slack", "TEAMS": "Teams"}
"""What a kind is called in a sentence; a channel that is set for the whole installation is the server's."""


@dataclass(frozen=True)
class Way:
    """How a letter gets out: the address that opens the channel, and the channel when it is one of the business's."""

    kind: Kind
    address: str
    channel: Channel | None


def installed(settings: Settings) -> dict[Kind, str]:
    """The addresses that are set for the whole installation."""
    found: dict[Kind, str] = {
        "EMAIL": settings.smtp_url.get_secret_value(),
        "SLACK": settings.slack_url.get_secret_value(),
        "TEAMS": settings.teams_url.get_secret_value(),
    }
    return {kind: address for kind, address in found.items() if address}


def ways(work: Work, standing_in: Collection[Kind]) -> dict[Kind, list[str | None]]:
    """By kind, the ids of the channels that a business can be reached by; None is the installation's own, of the kinds
    in `standing_in`. Of a kind whose channels are all stopped there is none: nothing else stands in for them."""
    found: dict[Kind, list[str | None]] = {kind: [None] for kind in standing_in}
    own: dict[Kind, list[str | None]] = {}
    for channel in repository.channels(work.session, work.business_id):
        ids = own.setdefault(channel.kind, [])  # type: ignore[arg-type]  # a column that holds nothing else
        ids += [channel.id] if channel.stopped_at is None else []
    return {kind: ids for kind, ids in (found | own).items() if ids}


def way_of(work: Work, kind: Kind, channel_id: str | None, vault: Vault, settings: Settings) -> Way | str:
    """How a letter gets out, or in words why it cannot. Of several channels of a kind, the first that is not stopped."""
    own = repository.channels(work.session, work.business_id, kind)
    if channel_id is not None:
        own = [channel for channel in own if channel.id == channel_id]
        if not own:
            return "the channel that it was for is gone"
    going = [channel for channel in own if channel.stopped_at is None]
    if going:
        try:
            return Way(kind, str(vault.open(going[0].sealed).get("address") or ""), going[0])
        except Broken as error:
            return f"{error}; an admin must add {going[0].name} again"
    if own:
        return f"{own[0].name} is stopped: an admin must let it go on (g d), and then send this again"
    address = installed(settings).get(kind)
    if address is None:
        return f"nothing is set to send {TITLES[kind]} by: an admin must add a channel (holdfast delivery add {kind.lower()})"
    return Way(kind, address, None)


def list_channels(work: Work, settings: Settings) -> list[ChannelRead]:
    """The business's channels, and those of the installation that stand in for kinds it has none of."""
    own = repository.channels(work.session, work.business_id)
    totals, first = _totals(work, own), {channel.kind for channel in own}
    shown = [_read(channel, totals) for channel in own]
    for kind, address in installed(settings).items():
        if kind not in first:
            bare = Channel(kind=kind, name=f"the server's {TITLES[kind]}", hint=_hint(kind, address), version=1)
            shown.append(_read(bare, totals))
    return shown


def add_channel(work: Work, body: ChannelAdd, vault: Vault, *, is_private_open: bool) -> ChannelRead:
    """Add a way out. Conflict when the name is used; Unprocessable with an address that nothing must be sent to."""
    _refuse_used(work, body.name)
    try:
        address = checked(body.kind, body.address, is_private_open=is_private_open)
    except ValueError as error:
        raise Unprocessable(f"address: {error}", code="BAD_ADDRESS", field="address") from error
    row = Channel(kind=body.kind, name=body.name, created_at=work.now, hint=hint_of(body.kind, address))
    row.sealed = vault.seal({"address": address})
    work.add(row)
    work.emit(events.ChannelAdded(subject_id=row.id, data={"kind": row.kind, "name": row.name}))
    return _read(row, Counter())


def change_channel(work: Work, id: str, body: ChannelChange) -> ChannelRead:
    """Rename it, stop it, or let it go on. StaleVersion when somebody changed it meanwhile, Conflict when the name is
    used. What waits for a stopped one fails when it is due, and can be sent again."""
    row = service.channel_of(work, id)
    work.session.refresh(row, with_for_update=True)
    if row.version != body.version:
        current = _counted(work, row).model_dump(mode="json", by_alias=True)
        raise StaleVersion("Somebody changed this channel meanwhile.", current=current, since=[])
    name = row.name if body.name is None else body.name
    is_stopped = row.stopped_at is not None if body.is_stopped is None else body.is_stopped
    if (name, is_stopped) == (row.name, row.stopped_at is not None):
        return _counted(work, row)
    if name != row.name:
        _refuse_used(work, name)
    row.name, row.version = name, row.version + 1
    row.stopped_at = (row.stopped_at or work.now) if is_stopped else None
    work.session.flush()
    data = {"kind": row.kind, "name": row.name, "isStopped": is_stopped}
    work.emit(events.ChannelChanged(subject_id=row.id, data=data))
    return _counted(work, row)


def remove_channel(work: Work, id: str) -> None:
    """Forget a channel and its address. What it sent stays on record."""
    row = service.channel_of(work, id)
    told = {"kind": row.kind, "name": row.name}
    work.session.execute(delete(Channel).where(Channel.business_id == work.business_id, Channel.id == id))
    work.emit(events.ChannelRemoved(subject_id=id, data=told))


def try_channel(work: Work, id: str, to: str) -> LetterAccepted:
    """Write a letter to see whether the channel works: to `to`, by e-mail, and else to where it leads. Conflict when it
    is stopped."""
    row = service.channel_of(work, id)
    if row.stopped_at is not None:
        raise Conflict(f"{row.name} is stopped. Let it go on first.", code="STOPPED")
    letter = service.post(
        work,
        to=to if row.kind == "EMAIL" else "",
        subject="Holdfast can reach you here",
        text=f"{work.actor.name or 'Somebody'} tried the channel {row.name}. Nothing is to be done.",
        cause=f"test:{new_id()}",
        kind=row.kind,  # type: ignore[arg-type]  # of a column that holds nothing else
        channel_id=row.id,
    )
    return LetterAccepted(id=letter)


def _refuse_used(work: Work, name: str) -> None:
    if any(name == channel.name for channel in repository.channels(work.session, work.business_id)):
        raise Conflict(f"There is a channel called {name} already. Give another name.", code="NAME_USED")


def _counted(work: Work, row: Channel) -> ChannelRead:
    return _read(row, _totals(work, repository.channels(work.session, work.business_id)))


def _totals(work: Work, own: Sequence[Channel]) -> "Counter[tuple[str, str | None, str]]":
    """How many letters by kind, channel and state; those of no channel count for the first of their kind."""
    totals: Counter[tuple[str, str | None, str]] = Counter()
    first = {channel.kind: channel.id for channel in reversed(own)}
    for row in repository.counts(work.session, work.business_id, work.now - COUNTED):
        totals[row.kind, row.channel_id or first.get(row.kind), row.state] += row.many
    return totals


def _hint(kind: Kind, address: str) -> str:
    try:
        return hint_of(kind, address)
    except ValueError as error:
        return f"its address {error}"


def _read(row: Channel, totals: "Counter[tuple[str, str | None, str]]") -> ChannelRead:
    sent, failed = (totals[row.kind, row.id, state] for state in ("SENT", "FAILED"))
    return ChannelRead(
        id=row.id,
        kind=row.kind,
        name=row.name,
        hint=row.hint,
        created_at=row.created_at,
        answered_at=row.answered_at,
        error=row.error,
        failed_at=row.failed_at,
        paused_until=row.paused_until,
        stopped_at=row.stopped_at,
        version=row.version,
        sent=sent,
        failed=failed,
        waiting=sum(totals[row.kind, row.id, state] for state in ("PENDING", "SENDING")),
        rate=round(sent / (sent + failed), 4) if sent + failed else None,
    )


def team_of(address: str) -> str:
    """The mailbox that gets what is addressed to an e-mail channel itself; empty when none is set."""
    return mail_server(address).team
