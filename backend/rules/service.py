"""Rule sets of a business: which version is in force, its history, and publishing another."""

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import CompoundSelect, bindparam, select, union_all

from backend.core.clock import instant
from backend.core.errors import Invalid, NotFound, StaleVersion, Unprocessable
from backend.core.rows import table_of
from backend.core.text import clean_json_lines, clean_line
from backend.events import log
from backend.rules.comparing import changes_between
from backend.rules.documents import RuleSetDocument
from backend.rules.engine import Compiled
from backend.rules.events import RulesPublished
from backend.rules.kinds import Kind, Kinds
from backend.rules.models import RuleSetVersion
from backend.rules.problems import InvalidRules, Problem
from backend.rules.prose import findings_of, in_words, words_of
from backend.rules.schemas import Publish, Rollback
from backend.rules.shipped import ORDERING_KINDS
from backend.work import Work

KINDS = Kinds(ORDERING_KINDS)
SHIPPED_VERSION = 1
_DEEPEST = 32
"""Twice the deepest condition, each level of which is an object and a list, is out of reach of anything that can run."""
_MOST_PARTS = 20_000
"""Values in a part of a draft, objects and lists among them: a hundred for each of the most rules there can be."""


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
_OF_KIND = select(_VERSIONS.kind, _VERSIONS.id).where(_VERSIONS.business_id == bindparam("business"))


@lru_cache(maxsize=8)
def _newest_of(count: int) -> CompoundSelect[Any]:
    newest = _VERSIONS.version.desc()
    asked = (_OF_KIND.where(_VERSIONS.kind == bindparam(f"kind_{number}")) for number in range(count))
    return union_all(*(select(of_kind.order_by(newest).limit(1).subquery()) for of_kind in asked))


_COMPILED_AT_MOST = 256
_compiled: dict[str, Compiled] = {}  # by version id: a version never changes


def current(work: Work, kind: str) -> Compiled:
    """The rules of `kind` in force at this business, ready to evaluate; looked up once a unit."""
    return current_of(work, kind)[0]


def current_of(work: Work, *kinds: str) -> list[Compiled]:
    """The rules in force of some kinds. One select looks up those that this unit has not asked for yet."""
    info, business = work.session.info, work.business_id
    unknown = [kind for kind in kinds if ("rules", business, kind) not in info]
    if unknown:
        asked = {"business": business, **{f"kind_{number}": kind for number, kind in enumerate(unknown)}}
        ids = {found.kind: found.id for found in work.session.connection().execute(_newest_of(len(unknown)), asked)}
        for kind in unknown:
            info["rules", business, kind] = _published(work, kind, ids[kind]) if kind in ids else _shipped(kind)
    return [info["rules", business, kind] for kind in kinds]


def _look_up_again(work: Work, kind: str) -> None:
    work.session.info.pop(("rules", work.business_id, kind), None)


def _published(work: Work, kind: str, version_id: str) -> Compiled:
    compiled = _compiled.get(version_id)
    if compiled is None:
        row = work.session.get_one(RuleSetVersion, version_id)
        compiled = KINDS[kind].compile(KINDS[kind].kept(row.document), row.version)
        if len(_compiled) >= _COMPILED_AT_MOST:
            _compiled.clear()
        _compiled[version_id] = compiled
    return compiled


def read(work: Work, name: str) -> dict[str, Any]:
    """The rule set in force as it goes over the wire: kind, label, version, groups, settings, rules, facts,
    words (each rule as a sentence, in the order of the rules), findings (gaps and overlaps) and warnings (those in
    words)."""
    return shown(kind_of(name), current(work, name))


def read_version(work: Work, name: str, version: int) -> dict[str, Any]:
    """A version of old in the shape of `read`, with who published it, when and why. NotFound when there is none."""
    kind = kind_of(name)
    found = next((one for one in versions(work, name) if one["version"] == version), None)
    if found is None:
        raise _no_version(kind, version)
    return shown(kind, compiled_version(work, name, version)) | found


def compiled_version(work: Work, name: str, version: int) -> Compiled:
    """The rules of a version, ready to evaluate. NotFound when there never was one."""
    if version == SHIPPED_VERSION:
        return _shipped(name)
    query = select(RuleSetVersion.id).where(RuleSetVersion.kind == name, RuleSetVersion.version == version)
    found = work.session.scalars(query).one_or_none()
    if found is None:
        raise _no_version(kind_of(name), version)
    return _published(work, name, found)


def diff(work: Work, name: str, before: int, after: int) -> dict[str, Any]:
    """What version `after` has other than version `before`, in words. NotFound when one of them never was."""
    kind, versions = kind_of(name), [compiled_version(work, name, version) for version in (before, after)]
    changes = changes_between(kind, *(compiled.document for compiled in versions))
    return {"kind": name, "before": before, "after": after, "changes": changes}


def shown(kind: Kind, compiled: Compiled) -> dict[str, Any]:
    """A version of a rule set as it goes over the wire."""
    facts = [
        {"name": fact.name, "type": fact.type, "label": fact.label, "choices": list(fact.choices), "doc": fact.doc}
        for fact in kind.catalogue
    ]
    document = compiled.document.model_dump(mode="json", by_alias=True)
    words, findings = _told(compiled)
    said = {"words": list(words), "findings": list(findings), "warnings": in_words(findings)}
    return {"label": kind.label, "version": compiled.version, **document, "facts": facts, **said}


@lru_cache(maxsize=64)
def _told(compiled: Compiled) -> tuple[list[str], list[dict[str, Any]]]:
    kind = KINDS[compiled.kind]
    return words_of(kind, compiled.document), findings_of(kind, compiled.document)


def list_sets(work: Work) -> list[dict[str, Any]]:
    """Every rule set: kind, label, version and who published it when and why, how many rules and warnings it has."""
    return [
        {
            **versions(work, one.kind)[0],
            "kind": one.kind,
            "label": KINDS[one.kind].label,
            "rules": len(one.document.rules),
            "warnings": len(_told(one)[1]),
        }
        for one in (current(work, name) for name in KINDS.names)
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


def drafted(kind: Kind, before: Compiled, body: dict[str, Any]) -> RuleSetDocument:
    """The document of `before` with the settings and rules of `body`. Invalid with every problem when it cannot run."""
    try:
        return kind.read(raw_draft(before, body))
    except InvalidRules as error:
        problems = told(error.problems)
        first = problems[0]
        raise Invalid(f"{first['field']}: {first['reason']}", field=first["field"], problems=problems) from error


def raw_draft(before: Compiled, body: dict[str, Any]) -> dict[str, Any]:
    """The document of `before` with the settings and rules of `body`, cleaned, and not looked at any further.

    Invalid when a part is nested too deep or holds too much for anything that could run.
    """
    raw = before.document.model_dump(mode="json", by_alias=True)
    return raw | {part: _clean(body[part], part) for part in ("settings", "rules") if part in body}


def told(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    """Problems as they go over the wire."""
    return [{"field": problem.path, "reason": problem.message, "hint": problem.hint} for problem in problems]


def _clean(value: Any, field: str) -> Any:
    layer, depth, parts = [value], 0, 0
    while layer := [part for whole in layer for part in _parts(whole)]:
        depth, parts = depth + 1, parts + len(layer)
        if depth > _DEEPEST:
            raise Invalid(f"{field}: nested deeper than {_DEEPEST} levels", field=field)
        if parts > _MOST_PARTS:
            raise Invalid(f"{field}: holds more than {_MOST_PARTS:,} values", field=field)
    return clean_json_lines(value)


def _parts(value: Any) -> Collection[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def replace(work: Work, name: str, body: dict[str, Any], *, restores: int | None = None) -> dict[str, Any]:
    """Publish `body` (version seen, settings?, rules?, reason?) as the next version and answer it.

    Invalid with every problem when it cannot run; StaleVersion when somebody published meanwhile. `restores` is the
    version whose document this is, when it is one of old.
    """
    kind = kind_of(name)
    log.head(work.session, work.business_id)  # of two who publish at once, the second sees what the first one did
    _look_up_again(work, name)
    before = current(work, name)
    if body.get("version") != before.version:
        raise StaleVersion(
            f"The {kind.label.lower()} rules are at version {before.version}; send that as `version`.",
            current=read(work, name),
            since=versions(work, name),
        )
    document = drafted(kind, before, body)
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
    _look_up_again(work, name)
    state = read(work, name)
    change: dict[str, Any] = {"kind": name, "version": [before.version, row.version], "reason": row.reason}
    if restores is not None:
        change["restores"] = restores
    work.emit(RulesPublished(subject_id=name, state=state, data=change))
    return state


def publish(work: Work, name: str, body: Publish) -> dict[str, Any]:
    """Put other settings and rules in force, for a reason. Raises as `replace` does."""
    return replace(work, name, body.model_dump(exclude_none=True))


def rollback(work: Work, name: str, body: Rollback) -> dict[str, Any]:
    """Publish the document of an old version as the next one. NotFound when there never was such a version;
    Unprocessable when it is the one in force. Raises as `replace` does."""
    kind_of(name)
    if body.to == body.version:
        raise Unprocessable(f"Version {body.to} is in force already.", code="ALREADY_IN_FORCE", field="to")
    document = compiled_version(work, name, body.to).document.model_dump(mode="json", by_alias=True)
    reason = f"back to version {body.to}: {body.reason}"
    old = {part: document[part] for part in ("settings", "rules")}
    return replace(work, name, {"version": body.version, **old, "reason": reason}, restores=body.to)


def _no_version(kind: Kind, version: int) -> NotFound:
    return NotFound(f"The {kind.label.lower()} rules have no version {version}.", version=version)
