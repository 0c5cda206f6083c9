"""The cx rules hold at every door: closing, reassigning or changing an order is judged wherever it is done."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from backend.agent import actions
from backend.agent.judging import KIND, asked, judge
from backend.agent.params import CloseParams, OrderParams, Params, ReassignParams, ResolveParams
from backend.agent.schemas import ActionType
from backend.agent.wording import title_of
from backend.core.errors import Denied
from backend.incidences.guards import guards
from backend.incidences.models import Incidence
from backend.rules import service as rules
from backend.work import Work


@guards
def judged(work: Work, row: Incidence, wanted: dict[str, Any]) -> None:
    """Denied, to be put on record, when a change amounts to an action that the cx rules do not allow as it is."""
    if row.status == "CLOSED":
        return
    for action, given in _actions_in(work, row, wanted):
        ask = asked(work, row, action, given, work.actor)
        judgement = judge(rules.current(work, KIND), ask.facts)
        if judgement.decision != "allowed":
            code, words = "ACTION_BLOCKED", f"is blocked: {judgement.reason}."
            if judgement.decision == "approval":
                code = "APPROVAL_REQUIRED"
                words = f"needs a supervisor's approval: {judgement.reason}. Ask for it as an action."
            on_record = partial(actions.record_denied, id=row.id, ask=ask, judgement=judgement)
            message = f"{title_of(action).capitalize()} {words}"
            raise Denied(message, code=code, record=on_record, **judgement.told)


def _actions_in(work: Work, row: Incidence, wanted: Mapping[str, Any]) -> Iterator[tuple[ActionType, Params]]:
    """The actions that a change amounts to. Taking a case oneself, or giving one back, is none."""
    outcome = wanted.get("outcome") or ("RESOLVED" if wanted.get("status") == "CLOSED" else None)
    if outcome == "DROPPED":
        yield "CLOSE_DROPPED", CloseParams(issue_category=wanted.get("issue_category"))
    elif outcome is not None:
        yield "CLOSE_RESOLVED", ResolveParams(outcome=outcome, issue_category=wanted.get("issue_category"))
    if (agent := wanted.get("agent_id")) is not None and agent not in (work.actor.id, row.agent_id):
        yield "REASSIGN", ReassignParams(agent_id=agent)
    changed = {name: wanted.get(name) for name in ("order_value", "selected_items")}
    if any(value is not None for value in changed.values()):
        yield "MODIFY_ORDER", OrderParams(**changed)
