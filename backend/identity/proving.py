"""Proving one's e-mail while one is signed in, so that a forgotten password never takes more away than sign-ins.

The code in the mail is made of the installation's secret, the account and the half hour: nothing is stored of it.
"""

import base64
import hashlib
import hmac
from datetime import timedelta
from typing import TYPE_CHECKING

from backend.core.errors import Conflict
from backend.core.security import same
from backend.delivery.service import post
from backend.identity import events
from backend.identity.models import Member, User
from backend.identity.schemas import UserRead
from backend.work import Work

if TYPE_CHECKING:
    from backend.core.sealing import Vault

_SLOT = timedelta(minutes=30)
"""One code, and one mail, for each; that of the one before holds too."""


def ask(work: Work, user_id: str, installation: str, vault: "Vault") -> None:
    """Mail the code. Conflict when the e-mail is proven already."""
    user = _unproven(work, user_id)
    slot = _slot(work)
    text = (
        f"Somebody who is signed in as {user.email} wants to prove that this mailbox is theirs. If that is you, give this "
        f"code in the console (g h) or by `holdfast account prove`:\n\n{_code(installation, user, slot)}\n\n"
        "It holds for half an hour at least. If it was not you, do nothing, and ask for a new password: that ends whatever "
        "they have opened in your name."
    )
    post(
        work,
        to=user.email,
        subject="Is this mailbox yours?",
        text=text,
        cause=f"prove {user.id} {slot}",
        expires_at=work.now + _SLOT,
        vault=vault,
    )


def prove(work: Work, user_id: str, code: str, installation: str) -> UserRead | None:
    """Take the e-mail as proven. None when the code is wrong."""
    user, given = _unproven(work, user_id), "".join(code.split()).replace("-", "").upper()
    slot = _slot(work)
    if not any(same(_code(installation, user, one), given) for one in (slot, slot - 1)):
        return None
    user.email_proven_at = work.now
    member = work.get(Member, work.actor.id or "")
    work.emit(events.EmailProven(subject_id=member.id))
    return UserRead.model_validate(user)


def _unproven(work: Work, user_id: str) -> User:
    user = work.session.get_one(User, user_id, with_for_update=True)
    if user.email_proven_at is not None:
        raise Conflict("Your e-mail is proven already.", code="EMAIL_PROVEN")
    return user


def _slot(work: Work) -> int:
    return int(work.now.timestamp() // _SLOT.total_seconds())


def _code(installation: str, user: User, slot: int) -> str:
    """Forty bits of an HMAC, as eight letters: tries are counted, and few."""
    told = f"holdfast: prove {user.id} {user.email} {slot}"
    return base64.b32encode(hmac.digest(installation.encode(), told.encode(), hashlib.sha256)[:5]).decode()
