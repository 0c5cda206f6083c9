"""Changing a condition part by part: where a new one goes, and what becomes of the rest."""

from typing import Any

from console.rules.draft import Draft, Path_, at

JOINS = ("all", "any")


def join_of(node: Any) -> str | None:
    """`all` or `any` for a group of conditions, else None."""
    return next((join for join in JOINS if isinstance(node, dict) and isinstance(node.get(join), list)), None)


def top_of(path: Path_) -> Path_:
    """Where the whole condition of the rule is."""
    return (*path[:2], "when")


def is_condition(path: Path_) -> bool:
    """Whether a path leads into a condition."""
    return len(path) > 2 and path[2] == "when"


def add(draft: Draft, path: Path_, node: dict[str, Any]) -> Path_:
    """Put `node` into the group at `path`, or after the condition there; a lone condition becomes the first of a group.
    Answers where it is."""
    here = at(draft.now, path)
    if join := join_of(here):
        place = (*path, join, len(here[join]))
        draft.insert(place, node)
        return place
    if isinstance(path[-1], int):
        place = (*path[:-1], path[-1] + 1)
        draft.insert(place, node)
        return place
    draft.put(path, {"all": [here, node]})
    return (*path, "all", 1)


def remove(draft: Draft, path: Path_) -> Path_:
    """Take a condition out; the last one leaves `always`. Answers where the cursor goes."""
    if isinstance(path[-1], int):
        draft.take(path)
        left = at(draft.now, path[:-1])
        return (*path[:-1], min(path[-1], len(left) - 1)) if left else path[:-2]
    if path[-1] == "not":  # without what it turns round, the `not` goes too
        return remove(draft, path[:-1])
    draft.put(path, {"all": []})
    return path


def negate(draft: Draft, path: Path_) -> Path_:
    """Turn a condition round, or back."""
    here = at(draft.now, path)
    if isinstance(here, dict) and set(here) == {"not"}:
        draft.put(path, here["not"])
        return path
    if path[-1] == "not":
        draft.put(path[:-1], here)
        return path[:-1]
    draft.put(path, {"not": here})
    return (*path, "not")


def wrap(draft: Draft, path: Path_) -> Path_:
    """Put a condition into a group of its own, to which others can be added."""
    draft.put(path, {"any": [at(draft.now, path)]})
    return path


def switch(draft: Draft, path: Path_) -> bool:
    """Turn `all of` into `any of` and back, for the group at or around a path. Whether there was one."""
    while is_condition(path):
        here = at(draft.now, path)
        if join := join_of(here):
            other = "any" if join == "all" else "all"
            draft.put(path, {other: here[join]})
            return True
        path = path[:-1]
    return False
