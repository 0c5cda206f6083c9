"""Embedding what was added to the documents, when there is a model for it."""

from backend.copilot import pgvector, vectors
from backend.copilot.provider import Provider, ProviderTrouble
from backend.core.log import logger
from backend.jobs.registry import JobContext, cron, job

_AT_ONCE = 64


@cron("50 3 * * *")
@job(queue="outside")
async def embed_chunks(ctx: JobContext) -> None:
    """Embed every chunk that this model has not; what a broken model leaves is tried again the next night."""
    provider = Provider.of(ctx.runtime.settings)
    if provider is None or not provider.embedding_model:
        return
    await ctx.write(pgvector.make)
    while waiting := await ctx.read(vectors.without, provider.embedding_model, _AT_ONCE):
        try:
            found = await provider.embed([text for _, text in waiting])
        except ProviderTrouble as trouble:
            logger.warning("knowledge was not embedded", trouble=str(trouble))
            return
        pairs = [(id, vector) for (id, _), vector in zip(waiting, found, strict=True)]
        await ctx.write(vectors.keep, provider.embedding_model, pairs)
