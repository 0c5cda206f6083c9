"""Signing in by an account elsewhere: begun by a terminal, gone through in a browser, collected by that terminal.

Three things are bound together. The state is single-use and belongs to the browser that began, by a cookie. The terminal
holds a verifier of which the browser only sees the hash. And the browser shows a code that is typed in the terminal: so
nobody can have somebody else sign in for them by sending a link.
"""

import base64
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from backend.core.errors import Conflict, Forbidden, Invalid, NotFound
from backend.core.security import fingerprint, new_token, same
from backend.core.verifier import challenge_of
from backend.identity import second_step
from backend.identity.google import Person, Secrets
from backend.identity.models import OutsideAccount, OutsideAttempt, User
from backend.identity.schemas import BusinessCreate, SignInRead
from backend.identity.service import add_user, found_business
from backend.identity.sign_ins import Place
from backend.settings import Settings
from backend.work import Work

if TYPE_CHECKING:
    from backend.core.sealing import Vault

HOLDS = timedelta(minutes=10)


def begin(work: Work, challenge: str, secret: Secrets, vault: "Vault") -> tuple[str, str]:
    """Somebody begins: the state that goes along, and the cookie for their browser."""
    state, browser = new_token("hfo"), new_token("hfb")
    work.add(
        OutsideAttempt(
            state=fingerprint(state),
            browser=fingerprint(browser),
            holder=fingerprint(challenge),
            sealed=vault.seal({"nonce": secret.nonce, "verifier": secret.verifier}),
            created_at=work.now,
            expires_at=work.now + HOLDS,
        )
    )
    return state, browser


def use(work: Work, state: str, browser: str, vault: "Vault") -> tuple[str, Secrets]:
    """Use up the state: the attempt's id, and what is needed to exchange the code. Says what is wrong with it."""
    if not state:
        raise Invalid("state: missing. Begin in your terminal.", code="STATE_MISSING")
    query = select(OutsideAttempt).where(OutsideAttempt.state == fingerprint(state)).with_for_update()
    row = work.session.scalar(query)
    if row is None:
        raise NotFound("Nobody here began this. Begin in your terminal.", code="STATE_UNKNOWN")
    if row.browser is None or not same(row.browser, fingerprint(browser)):
        raise Forbidden("Another browser began this. Open the address in one browser only.", code="STATE_OF_ANOTHER")
    if row.used_at is not None:
        raise Conflict("This was gone through already. Begin again in your terminal.", code="STATE_USED")
    if row.expires_at <= work.now:
        raise Conflict("This took too long. Begin again in your terminal.", code="STATE_EXPIRED")
    row.used_at = work.now
    held = vault.open(row.sealed)
    return row.id, Secrets(str(held["nonce"]), str(held["verifier"]))


def settle(work: Work, attempt_id: str, person: Person, vault: "Vault") -> str:
    """Keep who signed in; the code to type in the terminal. Forbidden when nobody here can be meant."""
    row = work.session.get_one(OutsideAttempt, attempt_id, with_for_update=True)
    row.user_id = _user_of(work, person).id
    code = base64.b32encode(secrets.token_bytes(5)).decode()
    row.sealed = vault.seal({"code": code})
    return f"{code[:4]}-{code[4:]}"


def fail(work: Work, attempt_id: str, words: str) -> None:
    """Keep why it did not work, for the terminal."""
    work.session.get_one(OutsideAttempt, attempt_id).failure = words[:300]


def collect(work: Work, verifier: str, code: str, settings: Settings, place: Place, vault: "Vault") -> SignInRead:
    """Sign in the terminal that holds the verifier, by the code that its browser shows; once."""
    holder = OutsideAttempt.holder == fingerprint(challenge_of(verifier))
    query = select(OutsideAttempt).where(holder).order_by(OutsideAttempt.id.desc()).limit(1).with_for_update()
    row = work.session.scalar(query)
    if row is None or row.expires_at <= work.now:
        raise NotFound("Nothing was begun, or it took too long. Begin again.", code="ATTEMPT_UNKNOWN")
    if row.failure is not None:
        raise Conflict(row.failure, code="ATTEMPT_FAILED")
    if row.user_id is None:
        raise Conflict("You have not signed in in the browser yet.", code="ATTEMPT_PENDING")
    if row.collected_at is not None:
        raise Conflict("This was used already. Begin again.", code="ATTEMPT_USED")
    if not same(str(vault.open(row.sealed)["code"]), "".join(code.split()).replace("-", "").upper()):
        raise Forbidden("This is not the code that the browser shows.", code="WRONG_CODE")
    row.collected_at = work.now
    return second_step.sign_in(work, row.user_id, None, settings, place)


def _user_of(work: Work, person: Person) -> User:
    """The user whose account it is; a new one, with a business of theirs, for an e-mail that nobody has."""
    known = work.session.get(OutsideAccount, (person.issuer, person.subject))
    if known is not None:
        return work.session.get_one(User, known.user_id)
    if not person.is_proven:
        raise Forbidden("Google says that this e-mail was never proven. Prove it there first.", code="EMAIL_NOT_PROVEN")
    user = work.session.scalar(select(User).where(User.email == person.email))
    if user is not None and user.email_proven_at is None:
        raise Forbidden(
            f"There is an account with {person.email} that nobody has proven to be theirs. Ask for a new password: the "
            "code comes to you by mail. Then sign in with Google again.",
            code="ACCOUNT_NOT_PROVEN",
        )
    if user is None:
        new = User(email=person.email, name=person.name, created_at=work.now, email_proven_at=work.now)
        user = add_user(work, new)
        found_business(work, user, BusinessCreate(name=f"{person.name}'s business"[:200]))
        work.business_id = ""
        work.session.info.pop("business_id", None)
    work.add(OutsideAccount(issuer=person.issuer, subject=person.subject, user_id=user.id, created_at=work.now))
    return user
