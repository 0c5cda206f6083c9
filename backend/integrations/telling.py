"""From a platform's fact to the incidence it is about. Facts come in any order: an older one never undoes a newer one."""

from datetime import datetime, timedelta

from backend.customers import service as customers
from backend.incidences import conversations
from backend.integrations import repository
from backend.integrations.facts import AgentMessage, Assigned, Conversational, CustomerMessage, Reopened, Resolved
from backend.integrations.platforms import BY_NAME
from backend.work import Work

_AHEAD_AT_MOST = timedelta(minutes=5)
"""How far a platform's clock may be ahead of ours: an instant far in the future would shut out all that follows."""


def instant_of(fact: Conversational, received_at: datetime) -> datetime:
    """When it happened; when it was received, if the platform does not say or cannot be believed."""
    if fact.occurred_at is None:
        return received_at
    return min(fact.occurred_at, received_at + _AHEAD_AT_MOST)


def tell(work: Work, platform: str, fact: Conversational, at: datetime) -> None:
    """Apply `fact`, which happened at `at`, unless something newer of its kind was told before.

    A message is told once, by its id: platforms tell it again when it was changed, under another topic, or when it is
    the echo of our own.
    """
    if isinstance(fact, CustomerMessage | AgentMessage) and not repository.told_first(
        work.session, work.business_id, platform, fact.conversation_id, fact.message_id
    ):
        return
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
        case Assigned():
            if _is_news(work, platform, fact.conversation_id, "assignment", at):
                email, name = _agent(work, platform, fact) if fact.agent_id else (None, "")
                conversations.conversation_assigned(work, **about, agent_email=email, agent_name=name, occurred_at=at)
        case Resolved():
            if _is_news(work, platform, fact.conversation_id, "status", at):
                conversations.conversation_resolved(work, **about, occurred_at=at)
        case Reopened():
            if _is_news(work, platform, fact.conversation_id, "status", at):
                conversations.conversation_reopened(work, **about, occurred_at=at)


def _is_news(work: Work, platform: str, conversation_id: str, aspect: str, at: datetime) -> bool:
    """Whether nothing newer was told of this aspect; if so, `at` is the newest from now on."""
    known = repository.mark_of(work.session, work.business_id, platform, conversation_id, aspect)
    if known is not None and at < known:
        return False
    repository.set_mark(work.session, work.business_id, platform, conversation_id, aspect, at)
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
