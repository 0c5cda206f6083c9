"""A new server's first business and owner."""

import asyncio

from backend.core.security import hash_password
from backend.identity import service
from backend.identity.schemas import SignUp
from backend.runtime import Runtime
from backend.server import prepare
from backend.settings import Settings
from backend.unit import Units


def initialise(settings: Settings, body: SignUp) -> dict[str, str]:
    """Make the first owner and business; `{userId, email, businessId, business}`. Conflict when there is a user."""
    prepare(settings)()
    return asyncio.run(_initialise(settings, body))


async def _initialise(settings: Settings, body: SignUp) -> dict[str, str]:
    runtime = Runtime.build(settings)
    await runtime.start(run_jobs=False)
    try:
        hashed = await hash_password(body.password, settings.bcrypt_cost)
        user, business = await Units(runtime, "").write(service.found, body, hashed)
    finally:
        await runtime.close()
    return {"userId": user.id, "email": user.email, "businessId": business.id, "business": business.name}
