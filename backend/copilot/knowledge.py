"""Documents: added, listed, removed, and searched by words and by meaning."""

import hashlib
import math
from typing import Any

from sqlalchemy import delete, func, select

from backend.copilot import full_text, vectors
from backend.copilot.chunking import chunks_of
from backend.copilot.models import Chunk, Document
from backend.copilot.provider import Embedding
from backend.copilot.schemas import ChunkRead, DocumentAdd, DocumentRead, DocumentShown, Hit, HitList
from backend.copilot.similar import words_of
from backend.core.errors import Unprocessable
from backend.core.wire import Page
from backend.work import Work

MOST_CHUNKS = 2_000
"""Of one document."""
_FUSED_AT = 60
"""Reciprocal rank fusion: 1 / (60 + place) of each list, added up (Cormack, Clarke and Büttcher, 2009)."""
_CANDIDATES = 30


def add(work: Work, body: DocumentAdd) -> DocumentRead:
    """Know a document from now on; the same title again replaces it. Unprocessable when nothing can be read in it."""
    pieces = chunks_of(body.text, body.format)
    if not pieces:
        raise Unprocessable("There are no words in this document.", code="EMPTY_DOCUMENT", field="text")
    if len(pieces) > MOST_CHUNKS:
        raise Unprocessable(
            f"This is more than {MOST_CHUNKS} pieces; split the document.", code="TOO_LONG", field="text"
        )
    before = work.session.scalars(select(Document).where(Document.title == body.title)).all()
    for old in before:
        _remove(work, old.id)
    digest = hashlib.sha256(body.text.encode("utf-8", "surrogatepass")).hexdigest()
    about = {"title": body.title, "source": body.source, "format": body.format, "size": len(body.text)}
    row = work.add(Document(**about, digest=digest, added_by=work.actor.id, created_at=work.now))
    for place, (heading, text) in enumerate(pieces):
        chunk = work.add(Chunk(document_id=row.id, place=place, heading=heading, text=text))
        full_text.add(work, chunk.id, f"{body.title} {heading}", text)
    work.enqueue("copilot.embed_chunks", key="knowledge")
    return _read(work, row)


def list_all(work: Work) -> Page[DocumentRead]:
    """Every document, by title."""
    rows = work.session.scalars(select(Document).order_by(Document.title, Document.id)).all()
    return Page(items=[_read(work, row) for row in rows])


def show(work: Work, id: str) -> DocumentShown:
    """A document with its pieces."""
    row = work.get(Document, id, "document")
    chunks = work.session.scalars(select(Chunk).where(Chunk.document_id == row.id).order_by(Chunk.place)).all()
    pieces = [ChunkRead(**_told(chunk, row)) for chunk in chunks]
    return DocumentShown(**_read(work, row).model_dump(), pieces=pieces)


def remove(work: Work, id: str) -> None:
    """Forget a document."""
    _remove(work, work.get(Document, id, "document").id)


def _remove(work: Work, id: str) -> None:
    full_text.remove(work, id)
    for statement in (delete(Chunk).where(Chunk.document_id == id), delete(Document).where(Document.id == id)):
        work.session.execute(statement.execution_options(synchronize_session=False))
    work.session.expunge_all()


def search(work: Work, query: str, *, limit: int = 5, vector: Embedding | None = None) -> HitList:
    """The pieces that say most about `query`: by its words, fused with its meaning when `vector` is its embedding."""
    by_words = full_text.find(work, words_of(query), _CANDIDATES)
    by_meaning = vectors.nearest(work, vector, _CANDIDATES) if vector is not None else []
    scores: dict[str, float] = {}
    for found in (by_words, by_meaning):
        for place, id in enumerate(found, 1):
            scores[id] = scores.get(id, 0.0) + 1 / (_FUSED_AT + place)
    ids = sorted(scores, key=lambda id: (-scores[id], id))[:limit]
    query_of = select(Chunk, Document).join(Document, Document.id == Chunk.document_id).where(Chunk.id.in_(ids))
    rows = {chunk.id: (chunk, document) for chunk, document in work.session.execute(query_of)}
    hits = []
    for id in ids:
        if id in rows:
            by = [name for name, found in (("words", by_words), ("meaning", by_meaning)) if id in found]
            hits.append(Hit.model_validate(_told(*rows[id]) | {"score": scores[id], "by": by}))
    return HitList(items=hits)


def covering(work: Work, text: str) -> float:
    """The share of a question's words, by their rarity, that the best piece has."""
    wanted = set(words_of(text))
    if not wanted:
        return 0.0
    hits = search(work, text, limit=3).items
    if not hits:
        return 0.0
    total = work.session.scalar(select(func.count()).select_from(Chunk)) or 1
    weights = {word: math.log(1 + total / (1 + full_text.count(work, word))) for word in wanted}
    most = 0.0
    for hit in hits:
        said = {_stem(word) for word in words_of(f"{hit.title} {hit.heading} {hit.text}")}
        most = max(most, sum(weight for word, weight in weights.items() if _stem(word) in said))
    return most / sum(weights.values())


def _stem(word: str) -> str:
    for ending in ("ation", "ing", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def _read(work: Work, row: Document) -> DocumentRead:
    mine = select(func.count(Chunk.id), func.count(Chunk.vector)).where(Chunk.document_id == row.id)
    chunks, embedded = work.session.execute(mine).one()
    about = {name: getattr(row, name) for name in ("id", "title", "source", "format", "size", "created_at")}
    return DocumentRead(**about, chunks=chunks, embedded=embedded)


def _told(chunk: Chunk, document: Document) -> dict[str, Any]:
    about = {"chunk_id": chunk.id, "document_id": document.id, "title": document.title, "place": chunk.place}
    return about | {"heading": chunk.heading, "text": chunk.text}
