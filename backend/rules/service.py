"""Rule sets of a business: which version is in force, its history, and publishing another."""

from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, select

from backend.core.clock import instant
from backend.core.errors import Invalid, NotFound, StaleVersion
from backend.core.rows import table_of
from backend.core.text import clean_json, clean_line
from backend.events import log
from backend.rules.documents import RuleSetDocument
from backend.rules.engine import Compiled
from backend.rules.events import RulesPublished
from backend.rules.kinds import Kind, Kinds
from backend.rules.models import RuleSetVersion
from backend.rules.problems import InvalidRules
from backend.rules.shipped import ORDERING_KINDS
from backend.work import Work

KINDS = Kinds(ORDERING_KINDS)
SHIPPED_VERSION = 1


def kind_of(name: str) -> Kind:
    """The kind called `name`; NotFound otherwise."""
    kind = KINDS.get(name)
    if kind is None:
        raise NotFound(f"There is no rule set {name!r}; there are {', '.join(KINDS.names)}.", kind=name)
    return kind


@lru_cache(maxsize=64)
def _shipped(kind: str) -> Compiled:
    return KINDS[kind].compile(KINDS[kind].shipped, SHIPPED_VERSION)


_VERSIONS = table_of(RuleSetVersion).c
_NEWEST = (
    select(_VERSIONS.id, _VERSIONS.version)
    .where(_VERSIONS.business_id == bindparam("business"), _VERSIONS.kind == bindparam("kind"))
    .order_by(_VERSIONS.version.desc())
    .limit(1)
)
_COMPILED_AT_MOST = 256
_compiled: dict[str, Compiled] = {}  # by version id: a version never changes


def current(work: Work, kind: str) -> Compiled:
    """The rules of `kind` in force at this business, ready to evaluate."""
    found = work.session.connection().execute(_NEWEST, {"business": work.business_id, "kind": kind}).first()
    if found is None:
        return _shipped(kind)
    compiled = _compiled.get(found.id)
    if compiled is None:
        row = work.session.get_one(RuleSetVersion, found.id)
        compiled = KINDS[kind].compile(RuleSetDocument.model_validate(row.document), row.version)
        if len(_compiled) >= _COMPILED_AT_MOST:
            _compiled.clear()
        _compiled[found.id] = compiled
    return compiled


def read(work: Work, name: str) -> dict[str, Any]:
    """The rule set in force as it goes over the wire: kind, label, version, groups, settings, rules, facts."""
    kind = kind_of(name)
    compiled = current(work, name)
    facts = [
        {"name": fact.name, "type": fact.type, "label": fact.label, "choices": list(fact.choices), "doc": fact.doc}
        for fact in kind.catalogue
    ]
    document = compiled.document.model_dump(mode="json", by_alias=True)
    return {"label": kind.label, "version": compiled.version, **document, "facts": facts}


def list_sets(work: Work) -> list[dict[str, Any]]:
    """Every rule set: kind, label, version, and how many rules it has."""
    sets = [current(work, name) for name in KINDS.names]
    return [
        {"kind": one.kind, "label": KINDS[one.kind].label, "version": one.version, "rules": len(one.document.rules)}
        for one in sets
    ]


def versions(work: Work, name: str) -> list[dict[str, Any]]:
    """What was published, newest first; the shipped document is the oldest."""
    kind_of(name)
    query = select(RuleSetVersion).where(RuleSetVersion.kind == name).order_by(RuleSetVersion.version.desc())
    published = [
        {
            "version": row.version,
            "reason": row.reason,
            "publishedBy": row.published_by,
            "publishedAt": instant(row.published_at),
        }
        for row in work.session.scalars(query)
    ]
    return [*published, {"version": SHIPPED_VERSION, "reason": "as shipped", "publishedBy": None, "publishedAt": None}]


def replace(work: Work, name: str, body: dict[str, Any]) -> dict[str, Any]:
    """Publish `body` (version seen, settings?, rules?, reason?) as the next version and answer it.

    Invalid with every problem when it cannot run; StaleVersion when somebody published meanwhile.
    """
    kind = kind_of(name)
    log.head(work.session, work.business_id)  # of two who publish at once, the second sees what the first one did
    before = current(work, name)
    if body.get("version") != before.version:
        raise StaleVersion(
            f"The {kind.label.lower()} rules are at version {before.version}; send that as `version`.",
            current=read(work, name),
            since=versions(work, name),
        )
    raw = before.document.model_dump(mode="json", by_alias=True)
    raw |= {part: clean_json(body[part]) for part in ("settings", "rules") if part in body}
    try:
        document = kind.read(raw)
    except InvalidRules as error:
        problems = [
            {"field": problem.path, "reason": problem.message, "hint": problem.hint} for problem in error.problems
        ]
        first = problems[0]
        raise Invalid(f"{first['field']}: {first['reason']}", field=first["field"], problems=problems) from error
    row = work.add(
        RuleSetVersion(
            kind=name,
            version=before.version + 1,
            document=document.model_dump(mode="json", by_alias=True),
            reason=clean_line(str(body.get("reason") or "changed"))[:200],
            published_by=work.actor.id,
            published_at=work.now,
        )
    )
    state = read(work, name)
    change = {"kind": name, "version": [before.version, row.version], "reason": row.reason}
    work.emit(RulesPublished(subject_id=name, state=state, data=change))
    return state
