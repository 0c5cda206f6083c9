"""A whole rule set for a person: each rule in plain words, and what an author should know before publishing."""

from backend.rules.documents import Rule, RuleSetDocument
from backend.rules.facts import Catalogue, Fact
from backend.rules.gaps import Finding, find_gaps, numeric_facts_of
from backend.rules.kinds import Kind
from backend.rules.tracing import cleaned
from backend.rules.wording import describe


def words_of(kind: Kind, document: RuleSetDocument) -> list[str]:
    """Each rule of `document` (fit to run) as one sentence, in its order."""
    return [_sentence(kind, rule) for rule in document.rules]


def _sentence(kind: Kind, rule: Rule) -> str:
    condition = describe(rule.when, kind.catalogue)
    when = condition if condition == "always" else f"when {condition}"
    switched_off = "" if rule.enabled else " (switched off)"
    return f"{cleaned(rule.label)}: {when} → {kind.say(rule.then)}{switched_off}"


def warnings_of(kind: Kind, document: RuleSetDocument) -> list[str]:
    """Gaps, overlaps and rules that can never hold, of every first-match group of `document` (fit to run), in words."""
    groups = [name for name, strategy in document.groups.items() if strategy == "first"]
    found = [warning for group in groups for warning in _warnings(document, group, kind.catalogue)]
    return list(dict.fromkeys(found))  # a rule that can never hold is found along every fact


def _warnings(document: RuleSetDocument, group: str, catalogue: Catalogue) -> list[str]:
    compared = numeric_facts_of(document, group, catalogue)
    if not compared:
        # Along a number that no rule compares, a gap means that nothing holds for sure, whatever the facts.
        compared = [fact for fact in catalogue if fact.is_numeric][:1]
        findings = [finding for fact in compared for finding in find_gaps(document, group, fact.name, catalogue)]
        gap = ["Gap: for some facts no rule holds. A last rule that always holds would close it."]
        is_open = any(finding.kind == "gap" for finding in findings)
        return gap * is_open + [_said(finding) for finding in findings if finding.kind != "gap"]
    return [warning for fact in compared for warning in _along(document, group, fact, catalogue)]


def _along(document: RuleSetDocument, group: str, fact: Fact, catalogue: Catalogue) -> list[str]:
    try:
        return [_said(finding) for finding in find_gaps(document, group, fact.name, catalogue)]
    except ValueError:
        return [f"Not looked for gaps along {fact.label}: the rules name too many different values of it."]


def _said(finding: Finding) -> str:
    if finding.kind == "gap":
        return f"Gap: no rule holds for certain when {finding.text}."
    if finding.kind == "overlap":
        first, second = finding.rules
        return f"Overlap: {first} and {second} both hold when {finding.text}; {first} comes first and decides."
    return f"Never: {finding.text}, because rules before it always are."
