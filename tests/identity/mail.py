"""What stands in mails that only their reader should see."""

import re

from sqlalchemy import select

from backend.delivery.models import Letter
from tests.support.backend import Backend


async def letters(backend: Backend) -> list[tuple[str, str]]:
    """(recipient, words) of every letter with sealed words, oldest first."""
    query = select(Letter).where(Letter.sealed.is_not(None)).order_by(Letter.id)
    found = await backend.runtime.database.read(lambda session: session.scalars(query).all())
    return [(letter.recipient or "", str(backend.runtime.vault.open(letter.sealed)["text"])) for letter in found]


async def mailed(backend: Backend, place: int = -1) -> str:
    """The code in the newest mail, or the one at `place`."""
    found = re.search(r"^hf[ip]_\S+$", (await letters(backend))[place][1], re.MULTILINE)
    assert found is not None
    return found[0]
