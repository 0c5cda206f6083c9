"""Whether the PostgreSQL of a server on this machine compares the meanings of documents itself."""

from typing import TYPE_CHECKING

from console.doctor.check import Check, ok, warn

if TYPE_CHECKING:
    from backend.settings import Settings


def checks(settings: "Settings") -> list[Check]:
    """Nothing on SQLite, without a model that embeds, and where the database does not answer: that is told elsewhere."""
    from backend.copilot.provider import Provider

    url, provider = settings.resolved_database_url(), Provider.of(settings)
    if url.startswith("sqlite") or provider is None or not provider.embedding_model:
        return []
    import psycopg

    from backend.copilot import pgvector

    try:
        said, advice = pgvector.lacking(url)
    except psycopg.Error:
        return []
    if said:
        return [warn("pgvector", f"{said}: searching 100,000 pieces of documents takes longer", advice)]
    return [ok("pgvector", "PostgreSQL compares meanings itself")]
