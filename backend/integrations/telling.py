"""From a platform's fact to the incidence it is about. Facts come in any order: an older one never undoes a newer one."""

from datetime import datetime, timedelta

from backend.customers import service as customers
from backend.incidences import conversations
from backend.incidences.models import Incidence
from backend.integrations import lateness, outgoing, repository
from backend.integrations.facts import AgentMessage, Assigned, Conversational, CustomerMessage, Reopened, Resolved
from backend.integrations.platforms import BY_NAME
from backend.work import Work

AHEAD_AT_MOST = timedelta(minutes=5)
"""How far a platform's clock may be ahead of ours: an instant far in the future would shut out all that follows."""

_ECHOES_WITHIN = timedelta(seconds=5)
"""Of what we did there ourselves, by the platform's clock alone: its webhook may be stamped a little later."""


def instant_of(fact: Conversational, received_at: datetime) -> datetime:
    """When it happened; when it was received, if the platform does not say or cannot be believed."""
    if fact.occurred_at is None:
        return received_at
    return min(fact.occurred_at, received_at + AHEAD_AT_MOST)


def tell(work: Work, platform: str, fact: Conversational, at: datetime) -> None:
    """Apply `fact`, which happened at `at`, unless something newer of its kind was told before.

    A message is told once, by its id: platforms tell it again when it was changed, under another topic, or when it is
    the echo of our own. What we still have to do there goes before what the platform tells, and so does what we did
    there later.
    """
    place = (work.session, work.business_id, platform, fact.conversation_id)
    if isinstance(fact, Assigned):
        if _is_news(work, platform, fact.conversation_id, "assignment", at, fact.agent_id) and not outgoing.has_open(
            work, platform, fact.conversation_id, "ASSIGN"
        ):
            email, name = _agent(work, platform, fact) if fact.agent_id else (None, "")
            conversations.conversation_assigned(
                work,
                platform=platform,
                conversation_id=fact.conversation_id,
                agent_email=email,
                agent_name=name,
                occurred_at=at,
            )
        return
    if isinstance(fact, Resolved | Reopened) and _is_ours(work, platform, fact, at):
        return
    kind, id = lateness.named(fact, at)
    if not repository.told_first(*place, id, kind=kind, at=at):
        return
    if isinstance(fact, AgentMessage) and outgoing.claim(work, platform, fact, at):
        return
    with lateness.in_its_place(work, platform, fact.conversation_id, id, at):
        _tell(work, platform, fact, at)
    if isinstance(fact, CustomerMessage):
        own = repository.mark_of(*place, "own-resolved")
        if own is not None and at <= own:  # written before we resolved it there, and not seen here before
            outgoing.intend_status(work, platform, fact.conversation_id)


def _is_ours(work: Work, platform: str, fact: Resolved | Reopened, at: datetime) -> bool:
    """Whether a change of status is undone already by what we do or did there, or is the echo of that."""
    if outgoing.has_open(work, platform, fact.conversation_id, "STATUS"):
        return True
    did, undid = ("own-resolved", "own-reopened") if isinstance(fact, Resolved) else ("own-reopened", "own-resolved")
    place = (work.session, work.business_id, platform, fact.conversation_id)
    done, undone = repository.mark_of(*place, did), repository.mark_of(*place, undid)
    return (done is not None and at <= done + _ECHOES_WITHIN) or (undone is not None and at <= undone)


def _tell(work: Work, platform: str, fact: CustomerMessage | AgentMessage | Resolved | Reopened, at: datetime) -> None:
    about = {"platform": platform, "conversation_id": fact.conversation_id}
    match fact:
        case CustomerMessage():
            customer = customers.customer_by_handle(
                work, platform, fact.handle, name=fact.name, external_id=fact.external_id
            )
            conversations.message_from_customer(
                work,
                **about,
                customer=customer,
                text=fact.text,
                message_id=fact.message_id,
                occurred_at=at,
                is_newest=_is_news(work, platform, fact.conversation_id, "message", at),
                may_reopen=_is_news(work, platform, fact.conversation_id, "status", at),
            )
        case AgentMessage():
            conversations.message_from_agent(
                work,
                **about,
                agent_name=_agent(work, platform, fact)[1],
                text=fact.text,
                message_id=fact.message_id,
                occurred_at=at,
                is_newest=_is_news(work, platform, fact.conversation_id, "message", at),
            )
        case Resolved():
            if _is_news(work, platform, fact.conversation_id, "status", at):
                conversations.conversation_resolved(work, **about, occurred_at=at)
        case Reopened():
            if _is_news(work, platform, fact.conversation_id, "status", at):
                conversations.conversation_reopened(work, **about, occurred_at=at)


def _is_news(
    work: Work, platform: str, conversation_id: str, aspect: str, at: datetime, value: str | None = None
) -> bool:
    """Whether nothing newer was told of this aspect; if so, `at` is the newest from now on."""
    known = repository.mark_of(work.session, work.business_id, platform, conversation_id, aspect)
    if known is not None and at < known:
        return False
    repository.set_mark(work.session, work.business_id, platform, conversation_id, aspect, at, value)
    return True


def _agent(work: Work, platform: str, fact: AgentMessage | Assigned) -> tuple[str | None, str]:
    """(e-mail, name to show) of a platform's agent: the integration's config may map ids, for some webhooks carry no more."""
    title, agent_id = BY_NAME[platform].title, fact.agent_id
    if not agent_id:
        return None, fact.agent_name or f"{title} bot"
    agents = repository.config_of(work.session, work.business_id, platform).get("agents")
    email = agents.get(agent_id) if isinstance(agents, dict) else None
    email = email if isinstance(email, str) else fact.agent_email or (agent_id if "@" in agent_id else None)
    return email, fact.agent_name or email or f"{title} agent {agent_id[:8]}"


def case_of(work: Work, platform: str, conversation_id: str) -> Incidence | None:
    """The case of a conversation."""
    return conversations.incidence_for(work, platform, conversation_id)
