"""Embeddings in a type of PostgreSQL's own, where it has the extension `vector`: it compares them itself then.

The table copies what the chunks keep. It is whole whenever it is there: it is made and filled in one transaction, and
written to with the chunks. So the extension may come and go, and no backup needs it.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import orjson
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from backend.copilot.models import Chunk
from backend.core.log import logger
from backend.core.rows import table_of
from backend.work import Work

CREATE = "let an administrator of PostgreSQL say CREATE EXTENSION vector; in Holdfast's database, once"
INSTALL = f"install pgvector for this version of PostgreSQL, then {CREATE}"
_CHUNKS = table_of(Chunk).c
_AT_ONCE = 200
_WIDEST = 16_000
"""Numbers in the longest embedding that the type takes."""
_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended('knowledge_vectors', 0))")
_IS_THERE = text(
    "SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass('knowledge_vectors') AND attname = 'embedding' "
    "AND NOT attisdropped"
)
_EXTEND = text("CREATE EXTENSION IF NOT EXISTS vector")
_MAKE = (
    text("DROP TABLE IF EXISTS knowledge_vectors"),  # what is left of it when the extension was dropped
    # To refer to the chunks keeps everybody from writing to them until the commit, so none is embedded meanwhile. Values
    # of more than 2 kB would be kept apart, and to fetch each from there takes four times as long as to compare it.
    text(
        "CREATE TABLE knowledge_vectors (chunk_id varchar(36) PRIMARY KEY REFERENCES knowledge_chunks (id) "
        "ON DELETE CASCADE, business_id varchar(36) NOT NULL, model varchar(120) NOT NULL, embedding vector NOT NULL) "
        "WITH (toast_tuple_target = 8160)"
    ),
    text("CREATE INDEX knowledge_vectors_business ON knowledge_vectors (business_id)"),
)
# The driver would look up a type that it does not know, and remember it when the extension is dropped and made again: it
# is given words.
_KEEP = text(
    "INSERT INTO knowledge_vectors (chunk_id, business_id, model, embedding) "
    "SELECT id, business_id, vector_model, CAST(CAST(:embedding AS text) AS vector) FROM knowledge_chunks "
    "WHERE id = :chunk AND business_id = :business "
    "ON CONFLICT (chunk_id) DO UPDATE SET model = excluded.model, embedding = excluded.embedding"
)
# The question is read once, as a subquery: as a bare parameter it may be read anew for each row.
_NEAREST = text(
    "SELECT chunk_id, embedding <=> (SELECT CAST(CAST(:asked AS text) AS vector)) AS distance "
    "FROM knowledge_vectors WHERE business_id = :business AND model = :model AND vector_dims(embedding) = :wide "
    "ORDER BY distance, chunk_id LIMIT :most"
)


def is_there(work: Work) -> bool:
    """Whether this database compares embeddings itself."""
    connection = work.session.connection()
    return connection.dialect.name == "postgresql" and connection.execute(_IS_THERE).first() is not None


def make(work: Work) -> None:
    """See to it that a PostgreSQL compares the embeddings itself, those that there are already too. When it cannot, that
    is said in the log, once; the chunks are compared without it."""
    connection = work.session.connection()
    if connection.dialect.name != "postgresql" or is_there(work):
        return
    connection.execute(_ALONE)
    if is_there(work):
        return  # somebody else made it while we waited
    try:
        with work.session.begin_nested():
            connection.execute(_EXTEND)
            for statement in _MAKE:
                connection.execute(statement)
            _fill(work)
    except DBAPIError as error:
        may_not = getattr(error.orig, "sqlstate", None) == "42501"
        _say(str(error.orig).rsplit(">: ", 1)[-1].splitlines()[0], CREATE if may_not else INSTALL)


def keep(work: Work, packed: Sequence[tuple[str, bytes]]) -> None:
    """Copy the embeddings of chunks. They were written before in this transaction: who makes the table waits for them, or is
    done by then."""
    if packed and is_there(work):
        work.session.connection().execute(_KEEP, [_row(work.business_id, *one) for one in packed])


def nearest(work: Work, model: str, asked: bytes, most: int) -> list[str]:
    """Ids of the chunks nearest to `asked` by cosine, the nearest first; what points the other way is left out.

    Each of the business is compared, along no index: one over all businesses would find those of others first.
    """
    given = {"business": work.business_id, "model": model, "asked": _told(asked), "wide": len(asked) // 4, "most": most}
    rows = work.session.connection().execute(_NEAREST, given)
    return [row.chunk_id for row in rows if row.distance < 1]


def lacking(url: str) -> tuple[str, str]:
    """What the PostgreSQL at `url` lacks to compare embeddings itself, and what to do; ("", "") for nothing."""
    import psycopg

    query = (
        "SELECT installed_version IS NOT NULL OR (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) "
        "FROM pg_available_extensions WHERE name = 'vector'"
    )
    with psycopg.connect(f"postgresql://{url.split('://', 1)[1]}") as connection:
        found = connection.execute(query).fetchone()
    if found is None:
        return "this PostgreSQL has no pgvector", INSTALL
    return ("", "") if found[0] else ("pgvector is not switched on in this database", CREATE)


def _fill(work: Work) -> None:
    """Copy all that the chunks of every business keep."""
    connection = work.session.connection()
    columns = (_CHUNKS.business_id, _CHUNKS.id, _CHUNKS.vector)
    query = select(*columns).where(func.length(_CHUNKS.vector).between(4, 4 * _WIDEST))
    for rows in connection.execute(query, execution_options={"yield_per": _AT_ONCE}).partitions():
        connection.execute(_KEEP, [_row(*row) for row in rows])


def _row(business: str, chunk: str, packed: bytes) -> dict[str, Any]:
    return {"business": business, "chunk": chunk, "embedding": _told(packed)}


def _told(packed: bytes) -> str:
    """An embedding as the type reads it."""
    import numpy as np

    return orjson.dumps(np.frombuffer(packed, dtype="<f4"), option=orjson.OPT_SERIALIZE_NUMPY).decode()


@cache
def _say(why: str, advice: str) -> None:
    logger.warning("embeddings are compared by Holdfast and not by PostgreSQL", why=why, advice=advice)
