"""One's own account: another business, another password, other sign-ins, and codes as a second factor."""

import asyncio
import base64
from typing import Any

import pytest
from sqlalchemy import func, select

from backend.client import ApiError, Client
from backend.core.security import hash_password
from backend.identity import service
from backend.identity.models import PasswordReset, RecoveryCode, SignIn
from backend.identity.schemas import BusinessCreate, KeyCreate, MemberAdd, SignUp
from backend.identity.totp import code_at, step_at
from backend.unit import Units
from tests.identity.mail import letters, mailed
from tests.support.backend import PASSWORD, Backend, business_of

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
EMAIL = "owner1@example.com"


async def refused(call: Any) -> ApiError:
    with pytest.raises(ApiError) as error:
        await call
    return error.value


async def test_switching_ends_one_sign_in_and_opens_another_elsewhere(backend: Backend) -> None:
    owner = await backend.owner()
    home = await business_of(owner)
    stale = backend.client()
    stale.transport.access_token = owner.transport.access_token
    away = (await owner.businesses.create(BusinessCreate(name="Second"))).id
    assert (await refused(owner.identity.switch(home))).code == "SAME_BUSINESS"
    answers = await asyncio.gather(*(owner.identity.switch(away) for _ in range(3)), return_exceptions=True)
    assert [isinstance(answer, ApiError) for answer in answers].count(False) == 1, answers
    assert await business_of(owner) == away
    assert (await owner.incidences.list()).items == []
    assert (await refused(stale.identity.me())).code == "SIGN_IN_ENDED"
    again = backend.client()
    assert (await again.identity.sign_in(EMAIL, PASSWORD)).business.id == away, "the one used last"
    await again.identity.switch(home)
    assert (await backend.client().identity.sign_in(EMAIL, PASSWORD)).business.id == home
    assert await business_of(owner) == away


@on_sqlite
async def test_sign_ins_are_told_and_ended_one_by_one_or_all_others(backend: Backend) -> None:
    owner = await backend.owner()
    phone = backend.client(address="10.0.0.7")
    phone.transport._http.headers["user-agent"] = "Phone\x1b[2J 1"
    await phone.identity.sign_in(EMAIL, PASSWORD)
    backend.clock.advance(minutes=20)
    await phone.identity.me()
    here, there = (await owner.identity.sign_ins()).items
    assert (here.is_current, there.is_current, there.address) == (True, False, "10.0.0.7")
    assert "\x1b" not in (there.agent or "")
    assert (there.last_used_at - there.created_at).total_seconds() == 1200
    stranger = await backend.another_owner()
    assert (await refused(stranger.identity.end_sign_in(there.id))).status == 404
    await owner.identity.end_sign_in(there.id)
    assert (await refused(phone.identity.me())).code == "SIGN_IN_ENDED"
    assert (await refused(owner.identity.end_sign_in(there.id))).status == 404
    away = (await owner.businesses.create(BusinessCreate(name="Second"))).id
    for _ in range(2):
        await phone.identity.sign_in(EMAIL, PASSWORD)
    await phone.identity.switch(away)  # ends it, and is one elsewhere
    assert {one.business for one in (await owner.identity.sign_ins()).items} == {"Owner 1's business", "Second"}
    assert (await owner.identity.end_other_sign_ins()).ended == 2
    assert (await refused(phone.identity.me())).status == 401
    assert [one.is_current for one in (await owner.identity.sign_ins()).items] == [True]
    assert await stranger.identity.me()


@on_sqlite
async def test_a_forgotten_password_is_set_anew_once_by_who_reads_the_mailbox(backend: Backend) -> None:
    owner, nobody = await backend.owner(), backend.client()
    for email in ("nobody@example.com", EMAIL):
        assert await nobody.identity.forgot_password(email) is None
    count = select(func.count()).select_from(PasswordReset)
    assert await backend.runtime.database.read(lambda session: session.scalar(count)) == 2, "the same for both"
    await backend.drain()
    (mail,) = await letters(backend)
    assert mail[0] == EMAIL
    assert await backend.runtime.database.read(lambda session: session.scalar(count)) == 1, "nobody's is forgotten"
    first = await mailed(backend)
    await nobody.identity.forgot_password(EMAIL)
    await backend.drain()
    token = await mailed(backend)
    resets = (nobody.identity.reset_password(token, f"a new one {number}") for number in range(3))
    answers = await asyncio.gather(*resets, return_exceptions=True)
    assert sorted(getattr(answer, "code", "fine") for answer in answers) == ["RESET_USED", "RESET_USED", "fine"]
    won = next(number for number, answer in enumerate(answers) if answer is None)
    assert (await refused(nobody.identity.reset_password(first, PASSWORD))).code == "RESET_UNKNOWN"
    assert (await refused(owner.identity.me())).code == "SIGN_IN_ENDED"
    assert (await refused(nobody.identity.sign_in(EMAIL, PASSWORD))).status == 401
    assert await nobody.identity.sign_in(EMAIL, f"a new one {won}")
    types = [entry["type"] for entry in (await nobody.audit.list(type="member.password_changed"))["items"]]
    assert types == ["member.password_changed"]


@on_sqlite
async def test_codes_for_passwords_expire_and_nobody_is_flooded(backend: Backend) -> None:
    await backend.owner()
    nobody = backend.client()
    for _ in range(5):
        await nobody.identity.forgot_password(EMAIL)
        await backend.drain()
    assert len(await letters(backend)) == 3
    backend.clock.advance(minutes=30)
    assert (await refused(nobody.identity.reset_password(await mailed(backend), PASSWORD))).code == "RESET_EXPIRED"
    backend.clock.advance(minutes=31)
    await nobody.identity.forgot_password(EMAIL)
    await backend.drain()
    await nobody.identity.reset_password(await mailed(backend), "another one")
    assert (await refused(nobody.identity.reset_password("hfp_guess", PASSWORD))).status == 404


@on_sqlite
@pytest.mark.settings(sign_in_per_minute=3)
async def test_asking_for_codes_is_limited_by_address_and_account(backend: Backend) -> None:
    nobody = backend.client(address="10.0.0.1")
    for number in range(3):
        await nobody.identity.forgot_password(f"{number}@example.com")
    assert (await refused(nobody.identity.forgot_password(EMAIL))).code == "RATE_LIMITED"
    for number in range(3):
        await backend.client(address=f"10.0.1.{number}").identity.forgot_password(EMAIL)
    error = await refused(backend.client(address="10.0.2.1").identity.forgot_password(EMAIL))
    assert error.code == "RATE_LIMITED"


@on_sqlite
async def test_whoever_knows_the_password_changes_it_and_stays(backend: Backend) -> None:
    owner, other = await backend.owner(), backend.client()
    await other.identity.sign_in(EMAIL, PASSWORD)
    error = await refused(owner.identity.change_password("guess", "another one"))
    assert (error.status, error.code) == (403, "WRONG_PASSWORD")
    assert (await owner.identity.change_password(PASSWORD, "another one")).ended == 1
    assert (await refused(other.identity.me())).code == "SIGN_IN_ENDED"
    assert await owner.identity.me()
    await owner.identity.check_password("another one")
    assert (await refused(owner.identity.check_password(PASSWORD))).code == "WRONG_PASSWORD"


def test_codes_are_those_of_the_standard() -> None:
    secret = b"12345678901234567890"  # RFC 6238, appendix B, the last six of eight digits
    known = {59: "287082", 1111111109: "081804", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130"}
    assert {at: code_at(secret, at // 30) for at in known} == known


async def begun(client: Client, backend: Backend) -> tuple[bytes, list[str]]:
    """The secret, and the codes to recover by."""
    told = await client.identity.begin_second_factor(PASSWORD)
    secret = base64.b32decode(told.secret)
    assert told.uri == f"otpauth://totp/Holdfast:owner1%40example.com?secret={told.secret}&issuer=Holdfast"
    codes = (await client.identity.confirm_second_factor(code_at(secret, step_at(backend.clock.now())))).codes
    return secret, codes


@on_sqlite
async def test_signing_in_takes_a_code_once_it_was_confirmed(backend: Backend) -> None:
    owner, other = await backend.owner(), backend.client()
    assert (await refused(owner.identity.begin_second_factor("guess"))).code == "WRONG_PASSWORD"
    assert (await refused(owner.identity.confirm_second_factor("000000"))).code == "SECOND_FACTOR_NOT_BEGUN"
    await owner.identity.begin_second_factor(PASSWORD)
    assert await other.identity.sign_in(EMAIL, PASSWORD), "not confirmed yet"
    secret, codes = await begun(owner, backend)
    assert (await refused(owner.identity.begin_second_factor(PASSWORD))).code == "SECOND_FACTOR_ON"

    def code(later: int = 0) -> str:
        return code_at(secret, step_at(backend.clock.now()) + later)

    assert (await refused(other.identity.sign_in(EMAIL, "guess"))).code == "INVALID_CREDENTIALS"
    challenged = await refused(other.identity.sign_in(EMAIL, PASSWORD))
    assert (challenged.status, challenged.code) == (401, "SECOND_FACTOR_REQUIRED")
    challenge = challenged.details["challenge"]
    other.transport.access_token, other.transport.refresh_token = challenge, None
    assert (await refused(other.identity.me())).status == 401, "a challenge is no token"
    token = owner.transport.access_token or ""
    assert (await refused(other.identity.sign_in_with_code(token, code(1)))).code == "INVALID_TOKEN"
    assert (await refused(other.identity.sign_in_with_code(challenge, code()))).code == "WRONG_CODE", "confirmed by it"
    tries = (backend.client().identity.sign_in_with_code(challenge, code(1)) for _ in range(3))
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(getattr(answer, "code", "fine") for answer in answers) == ["WRONG_CODE", "WRONG_CODE", "fine"]
    backend.clock.advance(seconds=90)
    for far in (-2, 2):
        assert (await refused(other.identity.sign_in_with_code(challenge, code(far)))).code == "WRONG_CODE"
    assert await other.identity.sign_in_with_code(challenge, code())
    assert await backend.client().identity.sign_in_with_code(challenge, codes[0].upper())
    assert (await refused(other.identity.sign_in_with_code(challenge, codes[0]))).code == "WRONG_CODE"
    assert (await other.identity.second_factor()).recovery_codes_left == 9
    kept = await backend.runtime.database.read(lambda session: session.scalars(select(RecoveryCode.fingerprint)).all())
    assert not set(codes) & set(kept)
    backend.clock.advance(minutes=5)
    assert (await refused(other.identity.sign_in_with_code(challenge, codes[1]))).code == "TOKEN_EXPIRED"


@on_sqlite
async def test_codes_to_recover_by_are_renewed_and_the_old_ones_are_void(backend: Backend) -> None:
    owner, other = await backend.owner(), backend.client()
    renew = owner.identity.renew_recovery_codes
    assert (await refused(renew(password=PASSWORD))).code == "SECOND_FACTOR_OFF"
    secret, first = await begun(owner, backend)
    backend.clock.advance(seconds=30)
    code = code_at(secret, step_at(backend.clock.now()))
    for body in ({}, {"password": PASSWORD, "code": code}):
        answer = await owner.transport._http.post(
            "/api/users/me/second-factor/recovery-codes",
            json=body,
            headers={"authorization": f"Bearer {owner.transport.access_token}"},
        )
        assert answer.status_code == 400, answer.text
    assert (await refused(renew(password="guess"))).code == "WRONG_PASSWORD"
    assert (await refused(renew(code="000000"))).code == "WRONG_CODE"
    second = (await renew(code=code)).codes
    assert (await refused(renew(code=code))).code == "WRONG_CODE", "used up"
    third = (await renew(password=PASSWORD)).codes
    assert len({*first, *second, *third}) == 30
    assert (await owner.identity.second_factor()).recovery_codes_left == 10
    challenge = (await refused(other.identity.sign_in(EMAIL, PASSWORD))).details["challenge"]
    for old in (first[0], second[0]):
        assert (await refused(other.identity.sign_in_with_code(challenge, old))).code == "WRONG_CODE"
    assert await other.identity.sign_in_with_code(challenge, third[0])
    told = [entry["type"] for entry in (await owner.audit.list(type="member.recovery_codes_renewed"))["items"]]
    assert len(told) == 2


@on_sqlite
async def test_codes_cannot_be_tried_out_and_are_switched_off_with_both(backend: Backend) -> None:
    owner, other = await backend.owner(), backend.client()
    await reset(backend, PASSWORD)  # proves the e-mail
    await owner.identity.sign_in(EMAIL, PASSWORD)
    secret, codes = await begun(owner, backend)
    challenge = (await refused(other.identity.sign_in(EMAIL, PASSWORD))).details["challenge"]
    wrong = [(await refused(other.identity.sign_in_with_code(challenge, "000000"))).code for _ in range(6)]
    assert wrong == ["WRONG_CODE"] * 5 + ["RATE_LIMITED"]
    assert (await refused(other.identity.sign_in_with_code(challenge, codes[0]))).code == "RATE_LIMITED"
    backend.clock.advance(minutes=15)
    assert (await refused(owner.identity.end_second_factor(PASSWORD, "000000"))).code == "WRONG_CODE"
    assert (await refused(owner.identity.end_second_factor("guess", codes[0]))).code == "WRONG_PASSWORD"
    # The mailbox alone is not enough: a reset leaves the second factor on, and ends old challenges.
    challenge = (await refused(other.identity.sign_in(EMAIL, PASSWORD))).details["challenge"]
    await reset(backend, "another one")
    assert (await refused(other.identity.sign_in_with_code(challenge, codes[0]))).code == "INVALID_TOKEN"
    challenge = (await refused(other.identity.sign_in(EMAIL, "another one"))).details["challenge"]
    await other.identity.sign_in_with_code(challenge, codes[0])
    code = code_at(secret, step_at(backend.clock.now()))
    await other.identity.end_second_factor("another one", code)
    assert not (await other.identity.second_factor()).is_on
    assert await backend.client().identity.sign_in(EMAIL, "another one")
    ends = select(func.count()).select_from(SignIn).where(SignIn.ended_at.is_not(None))
    assert await backend.runtime.database.read(lambda session: session.scalar(ends)) == 2


async def reset(backend: Backend, password: str, email: str = EMAIL) -> str:
    """Set a password by the mailbox; the words of the mail."""
    nobody = backend.client()
    await nobody.identity.forgot_password(email)
    await backend.drain()
    _, text = (await letters(backend))[-1]
    await nobody.identity.reset_password(await mailed(backend), password)
    return text


async def test_the_mailbox_gets_an_account_that_a_stranger_made_with_nothing_of_theirs_left(backend: Backend) -> None:
    mallory, friend, nobody = await backend.owner(), backend.client(), backend.client()
    home = await business_of(mallory)
    second = await mallory.businesses.create(BusinessCreate(name="Second"))
    key = await mallory.keys.create(KeyCreate(name="a way back"))
    await mallory.businesses.add_member(home, MemberAdd(email="friend@example.com", name="Friend", role="owner"))
    invitation = await mailed(backend)
    await begun(mallory, backend)
    await friend.identity.sign_up(SignUp(email="friend@example.com", password=PASSWORD, name="Friend"))
    theirs = await friend.keys.create(KeyCreate(name="of somebody else"))
    assert "proven this e-mail" in await reset(backend, "the owner's own")
    assert (await refused(mallory.identity.me())).code == "SIGN_IN_ENDED"
    assert (await refused(nobody.identity.sign_in(EMAIL, PASSWORD))).code == "INVALID_CREDENTIALS"
    assert (await refused(nobody.invitations.show(invitation))).code == "INVITATION_REVOKED"
    for used, code in ((key.key, "INVALID_KEY"), (theirs.key, "STAFF_ONLY")):
        nobody.transport._http.headers["x-api-key"] = used
        assert (await refused(nobody.identity.me())).code == code
    del nobody.transport._http.headers["x-api-key"]
    await nobody.identity.sign_in(EMAIL, "the owner's own")
    assert not (await nobody.identity.second_factor()).is_on
    assert {one.id for one in (await nobody.businesses.list()).items} == {home, second.id}, "they stay, on record"
    told = [entry["type"] for entry in (await nobody.audit.list(limit=20))["items"]]
    assert {"key.revoked", "invitation.revoked", "signin.ended", "member.second_factor_changed"} <= set(told)
    # Once proven, the account is theirs, and a reset takes nothing away but sign-ins.
    mine = await nobody.keys.create(KeyCreate(name="mine"))
    assert "proven this e-mail" not in await reset(backend, "and another")
    nobody.transport._http.headers["x-api-key"] = mine.key
    nobody.transport.access_token = None
    assert (await refused(nobody.identity.me())).code == "STAFF_ONLY"


@on_sqlite
async def test_whoever_runs_the_server_vouches_for_its_first_owner(backend: Backend) -> None:
    hashed = await hash_password(PASSWORD, 4)
    await Units(backend.runtime, "").write(service.found, SignUp(email=EMAIL, password=PASSWORD, name="Asha"), hashed)
    owner = backend.client()
    await owner.identity.sign_in(EMAIL, PASSWORD)
    key = await owner.keys.create(KeyCreate(name="of the shop"))
    assert "proven this e-mail" not in await reset(backend, "another one")
    shop = backend.client(api_key=key.key)
    assert (await refused(shop.identity.me())).code == "STAFF_ONLY", "it holds still"


@on_sqlite
async def test_an_e_mail_is_proven_by_who_is_signed_in_and_reads_it(backend: Backend) -> None:
    owner, other = await backend.owner(), await backend.another_owner()
    key = await owner.keys.create(KeyCreate(name="of the shop"))
    for _ in range(3):
        await owner.identity.mail_proof()
    (mail,) = await letters(backend)
    code = next(line for line in mail[1].splitlines() if len(line) == 8 and line.isupper())
    assert mail[0] == EMAIL
    assert (await refused(owner.identity.prove_email("AAAAAAAA"))).code == "WRONG_CODE"
    assert (await refused(other.identity.prove_email(code))).code == "WRONG_CODE", "it is the other's"
    backend.clock.advance(minutes=61)
    assert (await refused(owner.identity.prove_email(code))).code == "WRONG_CODE", "too late"
    await owner.identity.mail_proof()
    code = next(line for line in (await letters(backend))[-1][1].splitlines() if len(line) == 8 and line.isupper())
    assert not (await owner.identity.profile()).is_email_proven
    assert (await owner.identity.prove_email(f"{code[:4]}-{code[4:].lower()}")).is_email_proven
    assert (await refused(owner.identity.mail_proof())).code == "EMAIL_PROVEN"
    assert "proven this e-mail" not in await reset(backend, "another one")
    assert (await refused(backend.client(api_key=key.key).identity.me())).code == "STAFF_ONLY", "the key holds still"
