"""Tables that the models do not describe, because each database has full-text search in its own way, and few have vectors."""

FULL_TEXT = "knowledge_words"
VECTORS = "knowledge_vectors"
"""A copy, made anew where it is missing (`backend.copilot.pgvector`)."""


def is_described(name: str | None, kind: str, _parents: object) -> bool:
    """Whether a table is one of the models'; SQLite keeps a full-text table in several, whose names begin alike."""
    return kind != "table" or name is None or not name.startswith((FULL_TEXT, VECTORS))
