"""Approvals in words, and what is done about them: shared by the workspace and by the board of escalations.

Rows are ApprovalRead data as the mirror has them (`store.approvals`, what is pending only). A screen draws `title_of`,
`lines_of` and `until_of`, binds its yes and no to `decide`, and listens to the topic `approval`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from console.desk import ages
from widgets.paint import Cell
from widgets.plain import plain
from widgets.prompt import Confirm

if TYPE_CHECKING:
    from backend.agent.schemas import ApprovalRead
    from backend.client import Client
    from console.app import ConsoleApp
    from console.store import Update

Row = Mapping[str, Any]
APPROVE, DENY = "approve", "deny"
NEAR_SECONDS = 120
"""An end that is nearer than this is shown as urgent."""
_DECIDED = {
    "USED": "approved",
    "APPROVED": "approved, but it was not done:",
    "DENIED": "denied",
    "EXPIRED": "not decided in time:",
    "WITHDRAWN": "withdrawn:",
}


def ordered(rows: Iterable[Row]) -> list[Row]:
    """What is pending, what ends first on top."""
    return sorted(
        (row for row in rows if row["status"] == "PENDING"), key=lambda row: (row["expiresAt"], row["approvalId"])
    )


def action_of(name: str) -> str:
    """`APPLY_DISCOUNT` as `apply discount`."""
    return name.replace("_", " ").lower()


def title_of(row: Row) -> str:
    """`INC-1042 Priya Raman · apply discount`."""
    return f"{row['ref']} {row['customerName']} · {action_of(row['action'])}"


def until_of(row: Row, now: datetime) -> tuple[str, str]:
    """How long is left to decide it, and the role that is drawn with."""
    left = (ages.parsed(row["expiresAt"]) - now).total_seconds()
    said = "is over" if left <= 0 else f"{ages.span(left)} left"
    return said, "sla-soon" if left <= NEAR_SECONDS else "muted"


def lines_of(row: Row) -> list[Cell]:
    """What it does, what has changed in the case since, why it needs somebody, and who asks."""
    lines: list[Cell] = [[("+ ", "ok"), (line, "bold")] for line in row["diff"]]
    lines += [[("△ since then ", "warning"), (line, "warning")] for line in row["changes"]]
    lines.append([("why  ", "muted"), (f"{row['reason']}  (rule {row['rule']} v{row['ruleVersion']})", "muted")])
    lines.append([("asks ", "muted"), (row["requestedByName"], "agent")])
    return lines


def refusal_of(row: Row, role: str, member_id: str) -> str:
    """Why one cannot decide it; empty when one can."""
    if row["requestedBy"] == member_id:
        return "Who asks for an approval cannot decide it."
    return "" if role != "agent" else "Approvals are for the role supervisor and above."


def question(row: Row, verb: str, now: datetime) -> Confirm:
    """Yes or no about one, with the case, the action and what it comes to; No is the answer of enter."""
    target: list[tuple[str, Cell]] = [
        ("Case", f"{row['ref']} {row['customerName']}"),
        ("Action", [(action_of(row["action"]), "bold")]),
        ("Time", [until_of(row, now)]),
    ]
    doing = "Approve" if verb == APPROVE else "Deny"
    role = "danger" if verb == APPROVE else "warning"
    return Confirm(f"{doing}?", target, lines=lines_of(row), yes=doing, role=role)


def decide(console: ConsoleApp, row: Row, verb: str, note: str = "") -> None:
    """Ask, then approve or deny as it was shown. When the case has changed meanwhile, show that and ask again."""

    def answered(is_yes: bool | None) -> None:
        if is_yes:
            console.calls.start(f"{verb} {row['ref']}", lambda: _call(console.api, row, verb, note), done=done)

    def done(answer: ApprovalRead | Row) -> None:
        if isinstance(answer, Mapping):  # it is not as it was shown
            console.store.upsert("approval", answer["approvalId"], dict(answer))
            console.say(f"{row['ref']} has changed since it was asked for: look, then decide.", "warning")
            decide(console, answer, verb, note)
            return
        state = answer.model_dump(mode="json", by_alias=True)
        console.store.upsert("approval", state["approvalId"], state)
        console.say(told_of(state), "warning" if state["failure"] else "information")

    console.push_screen(question(row, verb, console.now()), answered)


async def _call(api: Client, row: Row, verb: str, note: str) -> ApprovalRead | Row:
    """The approval after it; or, as plain data, as it is now when it is not as it was shown."""
    from backend.agent.schemas import ApprovalDecision
    from backend.client import ApiError

    seen = row["incidenceVersionNow"]
    body = ApprovalDecision(version=row["version"], incidence_version=seen, note=note or None)
    try:
        return await (api.approvals.approve if verb == APPROVE else api.approvals.deny)(row["approvalId"], body)
    except ApiError as error:
        current = error.details.get("current")
        if error.code == "STALE_VERSION" and isinstance(current, dict):
            return current
        raise


def told_of(row: Row) -> str:
    """What became of it, in a sentence: `INC-7, discount 15 % of 31,000 = 4,650: approved by Kavya`."""
    what = "; ".join(row["diff"][:1]) or action_of(row["action"])
    by = f" by {row['decidedByName']}" if row["decidedByName"] and row["status"] in ("USED", "DENIED") else ""
    why = f" {row['failure']}" if row["failure"] else ""
    note = f" “{row['note']}”" if row["note"] else ""
    return plain(f"{row['ref']}, {what}: {_DECIDED.get(row['status'], 'pending')}{by}{why}{note}")


def watch(console: ConsoleApp) -> None:
    """Tell whoever asked, wherever they are, what became of it."""
    store = console.store

    def told(update: Update) -> None:
        row = update.row
        if row is None or update.frame is None or row["status"] == "PENDING" or row["requestedBy"] != store.member_id:
            return
        console.say(told_of(row), "information" if row["status"] == "USED" else "warning")

    store.listen("approval", told)
