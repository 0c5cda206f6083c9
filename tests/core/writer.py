"""A process that writes until it is killed, and says of each write that it was acknowledged."""

import asyncio
import sys
from itertools import count

from sqlalchemy import insert
from sqlalchemy.orm import Session

from backend.core.clock import FrozenClock
from backend.core.databases import connect
from backend.identity.models import User

AT = FrozenClock().now()


async def write_for_ever(url: str) -> None:
    """Eight callers, each one acknowledged number a line on stdout."""
    database = connect(url)
    await database.start()
    numbers = count()

    async def caller() -> None:
        for number in numbers:
            row = {"id": f"user-{number}", "email": f"{number}@example.com", "name": str(number), "created_at": AT}

            def unit(session: Session, row: dict[str, object] = row) -> None:
                session.execute(insert(User), row)

            await database.write(unit)
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()

    await asyncio.gather(*(caller() for _ in range(8)))


if __name__ == "__main__":
    asyncio.run(write_for_ever(sys.argv[1]))
