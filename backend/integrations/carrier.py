"""One outgoing call at a time: taken in a transaction, made outside of any, settled in another one."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from backend.core.outside import Outside, Refused, Throttled, Trouble, Unclear
from backend.core.sealing import Vault
from backend.customers import service as customers
from backend.incidences.carrying import Tie
from backend.incidences.models import Incidence
from backend.integrations import background, connections, outgoing, repository
from backend.integrations.accounts import Account, Door, open_account
from backend.integrations.models import Integration, OutgoingCall
from backend.integrations.spoken import Said, same_words
from backend.work import Work

HELD = timedelta(minutes=3)
"""How long a job has a call for itself. A call whose job is gone by then may have been made: it is looked for."""
NO_LONGER = timedelta(minutes=1)
"""A call is not begun when less than this is left of the time for which it is held."""
GIVE_UP = timedelta(hours=24)
TRIES = 6
"""How often a message is sent at most when nothing clear is heard: each time only after it was not found."""
LOOK_AFTER = {"UNCLEAR": (5, 15, 45), "REFUSED": (5, 20), "ACCEPTED": (5, 15, 45, 120, 300, 600)}
"""Seconds before each look, by why we do not know. One that came late would be seen by then."""
_HOPELESS = (401, 403, 404)
_LONGEST_WAIT = 300


@dataclass(frozen=True)
class Step:
    """All that is needed to make one call."""

    call_id: str
    kind: str
    door: Door
    conversation_id: str
    held_until: datetime
    is_look: bool
    """Only look whether the message is there."""
    was_tried: bool
    since: datetime | None
    text: str = ""
    customer: str = ""
    told: frozenset[str] = frozenset()
    properties: dict[str, Any] | None = None
    is_resolved: bool = False
    agent_id: str | None = None
    agent_email: str | None = None
    group_id: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of it. `wait`: nothing was done, try again in so many seconds; `pause`: everything to this account."""

    what: Literal["done", "absent", "doubt", "wait", "failed"]
    words: str | None = None
    brief: str | None = None
    """The same without what the platform said itself."""
    said: Said | None = None
    at: datetime | None = None
    agent_id: str | None = None
    doubt: str = ""
    wait: float | None = None
    is_pause: bool = False


def take(work: Work, platform: str, conversation_id: str, job_id: str, vault: Vault) -> Step | None:
    """The next call of a conversation, now held by `job_id`; None when there is none to make now.

    A call that a job was killed over is held still: by this very job, or until its time is over. Nobody knows whether
    it was made, so it is looked for.
    """
    tie = Tie(platform, conversation_id)
    repository.lock_conversation(work.session, work.business_id, *tie)
    work.next_seq()  # waits for whoever changes a case: a call that waits stands for the case as it will be then
    waiting = repository.open_calls(work.session, work.business_id, *tie)
    for call in waiting:
        if call.state != "SENDING":
            continue
        if call.held_by != job_id and call.held_until is not None and call.held_until > work.now:
            outgoing.carry_later(work, tie, call.held_until)
            return None
        if call.doubt is None and call.kind in outgoing.SPOKEN:
            call.doubt, call.looks = "UNCLEAR", 0
        call.state = "UNKNOWN" if call.doubt else "QUEUED"
        call.due_at, call.error = work.now, call.error or "whoever was sending it stopped in its midst"
    integration = repository.integration_of(work.session, work.business_id, platform)
    if integration is not None and integration.paused_until and integration.paused_until > work.now and waiting:
        outgoing.carry_later(work, tie, integration.paused_until)
        return None
    is_held_up = False
    later: list[datetime] = []
    for call in waiting:
        is_ordered = call.kind in outgoing.IN_ORDER
        if is_ordered and is_held_up:
            continue
        if call.due_at > work.now:
            later.append(call.due_at)
            is_held_up |= is_ordered
            continue
        step = _prepared(work, call, integration, job_id, vault)
        if step is not None:
            return step
    if later:
        outgoing.carry_later(work, tie, min(later))
    return None


def _prepared(
    work: Work, call: OutgoingCall, integration: Integration | None, job_id: str, vault: Vault
) -> Step | None:
    """The call, held; None when it can never be made, which is settled at once."""
    door = connections.door_of(integration, call.platform, vault)
    if isinstance(door, str):
        outgoing.failed(work, call, door)
        return None
    assert integration is not None
    if not outgoing.wants(integration, call.kind):
        outgoing.failed(work, call, f"{connections.title_of(call.platform)} is set to take no such thing from here")
        return None
    row = _case(work, call)
    is_look = call.state == "UNKNOWN"
    call.state, call.held_by, call.held_until = "SENDING", job_id, work.now + HELD
    step = Step(
        call.id, call.kind, door, call.conversation_id, call.held_until, is_look, call.tries > 0, call.first_tried_at
    )
    if not is_look:
        call.tries += 1
        call.first_tried_at = call.first_tried_at or work.now
    match call.kind:
        case "MESSAGE":
            words = repository.words_of(work.session, work.business_id, call.seq)
            if words is None:
                outgoing.failed(work, call, "the customer was erased")
                return None
            told = repository.told_ids(work.session, work.business_id, call.platform, call.conversation_id)
            return replace(step, text=words, told=told, customer=_handle(work, row, call))
        case "NOTE":
            return replace(step, text=background.note_of(work, row), customer=_handle(work, row, call))
        case "PROPERTIES":
            return replace(step, properties=background.properties_of(work, row))
        case "STATUS":
            return replace(step, is_resolved=row.status == "CLOSED")
    email = outgoing.member_email(work, row.agent_id)
    known = {str(address).lower(): id for id, address in integration.config.get("agents", {}).items()}
    group = integration.config.get("groups", {}).get(row.escalation_level) if row.escalation_level else None
    return replace(step, agent_email=email, agent_id=known.get(email or ""), group_id=group)


def _case(work: Work, call: OutgoingCall) -> Incidence:
    """The case that the conversation is tied to by now: it may have been merged, or gone on in a new one.

    Its row is not locked, for whoever changes it waits for the business's events, which we have.
    """
    now = repository.case_id(work.session, work.business_id, call.platform, call.conversation_id)
    return work.session.get_one(Incidence, now or call.incidence_id)


def _handle(work: Work, row: Incidence, call: OutgoingCall) -> str:
    return customers.handle_of(work, call.platform, row.customer_id)


async def make(step: Step, outside: Outside) -> Outcome:
    """Make the call, with no transaction open."""
    account = open_account(step.door, outside)
    try:
        if step.kind in outgoing.SPOKEN:
            return await _speak(step, account, outside)
        return await _set(step, account)
    except Throttled as trouble:
        return Outcome("wait", str(trouble), trouble.brief, wait=trouble.seconds, is_pause=not trouble.is_ours)
    except Refused as trouble:
        return Outcome("failed", str(trouble), trouble.brief)
    except Trouble as trouble:
        return Outcome("wait", str(trouble), trouble.brief)


async def _speak(step: Step, account: Account, outside: Outside) -> Outcome:
    if step.is_look or step.was_tried:
        if found := await _find(step, account):
            return Outcome("done", said=found)
        if step.is_look:
            return Outcome("absent")
    if outside.clock.now() > step.held_until - NO_LONGER:
        return Outcome("wait", "this process was too slow")
    try:
        said = await account.say(step.conversation_id, step.text, customer=step.customer, is_note=step.kind == "NOTE")
    except Unclear as trouble:
        return Outcome("doubt", str(trouble), trouble.brief, doubt="UNCLEAR")
    except Refused as trouble:
        if trouble.status in _HOPELESS:
            raise
        return Outcome("doubt", str(trouble), trouble.brief, doubt="REFUSED")
    if said is None:
        return Outcome("doubt", "taken, and delivered later", doubt="ACCEPTED")
    return Outcome("done", said=said)


async def _find(step: Step, account: Account) -> Said | None:
    """Ours in the conversation: our words, by the agent we write as, not before we tried, and nobody's yet."""
    assert step.since is not None
    since = step.since - outgoing.CLOCKS_DIFFER
    for one in await account.said(step.conversation_id):
        is_ours = one.is_note == (step.kind == "NOTE") and one.id not in step.told
        is_ours &= not step.door.agent_id or not one.agent_id or one.agent_id == step.door.agent_id
        if is_ours and (one.at is None or one.at >= since) and same_words(one.text, step.text):
            return one
    return None


async def _set(step: Step, account: Account) -> Outcome:
    """Make it so, unless it is; then see that it is."""
    id = step.conversation_id
    if step.kind == "PROPERTIES":
        await account.set_properties(id, step.properties or {})
        return Outcome("done")
    before = await account.standing(id)
    if step.kind == "STATUS":
        if before.is_resolved == step.is_resolved:
            return Outcome("done")
        await (account.resolve(id) if step.is_resolved else account.reopen(id))
        after = await account.standing(id)
        if after.is_resolved != step.is_resolved:
            return Outcome("wait", "the platform answered well, and nothing changed")
        return Outcome("done", at=after.at)
    agent_id = step.agent_id
    if agent_id is None and step.agent_email:
        agent_id = (await account.agents()).get(step.agent_email)
        if agent_id is None and step.group_id is None:
            return Outcome("failed", f"no agent there has the address {step.agent_email}")
    if before.agent_id != agent_id or (step.group_id is not None and before.group_id != step.group_id):
        await account.assign(id, agent_id, step.group_id)
        after = await account.standing(id)
        return Outcome("done", at=after.at, agent_id=after.agent_id)
    return Outcome("done")


def settle(work: Work, step: Step, job_id: str, outcome: Outcome) -> None:
    """Write down what came of a call, and when to go on with it."""
    place = (step.door.platform, step.conversation_id)
    repository.lock_conversation(work.session, work.business_id, *place)
    call = work.session.get_one(OutgoingCall, step.call_id, populate_existing=True)
    connections.note_health(work, step.door.platform, outcome)
    if call.state != "SENDING" or call.held_by != job_id:  # its echo has settled it, or it was held for too long
        if outcome.what == "done" and outcome.said is not None and call.state in outgoing.OPEN:
            outgoing.sent(work, call, outcome.said.id, outcome.said.at)
        return
    call.held_by = call.held_until = None
    match outcome.what:
        case "done":
            said = outcome.said
            if step.kind == "STATUS" and outcome.at is not None:
                aspect = "own-resolved" if step.is_resolved else "own-reopened"
                repository.set_mark(work.session, work.business_id, *place, aspect, outcome.at)
            elif step.kind == "ASSIGN" and outcome.at is not None:
                repository.set_mark(work.session, work.business_id, *place, "assignment", outcome.at, outcome.agent_id)
            outgoing.sent(work, call, said.id if said else None, said.at if said else outcome.at)
        case "failed":
            outgoing.failed(work, call, outcome.words or "refused")
        case "doubt":
            call.doubt, call.looks, call.error = outcome.doubt, 0, outcome.words
            _again(call, "UNKNOWN", work.now, LOOK_AFTER[outcome.doubt][0])
        case "absent":
            _absent(work, call)
        case "wait":
            call.error = outcome.words
            if work.now - (call.first_tried_at or call.created_at) > GIVE_UP:
                outgoing.failed(work, call, f"given up after a day: {outcome.words}")
                return
            seconds = outcome.wait or min(5 * 2.0 ** min(call.tries, 10), _LONGEST_WAIT)
            _again(call, "UNKNOWN" if step.is_look else "QUEUED", work.now, seconds)


def _absent(work: Work, call: OutgoingCall) -> None:
    """It was not found: look again, send again, or say that it is not there; by why we did not know."""
    doubt = call.doubt or "UNCLEAR"
    call.looks += 1
    if call.looks < len(LOOK_AFTER[doubt]):
        _again(call, "UNKNOWN", work.now, LOOK_AFTER[doubt][call.looks])
    elif doubt == "UNCLEAR" and call.tries < TRIES:
        call.doubt, call.looks = None, 0
        _again(call, "QUEUED", work.now, 0)
    elif doubt == "ACCEPTED":
        outgoing.failed(work, call, "taken, but not in the conversation since")
    else:
        outgoing.failed(work, call, call.error or "not in the conversation")


def _again(call: OutgoingCall, state: str, now: datetime, seconds: float) -> None:
    call.state, call.due_at = state, now + timedelta(seconds=seconds)
