"""Codes of an authenticator as a second factor (RFC 6238: SHA-1, six digits, thirty seconds) and codes to recover by."""

import base64
import hashlib
import hmac
import secrets
import struct
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from sqlalchemy import delete, func, select

from backend.core.errors import Conflict, RateLimited, Unauthenticated
from backend.core.security import fingerprint, same
from backend.identity import events
from backend.identity.models import Member, RecoveryCode, SecondFactor, User
from backend.identity.schemas import RecoveryCodes, SecondFactorBegun, SecondFactorRead
from backend.work import Work

if TYPE_CHECKING:
    from backend.core.sealing import Vault

STEP_SECONDS = 30
DIGITS = 6
AROUND = 1
"""Steps before and after the present whose codes count too: clocks differ, and typing takes time."""
TRIES = 5
LOCK = timedelta(minutes=15)
"""After so many wrong codes on end none is looked at for a while: a million codes must not be tried out."""
_CODES = 10


def code_at(secret: bytes, step: int) -> str:
    """The code of a step (RFC 4226, section 5.3)."""
    digest = hmac.new(secret, struct.pack(">Q", step), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def step_at(now: datetime) -> int:
    """The step that an instant lies in."""
    return int(now.timestamp()) // STEP_SECONDS


def is_on(work: Work, user_id: str) -> bool:
    """Whether the user signs in with a code as well."""
    row = work.session.get(SecondFactor, user_id)
    return row is not None and row.confirmed_at is not None


def read(work: Work, user_id: str) -> SecondFactorRead:
    """How the user's second factor stands."""
    row = work.session.get(SecondFactor, user_id)
    left = select(func.count()).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    since = row.confirmed_at if row else None
    return SecondFactorRead(
        is_on=since is not None, since=since, recovery_codes_left=work.session.scalar(left) or 0 if since else 0
    )


def begin(work: Work, user_id: str, vault: "Vault") -> SecondFactorBegun:
    """A new secret, which counts once a code of it was given. Conflict when there is one that counts."""
    row = work.session.get(SecondFactor, user_id, with_for_update=True)
    if row is not None and row.confirmed_at is not None:
        raise Conflict("Codes are asked for already. Switch that off first.", code="SECOND_FACTOR_ON")
    secret = secrets.token_bytes(20)
    text = base64.b32encode(secret).decode()
    if row is None:
        row = work.session.merge(SecondFactor(user_id=user_id, sealed="", created_at=work.now, last_step=0, failures=0))
    row.sealed, row.created_at, row.failures, row.locked_until = vault.seal({"secret": text}), work.now, 0, None
    email = work.session.get_one(User, user_id).email
    asked = urlencode(
        {"secret": text, "issuer": "Holdfast"}
    )  # digits and period are the defaults: a smaller code to scan
    return SecondFactorBegun(secret=text, uri=f"otpauth://totp/Holdfast:{quote(email)}?{asked}")


def confirm(work: Work, user_id: str, code: str, vault: "Vault") -> RecoveryCodes | None:
    """From now on codes are asked for; the codes to recover by. None when the code is wrong."""
    row = work.session.get(SecondFactor, user_id, with_for_update=True)
    if row is None or row.confirmed_at is not None:
        raise Conflict("There is nothing to confirm. Begin first.", code="SECOND_FACTOR_NOT_BEGUN")
    if not _passes(work, row, code, vault):
        return None
    row.confirmed_at = work.now
    _tell(work, is_on=True)
    return _new_codes(work, user_id)


def renew(work: Work, user_id: str, code: str | None, vault: "Vault") -> RecoveryCodes | None:
    """Other codes to recover by; those of before are void. None when the code is wrong; without one, whoever calls has
    seen that the password is right."""
    if not is_on(work, user_id):
        raise Conflict("No codes are asked for, so there are none to recover by.", code="SECOND_FACTOR_OFF")
    if code is not None and not check(work, user_id, code, vault):
        return None
    member = work.get(Member, work.actor.id or "")
    work.emit(events.RecoveryCodesRenewed(subject_id=member.id))
    return _new_codes(work, user_id)


def switch_off(work: Work, user_id: str, code: str, vault: "Vault") -> bool:
    """Ask for codes no more. False when the code is wrong; whoever calls has seen that the password is right."""
    if not is_on(work, user_id):
        raise Conflict("No codes are asked for.", code="SECOND_FACTOR_OFF")
    if not check(work, user_id, code, vault):
        return False
    forget(work, user_id)
    _tell(work, is_on=False)
    return True


def forget(work: Work, user_id: str) -> bool:
    """Drop the second factor, begun or on, with its codes; whether it was on. Tells nobody."""
    row = work.session.get(SecondFactor, user_id, with_for_update=True)
    if row is None:
        return False
    was_on = row.confirmed_at is not None
    work.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    work.session.delete(row)
    return was_on


def check(work: Work, user_id: str, code: str | None, vault: "Vault") -> bool:
    """Whether the user, if codes are asked of them, gave a right one; it is used up by this.

    Unauthenticated when none was given, RateLimited after too many wrong ones. A wrong one has to be counted, so it is
    no error here: the unit must be kept.
    """
    row = work.session.get(SecondFactor, user_id, with_for_update=True, populate_existing=True)
    if row is None or row.confirmed_at is None:
        return True
    if not code:
        raise Unauthenticated("Enter the code of your authenticator as well.", code="SECOND_FACTOR_REQUIRED")
    return _passes(work, row, code, vault)


def _passes(work: Work, row: SecondFactor, code: str, vault: "Vault") -> bool:
    if row.locked_until is not None and row.locked_until > work.now:
        seconds = max(1, int((row.locked_until - work.now).total_seconds()))
        raise RateLimited(
            f"Too many wrong codes. Try again in {(seconds + 59) // 60} min.",
            headers={"Retry-After": str(seconds)},
            retryAfter=seconds,
        )
    given = "".join(code.split()).lower()
    if _is_code(work, row, given, vault) or _is_recovery_code(work, row, given):
        row.failures, row.locked_until = 0, None
        return True
    row.failures += 1
    if row.failures >= TRIES:
        row.failures, row.locked_until = 0, work.now + LOCK
    return False


def _is_code(work: Work, row: SecondFactor, given: str, vault: "Vault") -> bool:
    if not (given.isascii() and given.isdigit() and len(given) == DIGITS):
        return False
    secret = base64.b32decode(str(vault.open(row.sealed)["secret"]))
    now = step_at(work.now)
    for step in range(max(now - AROUND, row.last_step + 1), now + AROUND + 1):
        if same(code_at(secret, step), given):
            row.last_step = step
            return True
    return False


def _is_recovery_code(work: Work, row: SecondFactor, given: str) -> bool:
    known = work.session.get(RecoveryCode, (row.user_id, _mark(given)))
    if row.confirmed_at is None or known is None or known.used_at is not None:
        return False
    known.used_at = work.now
    return True


def _new_codes(work: Work, user_id: str) -> RecoveryCodes:
    work.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    codes = [_recovery_code() for _ in range(_CODES)]
    work.session.add_all(RecoveryCode(user_id=user_id, fingerprint=_mark(code)) for code in codes)
    return RecoveryCodes(codes=codes)


def _recovery_code() -> str:
    text = base64.b32encode(secrets.token_bytes(10)).decode().lower()
    return "-".join(text[place : place + 4] for place in range(0, 16, 4))


def _mark(code: str) -> str:
    return fingerprint(code.replace("-", ""))


def _tell(work: Work, *, is_on: bool) -> None:
    member = work.get(Member, work.actor.id or "")
    work.emit(events.SecondFactorChanged(subject_id=member.id, data={"isOn": is_on}))
