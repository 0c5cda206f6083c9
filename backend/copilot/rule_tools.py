"""Explaining rules: what one says, and which ones made a case what it is."""

from typing import Annotated

from pydantic import Field

from backend.copilot.desk_tools import Ref
from backend.copilot.similar import words_of
from backend.copilot.tool import TOOLS, Arguments, Told
from backend.copilot.wording import bullets, literal
from backend.incidences import why
from backend.incidences.service import incidence_of
from backend.rules import service as rules
from backend.rules.service import KINDS
from backend.work import Work

_MOST = 12


class Explained(Arguments):
    """A rule set, words of the rule in it, or a case whose rules are to be explained."""

    rule_set: Annotated[
        str, Field(max_length=40, description=f"One of {', '.join(KINDS.names)}; empty with a case.")
    ] = ""
    words: Annotated[str, Field(max_length=200, description="Words of the rule; empty for all of them.")] = ""
    incidence: Ref | None = None


@TOOLS.add(("GET", "/api/rules/{kind}"), Explained)
def explain_rule(work: Work, asked: Explained) -> Told:
    """Say in plain words what the rules in force are (routing, escalation, friction, risk, cx, readiness, sla and so on), or
    why a case is where it is: who routed it there, its priority, deadline and owner."""
    if asked.incidence is not None:
        row = incidence_of(work, asked.incidence)
        found = why.why(work, row.id)
        text = f"Why **{found['ref']}** is where it is:\n\n{bullets(literal(line) for line in found['lines'])}"
        return Told({"ref": found["ref"], "lines": found["lines"]}, text, frozenset({row.customer_id}))
    if not asked.rule_set:
        sets = [
            {"ruleSet": one["kind"], "label": one["label"], "version": one["version"]} for one in rules.list_sets(work)
        ]
        return Told(
            {"ruleSets": sets}, "Rule sets:\n\n" + bullets(f"{one['label']} (`{one['ruleSet']}`)" for one in sets)
        )
    found = rules.read(work, asked.rule_set)
    wanted = set(words_of(asked.words))
    scored = [(len(wanted & set(words_of(line))), -place, line) for place, line in enumerate(found["words"])]
    fitting = sorted((one for one in scored if one[0] or not wanted), reverse=True) or scored
    lines = [line for _, _, line in fitting[:_MOST]]
    text = f"{found['label']}, version {found['version']}:\n\n{bullets(literal(line) for line in lines)}"
    data = {"ruleSet": found["kind"], "label": found["label"], "version": found["version"], "rules": lines}
    return Told(data | {"settings": found["settings"]}, text)
