"""/api/rules: every rule set, its version in force and its history, and putting another in force."""

from typing import Any

from backend.rules import drafting, keeping, service, vocabulary
from backend.rules import dry_run as trial
from backend.rules.schemas import Draft, KeptList, Publish, Rollback, VersionNumber
from backend.unit import Router, RuntimeOf, Unit

router = Router(prefix="/api/rules", tags=["rules"])


_kept = Router(tags=["rules"])


@_kept.get("/api/keeping")
async def list_kept(unit: Unit) -> KeptList:
    """What is kept for how many days (the rule set called keeping), and how much of it was forgotten."""
    return KeptList.model_validate({"items": await unit.read(keeping.list_kept)})


router.take_in(_kept)


@router.get("")
async def list_sets(unit: Unit) -> dict[str, Any]:
    """Every rule set."""
    return {"items": await unit.read(service.list_sets), "nextCursor": None}


@router.get("/{kind}")
async def read(kind: str, unit: Unit) -> dict[str, Any]:
    """The rule set in force, with the facts its conditions may use."""
    return await unit.read(service.read, kind)


@router.get("/{kind}/versions")
async def versions(kind: str, unit: Unit) -> dict[str, Any]:
    """What was published, newest first."""
    return {"items": await unit.read(service.versions, kind), "nextCursor": None}


@router.get("/{kind}/versions/{version}")
async def read_version(kind: str, version: VersionNumber, unit: Unit) -> dict[str, Any]:
    """The rule set as it was in a version, and who published it when and why."""
    return await unit.read(service.read_version, kind, version)


@router.get("/{kind}/diff")
async def diff(kind: str, before: VersionNumber, after: VersionNumber, unit: Unit) -> dict[str, Any]:
    """What version `after` changed of version `before`, rule by rule, in words."""
    return await unit.read(service.diff, kind, before, after)


@router.get("/{kind}/vocabulary")
async def read_vocabulary(kind: str) -> dict[str, Any]:
    """What rules of this kind are made of: facts, operators, the shape of what follows, settings, limits."""
    return vocabulary.of(kind)


@router.post("/{kind}/check")
async def check(kind: str, body: Draft, unit: Unit) -> dict[str, Any]:
    """What is wrong with a draft, what it says in words, and what it changes of the rules in force. Changes nothing."""
    return await unit.read(drafting.check, kind, body)


@router.post("/{kind}/dry-run")
async def dry_run(kind: str, body: Draft, unit: Unit, runtime: RuntimeOf) -> dict[str, Any]:
    """What a draft would have decided of the last `days`, beside what the rules in force say of it. Changes nothing."""
    run = await unit.read(trial.begin, kind, body, runtime.settings)
    while await unit.read(run.turn_page):  # one short unit a page, so that nobody waits for a long past
        pass
    return run.answer()


@router.post("/{kind}/publish")
async def publish(kind: str, body: Publish, unit: Unit) -> dict[str, Any]:
    """Put other settings and rules in force, for a reason."""
    return await unit.write(service.publish, kind, body)


@router.post("/{kind}/rollback")
async def rollback(kind: str, body: Rollback, unit: Unit) -> dict[str, Any]:
    """Put an old version in force again, as a new one."""
    return await unit.write(service.rollback, kind, body)
