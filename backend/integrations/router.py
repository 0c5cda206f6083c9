"""/webhooks/{platform}: verified on the raw bytes before anything reads them, kept, answered; a job does the rest."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Query, Request, Response

from backend.events.event import Actor
from backend.integrations import arrivals, service
from backend.integrations.connections import title_of
from backend.integrations.connections_router import router as connections
from backend.integrations.importing.router import router as imports
from backend.integrations.platforms import PLATFORMS, Platform
from backend.integrations.schemas import Received
from backend.integrations.webhooks.router import router as posts
from backend.unit import Router, RuntimeOf, Units

webhooks = Router(prefix="/webhooks", tags=["webhooks"])
BusinessId = Annotated[str | None, Query(max_length=36, pattern=r"^[\w-]+$")]


def _door(platform: Platform) -> Callable[..., Awaitable[Received]]:
    async def receive(request: Request, runtime: RuntimeOf, business: BusinessId = None) -> Received:
        raw = await request.body()
        business_id, secret = await runtime.database.read(
            lambda session: service.secret_of(session, platform, runtime.settings, business, runtime.vault)
        )
        platform.verify(raw, request.headers, secret, runtime.clock.now())
        body = service.parsed(raw)
        key, about = platform.dedup_key(request.headers, body), platform.conversation_of(body)
        units = Units(runtime, business_id, Actor("webhook", None, platform.title), request.state.request_id)
        return await units.write(service.receive, platform, raw, request.headers, key, about)

    return receive


async def probe() -> Response:
    """Some platforms ask whether anybody is here before they save the address."""
    return Response()


for _platform in PLATFORMS:
    webhooks.add_api_route(
        f"/{_platform.name}",
        _door(_platform),
        methods=["POST"],
        summary=f"A webhook of {_platform.title}; `business` is the id of the business it is for, by default the first",
        name=f"receive_{_platform.name}",
    )
    webhooks.add_api_route(f"/{_platform.name}", probe, methods=["HEAD"], name=f"probe_{_platform.name}")


@webhooks.post("/generic/{integration_id}")
async def receive_generic(integration_id: str, request: Request, runtime: RuntimeOf) -> Received:
    """A webhook of a connected system, signed as its kind signs: by Standard Webhooks, or by a scheme of its own."""
    raw = await request.body()
    business_id, platform, secret = await runtime.database.read(
        lambda session: arrivals.ear_of(session, integration_id, runtime.vault)
    )
    url = (runtime.settings.public_url or str(request.base_url)).rstrip("/") + request.url.path
    key = arrivals.verified(platform, raw, request.headers, secret, runtime.clock.now(), url)
    units = Units(runtime, business_id, Actor("webhook", None, title_of(platform)), request.state.request_id)
    return await units.write(arrivals.receive, integration_id, platform, raw, key)


router = Router()
router.take_in(webhooks)
router.take_in(connections)
router.take_in(posts)
router.take_in(imports)
