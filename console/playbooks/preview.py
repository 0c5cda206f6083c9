"""What stands beside the tables: a playbook with how each step does, or an execution with its log."""

from datetime import datetime

from console.desk import ages
from console.playbooks import words
from console.playbooks.words import Row
from console.retention.preview import Shown
from widgets.paint import Cell


def of_playbook(row: Row, whole: Row | None, now: datetime) -> Shown:
    """A playbook. `whole` has its steps in words and their numbers, and is None while it is on its way."""
    figures = row["figures"]
    pairs: list[tuple[str, Cell]] = []
    if row["description"]:
        pairs.append(("for", [(row["description"], "note")]))
    if whole is not None:
        pairs.append(("starts", [(whole["triggerWords"], "" if row["isAutomatic"] else "muted")]))
        pairs.append(("goal", [(whole["goalWords"], "")]))
    pairs.append(
        (
            f"{figures['days']} days",
            [
                (f"{figures['started']} started", ""),
                (f" · {figures['open']} open · {figures['completed']} done", "muted"),
                (f" · {figures['failed']} failed", "danger" if figures["failed"] else "muted"),
                (f" · {figures['cancelled']} cancelled", "muted"),
            ],
        )
    )
    pairs.append(("success", [*words.rate(figures), (f"  {figures['definition']}", "muted")]))
    lines: list[Cell] = ["", [("Steps", "accent bold"), ("  reached · done · median time", "muted")]]
    lines += [[("Reading …", "muted")]] if whole is None else _steps(whole, now)
    made = "as shipped" if row["isShipped"] else f"changed {ages.NOTHING}"
    if row["updatedAt"]:
        made = f"changed {ages.local(row['updatedAt'], now)}"
    return Shown(row["name"], pairs, lines, f"document {row['number']} · {made}")


def _steps(whole: Row, now: datetime) -> list[Cell]:
    counted = {one["stepId"]: one for one in whole["stepFigures"]}
    lines: list[Cell] = []
    for place, step in enumerate(whole["steps"], 1):
        one, indent = counted[step["stepId"]], "  " * step["depth"]
        lines.append([(f"{indent}{place:>2} ", "muted"), (ages.retold(step["words"], now), "")])
        if one["reached"]:
            failed = f" · {one['failed']} failed" if one["failed"] else ""
            skipped = f" · {one['skipped']} skipped" if one["skipped"] else ""
            waiting = f" · {one['waiting']} wait" if one["waiting"] else ""
            said = f"{one['reached']} · {one['done']}{skipped}{waiting} · {words.took(one['medianSeconds'])}"
            lines.append([(f"{indent}   {said}", "muted"), (failed, "danger")])
    return lines


def of_execution(row: Row, whole: Row | None, now: datetime) -> Shown:
    """An execution. `whole` has its log, and is None while it is on its way."""
    pairs: list[tuple[str, Cell]] = [
        ("customer", [(words.customer(row), "customer"), (f"  {row['userId']}", "muted")]),
        ("playbook", [(row["playbookName"], ""), (f"  document {row['number']}", "muted")]),
        ("stands", [*words.standing(row, now)]),
        ("why", [(row["why"] or ages.NOTHING, "")]),
    ]
    if row["nextAt"] is not None:
        pairs.append(("next", [(ages.local(row["nextAt"], now), "accent")]))
    if row["isSuccess"] is not None:
        pairs.append(("goal", words.success(row)))
    lines: list[Cell] = [""]
    if whole is None:
        lines.append([("Reading the log …", "muted")])
    else:
        lines += _log(whole, now)
    return Shown(f"{row['playbookName']} · {words.customer(row)}", pairs, lines, f"version {row['version']}")


def _log(whole: Row, now: datetime) -> list[Cell]:
    """Every step: what it did and when, what comes, and what is passed by."""
    done = {one["stepId"]: one for one in whole["log"]}
    lines: list[Cell] = []
    for step in whole["steps"]:
        one, indent, said = done.get(step["stepId"]), "  " * step["depth"], ages.retold(step["words"], now)
        if one is None:
            is_next = step["stepId"] == whole["stepId"]
            sign, role = ("▸", "info") if is_next else ("·", "muted")
            lines.append([(f"{indent}{sign} ", role), (said, "" if is_next else "muted")])
            continue
        sign, role = words.STATES.get(one["state"], ("?", "warning"))
        again = f"  (try {one['attempts']})" if one["attempts"] > 1 else ""
        at = ages.local(one["doneAt"] or one["startedAt"], now)
        lines.append([(f"{indent}{sign} ", role), (said, ""), (f"  {at}{again}", "muted")])
        if one["error"] or one["told"]:
            became = ages.retold(one["error"] or one["told"], now)
            lines.append([(f"{indent}    {became}", role if one["state"] == "FAILED" else "muted")])
    return lines
