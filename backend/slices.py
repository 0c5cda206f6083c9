"""The explicit list of slices. Adding one is adding a line."""

from importlib import import_module, util

SLICES = (
    "delivery",
    "identity",
    "rules",
    "customers",
    "billing",
    "signals",
    "risk",
    "notifications",
    "incidences",
    "agent",
    "retention",
    "alerts",
    "interventions",
    "integrations",
    "playbooks",
    "finance",
    "analytics",
    "copilot",
    "events",
    "jobs",
    "backup",
    "monitoring",
)


def load(part: str) -> list[object]:
    """The modules called `part` (models, router, events, jobs …) of the slices that have one."""
    names = [f"backend.{slice}.{part}" for slice in SLICES]
    return [import_module(name) for name in names if util.find_spec(name) is not None]
