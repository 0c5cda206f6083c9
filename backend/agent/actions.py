"""What an agent does to a case: judged first, then carried out, refused, or put before a supervisor."""

from typing import Any

from backend.agent import approvals, events, params
from backend.agent.carrying import carry_out
from backend.agent.judging import DISCOUNTS, KIND, Ask, Judgement, asked, judge
from backend.agent.models import AgentAction
from backend.agent.schemas import ActionAsk
from backend.agent.wording import title_of
from backend.core.errors import Forbidden, Unprocessable
from backend.events import log
from backend.incidences.models import Incidence
from backend.incidences.service import State, expect, incidence_of, require_staff
from backend.rules import service as rules
from backend.work import Work

REFUSED = "refused"


def perform(work: Work, id: str, body: ActionAsk) -> State:
    """Do an action, and answer ActionAnswer data; or, when the rules do not allow it, `{"refused": {...}}`.

    A refusal is recorded, so it is an answer here and not an error: the transaction commits. `answered` turns it into
    the error. Raises NotFound, StaleVersion, Invalid, and Unprocessable for what cannot be done to this case at all.
    """
    me = require_staff(work)
    row = incidence_of(work, id, to_change=True)
    expect(work, row, body.version)
    if row.status == "CLOSED":
        raise Unprocessable(f"INC-{row.number} is closed. Reopen it first.", code="INCIDENCE_CLOSED")
    given = params.read(body.type, body.params)
    if body.type in DISCOUNTS:
        log.head(work.session, work.business_id)  # of two discounts on one order, the second knows of the first
    ask = asked(work, row, body.type, given, work.actor)
    compiled = rules.current(work, KIND)
    judgement = judge(compiled, ask.facts)
    _keep(work, row, ask, judgement, me)
    if judgement.decision == "allowed":
        state = carry_out(work, row, ask, {"rule": judgement.rule, "ruleVersion": judgement.version})
        return {"allowed": True, "incidence": state, **judgement.told}
    if judgement.decision == "blocked":
        return _refuse(work, row, ask, judgement, "ACTION_BLOCKED", f"is blocked: {judgement.reason}.", {})
    seconds = compiled.settings["approvalExpiresAfterSeconds"]
    approval = approvals.request(work, row, ask, judgement, seconds)
    asks = {"approvalId": approval["approvalId"], "expiresAt": approval["expiresAt"], "diff": approval["diff"]}
    return _refuse(
        work, row, ask, judgement, "APPROVAL_REQUIRED", f"needs a supervisor's approval: {judgement.reason}.", asks
    )


def _keep(work: Work, row: Incidence, ask: Ask, judgement: Judgement, me: str) -> None:
    work.add(
        AgentAction(
            incidence_id=row.id,
            member_id=me,
            action=ask.action,
            decision=judgement.decision,
            rule=judgement.rule,
            rule_version=judgement.version,
            facts=dict(ask.facts),
            at=work.now,
        )
    )


def _refuse(
    work: Work, row: Incidence, ask: Ask, judgement: Judgement, code: str, words: str, details: dict[str, Any]
) -> State:
    said = {"action": ask.action, "params": ask.params.as_json(), "decision": judgement.decision, **judgement.told}
    if details:
        said["approvalId"] = details["approvalId"]
    work.emit(events.ActionDenied(subject_id=row.id, incidence_id=row.id, customer_id=row.customer_id, data=said))
    message = f"{title_of(ask.action).capitalize()} {words}"
    return {REFUSED: {"code": code, "message": message, "details": {**judgement.told, **details}}}


def record_denied(work: Work, id: str, ask: Ask, judgement: Judgement) -> None:
    """Put a try on record that was denied elsewhere, where nothing of it could stay."""
    row = incidence_of(work, id)
    _keep(work, row, ask, judgement, require_staff(work))
    _refuse(work, row, ask, judgement, "", "", {})


def answered(answer: State) -> State:
    """`answer`, unless it is a refusal: that is raised as Forbidden, after the commit that recorded it."""
    if refusal := answer.get(REFUSED):
        raise Forbidden(refusal["message"], code=refusal["code"], **refusal["details"])
    return answer
