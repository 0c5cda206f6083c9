"""Words of chunks in the full-text search of each database: FTS5 of SQLite, tsvector of PostgreSQL."""

import re
from collections.abc import Sequence

from sqlalchemy import Connection, text

from backend.work import Work

_LETTERS = re.compile(r"\W+")
_ADD = {
    "sqlite": text(
        "INSERT INTO knowledge_words (business_id, chunk_id, heading, text) VALUES (:business, :chunk, :heading, :text)"
    ),
    "postgresql": text(
        "INSERT INTO knowledge_words (business_id, chunk_id, words) VALUES (:business, :chunk, "
        "setweight(to_tsvector('english', :heading), 'A') || setweight(to_tsvector('english', :text), 'B'))"
    ),
}
_REMOVE = text(
    "DELETE FROM knowledge_words WHERE business_id = :business AND chunk_id IN "
    "(SELECT id FROM knowledge_chunks WHERE business_id = :business AND document_id = :document)"
)
_FIND = {
    # A word of a heading counts twice.
    "sqlite": text(
        "SELECT chunk_id FROM knowledge_words WHERE knowledge_words MATCH :words AND business_id = :business "
        "ORDER BY bm25(knowledge_words, 0.0, 0.0, 2.0, 1.0), chunk_id LIMIT :most"
    ),
    "postgresql": text(
        "SELECT chunk_id FROM knowledge_words, to_tsquery('english', :words) AS asked WHERE business_id = :business "
        "AND words @@ asked ORDER BY ts_rank_cd('{0.1, 0.2, 0.5, 1.0}', words, asked, 1) DESC, chunk_id LIMIT :most"
    ),
}
_COUNT = {
    "sqlite": text(
        "SELECT count(*) FROM knowledge_words WHERE knowledge_words MATCH :words AND business_id = :business"
    ),
    "postgresql": text(
        "SELECT count(*) FROM knowledge_words WHERE business_id = :business AND words @@ to_tsquery('english', :words)"
    ),
}


_EVERY = text(
    "INSERT INTO knowledge_words (business_id, chunk_id, heading, text) "
    "SELECT chunk.business_id, chunk.id, document.title || ' ' || chunk.heading, chunk.text FROM knowledge_chunks AS chunk "
    "JOIN knowledge_documents AS document ON document.id = chunk.document_id AND document.business_id = chunk.business_id"
)


def fill(connection: Connection) -> None:
    """Let every chunk of a new SQLite file be found, whose rows were inserted in bulk."""
    connection.execute(_EVERY)


def _kind(work: Work) -> str:
    return work.session.connection().dialect.name


def add(work: Work, chunk_id: str, heading: str, words: str) -> None:
    """Let a chunk be found."""
    row = {"business": work.business_id, "chunk": chunk_id, "heading": heading, "text": words}
    work.session.connection().execute(_ADD[_kind(work)], row)


def remove(work: Work, document_id: str) -> None:
    """Let the chunks of a document be found no more."""
    work.session.connection().execute(_REMOVE, {"business": work.business_id, "document": document_id})


def find(work: Work, words: Sequence[str], most: int) -> list[str]:
    """Ids of the chunks that have any of `words`, the best first."""
    if not (asked := _asked(work, words)):
        return []
    given = {"business": work.business_id, "words": asked, "most": most}
    return list(work.session.connection().execute(_FIND[_kind(work)], given).scalars())


def count(work: Work, word: str) -> int:
    """How many chunks have a word."""
    if not (asked := _asked(work, [word])):
        return 0
    given = {"business": work.business_id, "words": asked}
    return int(work.session.connection().execute(_COUNT[_kind(work)], given).scalar_one())


def _asked(work: Work, words: Sequence[str]) -> str:
    """Any of the words, in the database's own language; nothing that a person typed is an operator in it."""
    bare = [word for word in dict.fromkeys(_LETTERS.sub("", word) for word in words) if word][:32]
    if _kind(work) == "sqlite":
        return " OR ".join(f'"{word}"' for word in bare)
    return " | ".join(f"'{word}'" for word in bare)
