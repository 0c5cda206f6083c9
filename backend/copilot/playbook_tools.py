"""Explaining playbooks: what one does, for whom it starts, and how it did."""

from typing import Annotated

from pydantic import Field

from backend.copilot.tool import TOOLS, Arguments, Told
from backend.copilot.wording import bullets, literal, share
from backend.playbooks import service as playbooks
from backend.work import Work


class OnePlaybook(Arguments):
    playbook: Annotated[str, Field(max_length=200, description="Its name or id; empty for all of them.")] = ""


@TOOLS.add(("GET", "/api/playbooks/{playbook_id}"), OnePlaybook)
def explain_playbook(work: Work, asked: OnePlaybook) -> Told:
    """Say in plain words what a playbook does to a customer step by step, what starts it, what it is for, and how it did
    lately; or which playbooks there are."""
    if not asked.playbook.strip():
        rows = playbooks.list_playbooks(work)["items"]
        lines = [f"**{literal(one['name'])}**: {literal(one['description'])}" for one in rows]
        data = [{key: one[key] for key in ("playbookId", "name", "description", "status")} for one in rows]
        return Told({"playbooks": data}, f"Playbooks:\n\n{bullets(lines)}")
    found = playbooks.show(work, asked.playbook)
    figures = found["figures"]
    lines = [f"starts: {literal(found['triggerWords'])}", f"for: {literal(found['goalWords'])}"]
    lines += [f"{'  ' * one['depth']}{place}. {literal(one['words'])}" for place, one in enumerate(found["steps"], 1)]
    done = f"{figures['started']} begun in the last {figures['days']} days, {figures['open']} of them go on"
    lines.append(f"{done}; success {share(figures['successRate'])} ({literal(figures['definition'])})")
    keep = (
        "playbookId",
        "name",
        "description",
        "status",
        "isAutomatic",
        "triggerWords",
        "goalWords",
        "steps",
        "figures",
    )
    text = f"**{literal(found['name'])}**: {literal(found['description'])}\n\n{bullets(lines)}"
    return Told({key: found[key] for key in keep}, text)
