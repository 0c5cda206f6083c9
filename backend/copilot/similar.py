"""Cases that are like another one, by the words they share and how rare those are (the cosine of tf-idf)."""

import math
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from backend.incidences.models import Incidence
from backend.incidences.repository import CASES
from backend.work import Work

_MOST = 2_000
"""Closed cases that are looked at, the newest first: some 30 ms."""
_WORD = re.compile(r"[^\W_]{2,}")
_SAID = ("summary", "issue_category", "event_type", "root_cause", "app_screen", "trigger")
STOP = frozenset(
    "a an the and or of to in on for with from by at as is are was were be been it its this that these those i we you they "
    "he she my our your their me us do does did have has had can could will would should not no yes what which who how why "
    "when where there here about any all some if so than then too very just please tell show give get".split()
)


def words_of(text: str) -> list[str]:
    """The words of a text that say something, each without its plural."""
    found = (word.casefold() for word in _WORD.findall(text))
    return [
        word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
        for word in found
        if word not in STOP
    ]


def closed_like(work: Work, row: Incidence | None, words: str, limit: int) -> list[dict[str, Any]]:
    """Closed cases most like `row` and `words`, with how they ended."""
    columns = [
        CASES[name]
        for name in ("id", "number", "customer_id", "outcome", "resolution_type", "last_message", "labels", *_SAID)
    ]
    mine = (CASES.business_id == work.business_id) & (CASES.status == "CLOSED") & CASES.merged_into.is_(None)
    query = select(*columns).where(mine).order_by(CASES.id.desc()).limit(_MOST)
    found = [one for one in work.session.connection().execute(query) if row is None or one.id != row.id]
    texts = [words_of(_text(one)) for one in found]
    wanted = words_of(f"{_text(row) if row is not None else ''} {words}")
    rarity = _rarity([*texts, wanted])
    mark = _weights(wanted, rarity)
    scored = sorted(((_cosine(mark, _weights(text, rarity)), place) for place, text in enumerate(texts)), reverse=True)
    return [
        {
            "ref": f"INC-{found[place].number}",
            "incidenceId": found[place].id,
            "customerId": found[place].customer_id,
            "summary": found[place].summary,
            "outcome": found[place].outcome,
            "rootCause": found[place].root_cause,
            "resolutionType": found[place].resolution_type,
            "likeness": round(score, 3),
        }
        for score, place in scored[:limit]
        if score > 0.05
    ]


def _text(one: Any) -> str:
    said = (one.last_message or {}).get("text", "")
    return " ".join([*(str(getattr(one, name) or "") for name in _SAID), *(one.labels or ()), said])


def _rarity(texts: Iterable[list[str]]) -> dict[str, float]:
    seen = list(texts)
    counts = Counter(word for text in seen for word in set(text))
    return {word: math.log((1 + len(seen)) / count) for word, count in counts.items()}


def _weights(text: list[str], rarity: dict[str, float]) -> dict[str, float]:
    counts = Counter(text)
    weights = {word: (1 + math.log(count)) * rarity.get(word, 0.0) for word, count in counts.items()}
    length = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
    return {word: weight / length for word, weight in weights.items()}


def _cosine(one: dict[str, float], other: dict[str, float]) -> float:
    return sum(weight * other.get(word, 0.0) for word, weight in one.items())
