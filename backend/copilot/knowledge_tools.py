"""Searching the business's documents."""

from typing import Annotated

from pydantic import Field

from backend.copilot import knowledge
from backend.copilot.provider import Embedding
from backend.copilot.tool import TOOLS, Arguments, Citation, Told
from backend.copilot.wording import literal
from backend.work import Work

_QUOTE = 240


class Sought(Arguments):
    query: Annotated[str, Field(min_length=1, max_length=500, description="What to look for, in words.")]
    limit: Annotated[int, Field(ge=1, le=10)] = 5


@TOOLS.add(("GET", "/api/knowledge/search"), Sought, embeds="query")
def search_knowledge(work: Work, asked: Sought, vector: Embedding | None = None) -> Told:
    """Search the business's own documents (policies, how-tos, menus). Cite what you use by its number, such as [1]."""
    hits = knowledge.search(work, asked.query, limit=asked.limit, vector=vector).items
    citations = tuple(
        Citation(hit.chunk_id, hit.document_id, hit.title, hit.heading, hit.text[:_QUOTE]) for hit in hits
    )
    data = {"items": [hit.model_dump(mode="json", by_alias=True, exclude={"score", "by", "place"}) for hit in hits]}
    if not hits:
        return Told(data, "Nothing in the documents says anything about it.")
    first, others = hits[0], hits[1:]
    where = first.heading or first.title
    quoted = "\n>\n".join(f"> {literal(line, 900)}" for line in first.text.split("\n\n"))
    text = f"From **{literal(first.title)}** ({literal(where)}) [1]:\n\n{quoted}"
    if others:
        more = ", ".join(f"{literal(hit.heading or hit.title)} [{number}]" for number, hit in enumerate(others, 2))
        text += f"\n\nSee also {more}."
    return Told(data, text, citations=citations)
