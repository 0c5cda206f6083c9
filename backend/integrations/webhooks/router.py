"""/api/integrations/{id}/posts: what an endpoint was told, and telling it again."""

from typing import Annotated

from fastapi import Query

from backend.core.wire import Page
from backend.integrations.schemas import PostRead, PostState, ReplayAsked, Replayed
from backend.integrations.webhooks import posts
from backend.unit import Router, Unit

router = Router(prefix="/api/integrations/{integration_id}", tags=["integrations"])


@router.get("/posts")
async def list_posts(
    integration_id: str,
    unit: Unit,
    state: PostState | None = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[PostRead]:
    """What a webhook endpoint was told, the newest first."""
    return await unit.read(posts.list_posts, integration_id, state=state, cursor=cursor, limit=limit)


@router.post("/posts/{post_id}/replay", status_code=202)
async def replay(integration_id: str, post_id: str, unit: Unit) -> PostRead:
    """Send one again, under the same `webhook-id`. 409 while it is on its way."""
    return await unit.write(posts.replay, integration_id, post_id)


@router.post("/replay", status_code=202)
async def replay_all(integration_id: str, body: ReplayAsked, unit: Unit) -> Replayed:
    """Send all of a state again: what was given up, as a rule."""
    return await unit.write(posts.replay_all, integration_id, since=body.since, state=body.state)
