"""How the world around the backend signs in: at the business that it is made for, wherever its people worked last."""

from backend.client import Client
from backend.demo.cast import OWNER, PASSWORD


async def enter(api: Client, email: str = OWNER.email, password: str = PASSWORD) -> None:
    """Sign in, as the owner when nobody else is named, at the oldest business that they work at."""
    here = (await api.identity.sign_in(email, password)).business.id
    oldest = (await api.businesses.list()).items[0].id
    if here != oldest:
        await api.identity.switch(oldest)
