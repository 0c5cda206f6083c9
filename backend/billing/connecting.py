"""Connecting a Stripe account by OAuth (Stripe Connect, standard accounts).

A member asks for a URL and opens it in a browser, or has somebody open it who owns the Stripe account. It is a page of
ours, which says who asks for which business; pressing its button ties the browser to the state, by a cookie, and goes on
to Stripe. Stripe sends the browser back with a code and the state, which holds ten minutes, for one use, in that browser
and as long as the sign-in that began; only its fingerprint is kept. So nobody connects an account by an address of
Stripe's that they sent around, and no answer of Stripe's that belongs elsewhere is taken. A program that sends the token
of who began needs no browser. What is kept of the account is its id: it is called with the platform's key and
`Stripe-Account`.
"""

from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlencode

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from backend.billing import accounts, replacing, repository
from backend.billing.gateway import Door, Shown, is_live_key
from backend.billing.models import StripeConnecting
from backend.billing.schemas import AccountNamed, Connecting
from backend.core.errors import Conflict, Failure, Forbidden, Invalid, Unprocessable
from backend.core.outside import Refused
from backend.core.sealing import Vault
from backend.core.security import fingerprint, new_token, same
from backend.core.text import clean_line
from backend.events.event import Actor
from backend.identity.models import Business, Member, SignIn, User
from backend.identity.permissions import ADMIN
from backend.settings import Settings
from backend.work import Work

HOLDS = timedelta(minutes=10)
AUTHORIZE = "https://connect.stripe.com"
OPEN = "/api/stripe/connect"
CALLBACK = "/api/stripe/callback"
_KEPT = timedelta(days=1)
_AGAIN = "Begin again with `holdfast finance connect` or in the console."
_CODES = (
    (
        "already been used",
        "STRIPE_CODE_USED",
        "This code of Stripe's was used before: its answer was opened twice, or somewhere else first.",
    ),
    ("expired", "STRIPE_CODE_EXPIRED", "This code of Stripe's is older than the five minutes that it holds."),
    (
        "does not exist",
        "STRIPE_CODE_UNKNOWN",
        "Stripe knows no such code of this platform: it was changed on the way, or HOLDFAST_STRIPE_CONNECT_CLIENT_ID and"
        " HOLDFAST_STRIPE_SECRET_KEY are of two platforms, or one of test mode and one of live mode.",
    ),
)
"""Stripe has one name (invalid_grant) for all that may be wrong with a code: what it says then, and what we make of it."""
_CODE_REFUSED = ("STRIPE_CODE_REFUSED", "Stripe takes this code no more.")


class Connector(NamedTuple):
    """For whom a state was drawn, and in which browser it was gone on with."""

    business_id: str
    actor: Actor
    business: str
    email: str
    browser: str | None

    def expect(self, cookie: str) -> None:
        """Forbidden unless the browser with that cookie is the one in which somebody went on to Stripe."""
        if self.browser is None or not same(self.browser, fingerprint(cookie)):
            words = "Another browser began this, or none did: open the address and agree in one browser only."
            raise Forbidden(f"{words} Nothing was connected. {_AGAIN}", code="STATE_OF_ANOTHER")


def check_ready(settings: Settings) -> None:
    """Unprocessable, saying what to set, unless this server is a Connect platform."""
    missing = [
        name
        for name, value in (
            ("HOLDFAST_STRIPE_CONNECT_CLIENT_ID", settings.stripe_connect_client_id),
            ("HOLDFAST_STRIPE_SECRET_KEY", settings.stripe_secret_key.get_secret_value()),
        )
        if not value.strip()
    ]
    if missing:
        words = f"This server is no Stripe Connect platform: an admin must set {' and '.join(missing)}."
        words += " A restricted key connects an account without it: `holdfast stripe connect`."
        raise Unprocessable(words, code="STRIPE_CONNECT_NOT_CONFIGURED", settings=missing)


def platform(settings: Settings, business_id: str, account: str | None = None) -> Door:
    """The platform's own door, or the one to a connected account."""
    key = settings.stripe_secret_key.get_secret_value().strip()
    return Door(business_id, key, account, is_live_key(key))


def begin(work: Work, settings: Settings, sign_in_id: str | None) -> tuple[str, datetime]:
    """Draw a state for the member who asks, and until when it holds. Conflict when an account is connected."""
    _check_free(work, settings)
    mine = StripeConnecting.business_id == work.business_id
    old = delete(StripeConnecting).where(mine, StripeConnecting.expires_at < work.now - _KEPT)
    work.session.execute(old.execution_options(synchronize_session=False))
    state = new_token("hfc")
    about = {"member_id": work.actor.id or "", "sign_in_id": sign_in_id, "created_at": work.now}
    work.add(StripeConnecting(fingerprint=fingerprint(state), expires_at=work.now + HOLDS, **about))
    return state, work.now + HOLDS


def url(settings: Settings, state: str, server: str) -> str:
    """The page of ours that the browser opens; `server` is how it reaches us."""
    return f"{(settings.public_url or server).rstrip('/')}{OPEN}?{urlencode({'state': state})}"


def stripe_url(settings: Settings, state: str, server: str) -> str:
    """Where the browser goes from there."""
    asked = {
        "response_type": "code",
        "client_id": settings.stripe_connect_client_id.strip(),
        "scope": "read_write",
        "state": state,
        "redirect_uri": (settings.public_url or server).rstrip("/") + CALLBACK,
    }
    return f"{(settings.stripe_api_base or AUTHORIZE).rstrip('/')}/oauth/authorize?{urlencode(asked)}"


def connector_of(session: Session, state: str) -> Connector:
    """For whom a state was drawn. Invalid without one, Unprocessable when nobody here drew it (or it is long gone),
    Forbidden when that member may not connect accounts any more."""
    if not state:
        raise Invalid(f"state: missing. Stripe sends it back with the browser. {_AGAIN}", code="STATE_MISSING")
    row = StripeConnecting
    query = (
        select(row.business_id, row.browser, Member, User.name, User.email, Business.name, SignIn.ended_at)
        .join(Member, Member.id == row.member_id)
        .join(User, User.id == Member.user_id)
        .join(Business, Business.id == row.business_id)
        .outerjoin(SignIn, SignIn.id == row.sign_in_id)
        .where(row.fingerprint == fingerprint(state))
    )
    found = session.execute(query).first()
    if found is None:
        raise Unprocessable(f"This state was not drawn here, or long ago. {_AGAIN}", code="STATE_UNKNOWN")
    business_id, browser, member, name, email, business, ended_at = found
    if member.removed_at is not None or member.role not in ADMIN.roles:
        raise Forbidden("Who began this may not connect accounts of this business any more.", code="ROLE_MISSING")
    if ended_at is not None:
        raise Forbidden(f"Whoever began this has signed out since. {_AGAIN}", code="STATE_VOID")
    return Connector(business_id, Actor("member", member.id, name, member.role), business, email, browser)


def go_on(work: Work, state: str, cookie: str) -> None:
    """Tie the state to the browser with that cookie, in which somebody goes on to Stripe; the first one has it."""
    row = _holding(work, state)
    if row.browser is not None and not same(row.browser, fingerprint(cookie)):
        words = "Another browser has gone on with this. Agree there, or begin again"
        raise Forbidden(f"{words}. {_AGAIN}", code="STATE_OF_ANOTHER")
    row.browser = fingerprint(cookie)


def use(work: Work, state: str, settings: Settings) -> None:
    """Use a state up. Conflict when it was used before or something is connected, Unprocessable when it is too old."""
    row = _holding(work, state)
    _check_free(work, settings)
    row.used_at = work.now


def _holding(work: Work, state: str) -> StripeConnecting:
    mine = (StripeConnecting.business_id == work.business_id) & (StripeConnecting.fingerprint == fingerprint(state))
    row = work.session.scalars(select(StripeConnecting).where(mine).with_for_update()).one()
    if row.used_at is not None:
        raise Conflict(f"This answer of Stripe's was used already; nothing was changed. {_AGAIN}", code="STATE_USED")
    if row.expires_at <= work.now:
        words = f"This took longer than {HOLDS.seconds // 60} minutes; nothing was connected. {_AGAIN}"
        raise Unprocessable(words, code="STATE_EXPIRED")
    return row


def note(work: Work, state: str, words: str) -> None:
    """Why nothing came of it, for who waits in the console."""
    mine = (StripeConnecting.business_id == work.business_id) & (StripeConnecting.fingerprint == fingerprint(state))
    statement = update(StripeConnecting).where(mine).values(error=words)
    work.session.execute(statement.execution_options(synchronize_session=False))


def latest(work: Work) -> Connecting | None:
    """The last try, while it waits and when it failed; None when there is none, or it went well."""
    row = _last(work)
    if (found := agreed_to(work)) is not None and row is not None:
        last = repository.account(work.session, work.business_id)
        replaces = replacing.named(last.stripe_account_id, last.name) if last is not None else None
        return Connecting(expires_at=row.expires_at, error=None, replaces=replaces, by=replacing.named(*found))
    if row is None or (row.used_at is not None and row.error is None):
        return None
    is_over = row.expires_at <= work.now and row.error is None
    error = f"Nobody agreed within {HOLDS.seconds // 60} minutes. {_AGAIN}" if is_over else row.error
    return Connecting(expires_at=row.expires_at, error=error)


def _last(work: Work) -> StripeConnecting | None:
    query = select(StripeConnecting).where(StripeConnecting.business_id == work.business_id)
    return work.session.scalar(query.order_by(StripeConnecting.id.desc()).limit(1))


def finish(work: Work, door: Door, shown: Shown, vault: Vault, state: str) -> tuple[AccountNamed, AccountNamed] | None:
    """Connect the account that somebody agreed to. Conflict when another business has it. When it is another one than the
    last, it waits for a day until somebody here agrees: both are answered, the last one first."""
    row = repository.account(work.session, work.business_id)
    id, name = door.account or "", replacing.name_of(shown)
    if row is None or not replacing.is_another(row, id):
        _connect(work, door, shown, vault)
        return None
    _check_others(work, id)
    mine = (StripeConnecting.business_id == work.business_id) & (StripeConnecting.fingerprint == fingerprint(state))
    values = {"account_id": id, "account_name": name or None, "expires_at": work.now + _KEPT}
    statement = update(StripeConnecting).where(mine).values(**values)
    work.session.execute(statement.execution_options(synchronize_session=False))
    return replacing.named(row.stripe_account_id, row.name), replacing.named(id, name)


def agreed_to(work: Work) -> tuple[str, str] | None:
    """The account (id, name) that its owner agreed to, and of which nobody here has said that it replaces the last one."""
    row = _last(work)
    is_open = row is not None and row.account_id is not None and row.expires_at > work.now
    return (row.account_id or "", row.account_name or "") if row is not None and is_open else None


def agree(work: Work, door: Door, shown: Shown, vault: Vault, replaces: str, settings: Settings) -> None:
    """Connect the account that waits, in the place of `replaces`. Conflict when that is not the last one."""
    _check_free(work, settings)
    _connect(work, door, shown, vault, replaces)
    drop(work)


def drop(work: Work) -> None:
    """Wait no more for anybody to agree."""
    mine = (StripeConnecting.business_id == work.business_id) & StripeConnecting.account_id.is_not(None)
    statement = update(StripeConnecting).where(mine).values(account_id=None, account_name=None)
    work.session.execute(statement.execution_options(synchronize_session=False))


def _connect(work: Work, door: Door, shown: Shown, vault: Vault, replaces: str = "") -> None:
    _check_others(work, door.account or "")
    accounts.connect(work, door, shown, vault, None, replaces)


def _check_others(work: Work, id: str) -> None:
    if accounts.others_have(work, id):
        words = f"{id} is connected to another business here; disconnect it there first. Nothing was changed."
        raise Conflict(words, code="STRIPE_ACCOUNT_TAKEN", accountId=id)


def declined(error: str, description: str) -> Failure:
    """What Stripe sent the browser back with instead of a code."""
    words = clean_line(description or error)[:300]
    if error == "access_denied" and "platform" not in words.lower():
        return Unprocessable(f"Nobody agreed at Stripe: {words}. {_AGAIN}", code="STRIPE_CONNECT_DENIED")
    return _refused(words, error)


def refused(trouble: Refused) -> Failure:
    """Why Stripe took no code."""
    told = str(trouble)
    if trouble.code != "invalid_grant" or "platform" in told.lower():
        return _refused(told, trouble.code)
    code, words = next((ours for theirs, *ours in _CODES if theirs in told.lower()), _CODE_REFUSED)
    return Unprocessable(f"{words} Nothing was connected. {_AGAIN}", code=code, stripe=told)


def _refused(words: str, code: str) -> Failure:
    if "platform" in words.lower():
        told = f"{words} Stripe lets an account that another platform controls be connected by a restricted key only:"
        return Unprocessable(f"{told} `holdfast stripe connect`.", code="STRIPE_ACCOUNT_ELSEWHERE")
    return Unprocessable(f"Stripe refused to connect the account: {words}", code="STRIPE_CONNECT_REFUSED", stripe=code)


def _check_free(work: Work, settings: Settings) -> None:
    row = repository.account(work.session, work.business_id)
    has_key = row is None and bool(accounts.settings_key(work, settings))
    if has_key or (row is not None and row.disconnected_at is None):
        raise Conflict("A Stripe account is connected already. Disconnect it first.", code="STRIPE_CONNECTED")
