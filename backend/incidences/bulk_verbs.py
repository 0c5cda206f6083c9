"""The verbs that can be done to many cases: whether one can be done to a case as it is, in words, and doing it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from backend.core.errors import Conflict
from backend.incidences import events, guards, labels, owners, watching
from backend.incidences.models import Incidence
from backend.incidences.schemas import LabelsChange
from backend.incidences.service import apply, record
from backend.work import Work

Args = Mapping[str, Any]
"""BulkArgs as Python values, by their names in Python."""


class Refusal(NamedTuple):
    """Why a verb leaves a case alone: a code to count by, and a sentence."""

    code: str
    why: str


_SAME = "ALREADY_SO"


def refusal(row: Any, agent_name: str | None, verb: str, args: Args, me: str) -> Refusal | None:
    """Why `verb` cannot be done to a case, or would change nothing; `row` has the columns of `CHOSEN`."""
    is_closed = row.status == "CLOSED"
    match verb:
        case "reopen":
            return None if is_closed else Refusal(_SAME, "it is not closed")
        case "label":
            after = {*row.labels, *args["add"]} - {*args["remove"]}
            if after == set(row.labels):
                return Refusal(_SAME, "its labels are so already")
            return (
                Refusal("TOO_MANY_LABELS", "it would have too many labels")
                if len(after) > max(labels.MOST, len(row.labels))
                else None
            )
        case "watch" | "unwatch":
            is_watched = me in row.watcher_ids
            return Refusal(_SAME, f"you {'' if is_watched else 'do not '}watch it") if is_watched == (verb == "watch") else None  # fmt: skip
    if is_closed:
        return (
            Refusal(_SAME, "it is closed already") if verb == "close" else Refusal("INCIDENCE_CLOSED", "it is closed")
        )
    match verb:
        case "take" if row.agent_id is not None:
            mine = row.agent_id == me
            return Refusal(_SAME, "it is yours already") if mine else Refusal("ALREADY_TAKEN", f"{agent_name or 'somebody'} has it")  # fmt: skip
        case "assign" if row.agent_id == args["agent_id"]:
            return Refusal(_SAME, f"{agent_name} has it already" if row.agent_id else "nobody has it")
        case "status" | "priority" if getattr(row, verb) == args[verb]:
            return Refusal(_SAME, f"its {verb} is {str(args[verb]).lower()} already")
    return None


def do(work: Work, row: Incidence, verb: str, args: Args, bulk_id: str) -> None:
    """Do it, as one event that says of which bulk it is a part. Failure, before anything is changed, when it cannot be."""
    match verb:
        case "take":
            over = owners.over_capacity(work, str(work.actor.id))
            row.agent_id = work.actor.id
            record(work, row, events.IncidenceTaken, {"agentId": [None, work.actor.id], "bulk": bulk_id} | over)
        case "label":
            change = LabelsChange(add=args["add"], remove=args["remove"])
            labels.put(work, row, change.add, change.remove, bulk=bulk_id)
        case "watch":
            watching.set_watching(work, row, True, bulk=bulk_id)
        case "unwatch":
            watching.set_watching(work, row, False, bulk=bulk_id)
        case _:
            wanted = _wanted(verb, args)
            guards.ask(work, row, wanted)
            apply(work, row, wanted, bulk=bulk_id)


def _wanted(verb: str, args: Args) -> dict[str, Any]:
    match verb:
        case "snooze":
            return {"status": "SNOOZED", "snoozed_until": args["snoozed_until"]}
        case "close":
            category = {"issue_category": args["issue_category"]} if args.get("issue_category") else {}
            return {"outcome": args["outcome"]} | category
        case "reopen":
            return {"status": "OPEN"}
        case "assign":
            return {"agent_id": args["agent_id"]}
        case "status" | "priority":
            return {verb: args[verb]}
    raise Conflict(f"There is no verb {verb!r} for many.")  # pragma: no cover - the wire knows the verbs
