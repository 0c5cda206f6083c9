"""Embeddings of chunks: kept as bytes, and compared by PostgreSQL where it can, else by numpy."""

import heapq
from collections.abc import Sequence

from sqlalchemy import func, select, update

from backend.copilot import pgvector
from backend.copilot.models import Chunk
from backend.copilot.provider import Embedding
from backend.core.rows import table_of
from backend.work import Work

_CHUNKS = table_of(Chunk).c
_SLICE = 400
"""Chunks that are read and compared at once: of 768 numbers, they stay in the processor's cache. 2,000 take three times as
long."""


def pack(vector: Sequence[float]) -> bytes:
    """A vector as 32-bit floats of length 1 in all."""
    import numpy as np

    row = np.asarray(vector, dtype="<f8")
    length = float(np.linalg.norm(row))
    return (row / length if length else row).astype("<f4").tobytes()


def nearest(work: Work, asked: Embedding, most: int) -> list[str]:
    """Ids of the chunks whose meaning is nearest (by cosine), the nearest first; only those that the same model embedded."""
    packed = pack(asked.numbers)
    if pgvector.is_there(work):
        return pgvector.nearest(work, asked.model, packed, most)
    return _nearest(work, asked.model, packed, most)


def _nearest(work: Work, model: str, packed: bytes, most: int) -> list[str]:
    """All of them, a slice at a time."""
    import numpy as np

    asked = np.frombuffer(packed, dtype="<f4")
    mine = (_CHUNKS.business_id == work.business_id) & (_CHUNKS.vector_model == model)
    query = select(_CHUNKS.id, _CHUNKS.vector).where(mine, func.length(_CHUNKS.vector) == len(packed))
    best: list[tuple[float, str]] = []
    for rows in work.session.connection().execute(query, execution_options={"yield_per": _SLICE}).partitions():
        ids, kept = zip(*rows, strict=True)
        distances = 1 - np.frombuffer(b"".join(kept), dtype="<f4").reshape(len(ids), -1) @ asked
        nearer = [(float(distances[place]), ids[place]) for place in np.argsort(distances, kind="stable")[:most]]
        best = heapq.nsmallest(most, [*best, *nearer])
    return [id for distance, id in best if distance < 1]


def without(work: Work, model: str, most: int) -> list[tuple[str, str]]:
    """(id, text) of chunks that this model has not embedded."""
    mine = _CHUNKS.business_id == work.business_id
    query = select(_CHUNKS.id, _CHUNKS.heading, _CHUNKS.text).where(mine, _CHUNKS.vector_model.is_distinct_from(model))
    rows = work.session.connection().execute(query.order_by(_CHUNKS.id).limit(most))
    return [(row.id, f"{row.heading}\n{row.text}".strip()) for row in rows]


def keep(work: Work, model: str, found: Sequence[tuple[str, Sequence[float]]]) -> None:
    """Keep the embeddings of chunks; of those that are gone, nothing."""
    packed = [(id, pack(vector)) for id, vector in found]
    for id, vector in packed:
        mine = (Chunk.business_id == work.business_id) & (Chunk.id == id)
        statement = update(Chunk).where(mine).values(vector=vector, vector_model=model)
        work.session.execute(statement.execution_options(synchronize_session=False))
    pgvector.keep(work, packed)
