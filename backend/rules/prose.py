"""A whole rule set for a person: each rule in plain words, and what an author should know before publishing."""

from collections.abc import Iterable
from typing import Any

from backend.rules.documents import Rule, RuleSetDocument
from backend.rules.facts import Catalogue, Fact
from backend.rules.gaps import Finding, find_gaps, numeric_facts_of
from backend.rules.kinds import Kind
from backend.rules.tracing import cleaned
from backend.rules.wording import describe

MOST_FINDINGS = 50
"""Two hundred bands at random overlap six thousand times; nobody reads that, and it goes out with every event."""


def words_of(kind: Kind, document: RuleSetDocument) -> list[str]:
    """Each rule of `document` (fit to run) as one sentence, in its order."""
    return [sentence(kind, rule) for rule in document.rules]


def sentence(kind: Kind, rule: Rule) -> str:
    """One rule of `kind` in words. Raises InvalidRules when its condition cannot run."""
    condition = describe(rule.when, kind.catalogue)
    when = condition if condition == "always" else f"when {condition}"
    switched_off = "" if rule.enabled else " (switched off)"
    return f"{cleaned(rule.label)}: {when} → {kind.say(rule.then)}{switched_off}"


def warnings_of(kind: Kind, document: RuleSetDocument) -> list[str]:
    """`findings_of` in words."""
    return in_words(findings_of(kind, document))


def in_words(findings: Iterable[dict[str, Any]]) -> list[str]:
    """The texts of findings."""
    return [finding["text"] for finding in findings]


def findings_of(kind: Kind, document: RuleSetDocument) -> list[dict[str, Any]]:
    """Gaps, overlaps and rules that can never hold, of every first-match group of `document` (fit to run): {kind,
    group, rules, text}. `kind` is gap, overlap, unreachable or unknown (too much to look at); `rules` are ids."""
    groups = [name for name, strategy in document.groups.items() if strategy == "first"]
    found = [finding for group in groups for finding in _findings(document, group, kind.catalogue)]
    told = list({finding["text"]: finding for finding in found}.values())  # what never holds is found along every fact
    if len(told) > MOST_FINDINGS:
        more = f"And {len(told) - MOST_FINDINGS:,} more gaps and overlaps."
        told = [*told[:MOST_FINDINGS], _told("unknown", told[MOST_FINDINGS]["group"], (), more)]
    return told


def _findings(document: RuleSetDocument, group: str, catalogue: Catalogue) -> list[dict[str, Any]]:
    compared = numeric_facts_of(document, group, catalogue)
    if compared:
        return [finding for fact in compared for finding in _along(document, group, fact, catalogue)]
    # Along a number that no rule compares, a gap means that nothing holds for sure, whatever the facts.
    anything = [fact for fact in catalogue if fact.is_numeric][:1]
    findings = [finding for fact in anything for finding in find_gaps(document, group, fact.name, catalogue)]
    text = "Gap: for some facts no rule holds. A last rule that always holds would close it."
    gap = [_told("gap", group, (), text)] * any(finding.kind == "gap" for finding in findings)
    return gap + [_found(group, finding) for finding in findings if finding.kind != "gap"]


def _along(document: RuleSetDocument, group: str, fact: Fact, catalogue: Catalogue) -> list[dict[str, Any]]:
    try:
        return [_found(group, finding) for finding in find_gaps(document, group, fact.name, catalogue)]
    except ValueError:
        text = f"Not looked for gaps along {fact.label}: the rules name too many different values of it."
        return [_told("unknown", group, (), text)]


def _found(group: str, finding: Finding) -> dict[str, Any]:
    return _told(finding.kind, group, finding.rules, _said(finding))


def _told(kind: str, group: str, rules: Iterable[str], text: str) -> dict[str, Any]:
    return {"kind": kind, "group": group, "rules": list(rules), "text": text}


def _said(finding: Finding) -> str:
    if finding.kind == "gap":
        return f"Gap: no rule holds for certain when {finding.text}."
    if finding.kind == "overlap":
        first, second = finding.rules
        return f"Overlap: {first} and {second} both hold when {finding.text}; {first} comes first and decides."
    return f"Never: {finding.text}, because rules before it always are."
