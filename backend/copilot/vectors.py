"""Embeddings in a plain column, compared by numpy."""

from collections.abc import Sequence

from sqlalchemy import select, update

from backend.copilot.models import Chunk
from backend.core.rows import table_of
from backend.work import Work

_CHUNKS = table_of(Chunk).c
MOST = 20_000
"""Chunks that are compared: 768 numbers each are 60 MB, read and compared in some 100 ms."""


def pack(vector: Sequence[float]) -> bytes:
    """A vector as 32-bit floats of length 1 in all."""
    import numpy as np

    row = np.asarray(vector, dtype="<f4")
    length = float(np.linalg.norm(row))
    return (row / length if length else row).tobytes()


def nearest(work: Work, vector: Sequence[float], most: int) -> list[str]:
    """Ids of the chunks whose meaning is nearest (by cosine), the nearest first; those of other lengths left out."""
    import numpy as np

    asked = np.frombuffer(pack(vector), dtype="<f4")
    mine = (_CHUNKS.business_id == work.business_id) & _CHUNKS.vector.is_not(None)
    query = select(_CHUNKS.id, _CHUNKS.vector).where(mine).order_by(_CHUNKS.id).limit(MOST)
    rows = [row for row in work.session.connection().execute(query) if len(row.vector) == asked.nbytes]
    if not rows:
        return []
    table = np.frombuffer(b"".join(row.vector for row in rows), dtype="<f4").reshape(len(rows), -1)
    scores = table @ asked
    return [rows[place].id for place in np.argsort(-scores, kind="stable")[:most] if scores[place] > 0]


def without(work: Work, model: str, most: int) -> list[tuple[str, str]]:
    """(id, text) of chunks that this model has not embedded."""
    mine = _CHUNKS.business_id == work.business_id
    query = select(_CHUNKS.id, _CHUNKS.heading, _CHUNKS.text).where(mine, _CHUNKS.vector_model.is_distinct_from(model))
    rows = work.session.connection().execute(query.order_by(_CHUNKS.id).limit(most))
    return [(row.id, f"{row.heading}\n{row.text}".strip()) for row in rows]


def keep(work: Work, model: str, found: Sequence[tuple[str, Sequence[float]]]) -> None:
    """Keep the embeddings of chunks; of those that are gone, nothing."""
    for id, vector in found:
        mine = (Chunk.business_id == work.business_id) & (Chunk.id == id)
        statement = update(Chunk).where(mine).values(vector=pack(vector), vector_model=model)
        work.session.execute(statement.execution_options(synchronize_session=False))
