"""Colleagues by the names that a note can call them by: `@asha`."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any


def named(beginning: str, members: Iterable[Mapping[str, Any]]) -> list[str]:
    """What `beginning` (of a name, without the @) could become: a name each, which means that member and nobody else.

    The server reads what stands before the @ of an e-mail address, and a name without its spaces.
    """
    people = list(members)
    names = [
        list(dict.fromkeys((person["email"].partition("@")[0].casefold(), "".join(person["name"].split()).casefold())))
        for person in people
    ]
    meanings = Counter(name for own in names for name in own)
    word, found = beginning.casefold(), []
    for person, own in zip(people, names, strict=True):
        clear = [name for name in own if meanings[name] == 1]
        parts = (*own, *person["name"].casefold().split())
        if clear and any(part.startswith(word) for part in parts):
            found.append(next((name for name in clear if name.startswith(word)), clear[0]))
    return sorted(found)
