"""Signing up, in and out: tokens hold as long as they should, and not a moment longer."""

import asyncio
from typing import Any

import bcrypt
import jwt
import pytest
from sqlalchemy import select

from backend.client import ApiError, Client
from backend.identity.models import User
from backend.identity.schemas import SignUp
from tests.support.backend import PASSWORD, Backend

pytestmark = pytest.mark.alike


def body(email: str = "asha@example.com", password: str = PASSWORD, **more: Any) -> SignUp:
    return SignUp(email=email, password=password, name="Asha", **more)


async def refused(call: Any) -> ApiError:
    """The refusal that `call` ends with."""
    with pytest.raises(ApiError) as error:
        await call
    return error.value


def copy(backend: Backend, of: Client) -> Client:
    """Another client with the same tokens."""
    client = backend.client()
    client.transport.access_token, client.transport.refresh_token = (
        of.transport.access_token,
        of.transport.refresh_token,
    )
    return client


async def test_signing_up_makes_an_account_and_a_business(backend: Backend) -> None:
    client = backend.client()
    answer = await client.identity.sign_up(body(business_name="Asha's Kitchen"))
    assert (answer.user.email, answer.business.name, answer.role) == ("asha@example.com", "Asha's Kitchen", "owner")
    assert (answer.business.currency, answer.business.time_zone) == ("INR", "Asia/Kolkata")
    me = await client.identity.me()
    assert (me.member_id, me.time) == (answer.member_id, backend.clock.now())


async def test_the_token_carries_what_others_rely_on(backend: Backend) -> None:
    answer = await backend.client().identity.sign_up(body())
    claims = jwt.decode(answer.access_token, options={"verify_signature": False})
    assert (claims["user_id"], claims["email"]) == (answer.user.id, "asha@example.com")
    assert claims["exp"] == int(answer.expires_at.timestamp())
    assert (answer.expires_at - backend.clock.now()).days == 7


async def test_an_e_mail_signs_up_once_however_it_is_written(backend: Backend) -> None:
    await backend.client().identity.sign_up(body())
    error = await refused(backend.client().identity.sign_up(body("Asha@Example.COM ")))
    assert (error.status, error.code) == (409, "EMAIL_TAKEN")


async def test_an_e_mail_signs_up_once_even_at_once(backend: Backend) -> None:
    answers = await asyncio.gather(
        *(backend.client().identity.sign_up(body()) for _ in range(6)), return_exceptions=True
    )
    errors = [answer for answer in answers if isinstance(answer, ApiError)]
    assert len(errors) == 5
    assert {(error.status, error.code) for error in errors} == {(409, "EMAIL_TAKEN")}


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": "no-at"},
        {"email": "a@b"},
        {"email": "a b@c.de"},
        {"password": "short"},
        {"password": "x" * 257},
        {"name": " "},
        {"name": "\x1b\u202e"},
        {"name": "x" * 201},
        {"email": None},
    ],
)
async def test_a_misshapen_sign_up_names_the_field(backend: Backend, wrong: dict[str, Any]) -> None:
    given = {"email": "asha@example.com", "password": PASSWORD, "name": "Asha", **wrong}
    error = await refused(backend.client().transport.call("POST", "/api/auth/signup", None, given))
    assert (error.status, error.code, error.details["field"]) == (400, "VALIDATION_ERROR", next(iter(wrong)))


async def test_a_wrong_password_and_an_unknown_account_look_alike(backend: Backend) -> None:
    await backend.client().identity.sign_up(body())
    wrong = await refused(backend.client().identity.sign_in("asha@example.com", "wrong horse"))
    unknown = await refused(backend.client().identity.sign_in("nobody@example.com", PASSWORD))
    assert (wrong.status, wrong.code, wrong.message) == (unknown.status, unknown.code, unknown.message)
    assert (wrong.status, wrong.code) == (401, "INVALID_CREDENTIALS")


async def test_every_character_of_a_long_password_counts(backend: Backend) -> None:
    long = "x" * 100
    await backend.client().identity.sign_up(body(password=long + "a"))
    assert (await refused(backend.client().identity.sign_in("asha@example.com", long + "b"))).status == 401
    assert await backend.client().identity.sign_in("asha@example.com", long + "a")


async def test_passwords_are_kept_as_bcrypt(backend: Backend) -> None:
    await backend.client().identity.sign_up(body())
    hashed = await backend.runtime.database.read(lambda session: session.scalar(select(User.password_hash)))
    assert hashed is not None
    assert hashed.startswith("$2b$04$")
    assert PASSWORD not in hashed


def test_the_cost_of_a_hash_is_twelve_unless_told() -> None:
    from backend.settings import Settings

    assert Settings.model_fields["bcrypt_cost"].default == 12


@pytest.mark.settings(sign_in_per_minute=10)
async def test_ten_tries_a_minute_per_account_wherever_they_come_from(backend: Backend) -> None:
    await backend.client().identity.sign_up(body())
    for number in range(10):
        error = await refused(backend.client(address=f"10.0.0.{number}").identity.sign_in("asha@example.com", "wrong"))
        assert error.status == 401
    response = await backend.client(address="10.0.1.1").transport._http.post(
        "/api/auth/login", json={"email": "ASHA@example.com", "password": PASSWORD}
    )
    assert (response.status_code, response.headers["retry-after"]) == (429, "60")
    assert response.json()["error"]["code"] == "RATE_LIMITED"
    assert (await refused(backend.client().identity.sign_in("other@example.com", PASSWORD))).status == 401
    backend.clock.advance(seconds=60)
    assert await backend.client().identity.sign_in("asha@example.com", PASSWORD)


@pytest.mark.settings(sign_in_per_minute=10)
async def test_ten_tries_a_minute_per_address_whomever_they_name(backend: Backend) -> None:
    client = backend.client(address="10.0.0.1")
    errors = [await refused(client.identity.sign_in(f"{number}@example.com", "wrong")) for number in range(11)]
    assert [error.status for error in errors] == [401] * 10 + [429]


async def test_tokens_expire_on_their_day(backend: Backend) -> None:
    client = backend.client()
    await client.identity.sign_up(body())
    client.transport.refresh_token = None
    backend.clock.advance(days=7, seconds=-1)
    assert await client.identity.me()
    backend.clock.advance(seconds=1)
    error = await refused(client.identity.me())
    assert (error.status, error.code) == (401, "TOKEN_EXPIRED")


async def test_a_client_refreshes_by_itself_when_its_token_has_expired(backend: Backend) -> None:
    client = backend.client()
    await client.identity.sign_up(body())
    first = client.transport.access_token
    backend.clock.advance(days=8)
    assert (await client.businesses.list()).items
    assert client.transport.access_token != first


async def test_a_refresh_token_expires_too(backend: Backend) -> None:
    client = backend.client()
    await client.identity.sign_up(body())
    backend.clock.advance(days=30)
    assert (await refused(client.identity.refresh())).code == "INVALID_REFRESH_TOKEN"


async def test_refresh_tokens_rotate(backend: Backend) -> None:
    client = backend.client()
    await client.identity.sign_up(body())
    seen = {client.transport.refresh_token}
    for _ in range(3):
        await client.identity.refresh()
        seen.add(client.transport.refresh_token)
        assert await client.identity.me()
    assert len(seen) == 4


async def test_a_reused_refresh_token_ends_the_whole_family(backend: Backend) -> None:
    client = backend.client()
    await client.identity.sign_up(body())
    thief = copy(backend, client)
    await client.identity.refresh()
    assert (await refused(thief.identity.refresh())).code == "REFRESH_TOKEN_REUSED"
    assert (await refused(client.identity.me())).code == "SIGN_IN_ENDED"
    assert (await refused(client.identity.refresh())).code == "INVALID_REFRESH_TOKEN"
    assert (await refused(thief.identity.refresh())).code == "INVALID_REFRESH_TOKEN"
    again = await backend.client().identity.sign_in("asha@example.com", PASSWORD)
    assert again.user.email == "asha@example.com"


async def test_a_refresh_token_used_ten_times_at_once_is_exchanged_once(backend: Backend) -> None:
    client = backend.client()
    await client.identity.sign_up(body())
    copies = [copy(backend, client) for _ in range(10)]
    answers = await asyncio.gather(*(one.identity.refresh() for one in copies), return_exceptions=True)
    codes = [answer.code if isinstance(answer, ApiError) else "fine" for answer in answers]
    assert codes.count("fine") == 1
    assert codes.count("REFRESH_TOKEN_REUSED") == 1
    assert codes.count("INVALID_REFRESH_TOKEN") == 8


async def test_another_sign_in_is_another_family(backend: Backend) -> None:
    one, two = backend.client(), backend.client()
    await one.identity.sign_up(body())
    await two.identity.sign_in("asha@example.com", PASSWORD)
    stale = copy(backend, one)
    await one.identity.refresh()
    await refused(stale.identity.refresh())
    assert await two.identity.me()


async def test_signing_out_holds_at_once_and_for_both_tokens(backend: Backend) -> None:
    client, other = backend.client(), backend.client()
    await client.identity.sign_up(body())
    await other.identity.sign_in("asha@example.com", PASSWORD)
    await client.identity.me()
    await client.identity.sign_out()
    assert (await refused(client.identity.me())).code == "SIGN_IN_ENDED"
    assert (await refused(client.identity.refresh())).code == "INVALID_REFRESH_TOKEN"
    assert await other.identity.me()


@pytest.mark.parametrize("token", ["", "garbage", "hfr_" + "x" * 43])
async def test_a_refresh_token_nobody_gave_out_is_refused(backend: Backend, token: str) -> None:
    client = backend.client()
    client.transport.refresh_token = token
    error = await refused(client.identity.refresh())
    assert (error.status, error.code) == (401, "INVALID_REFRESH_TOKEN")


async def test_a_token_signed_with_another_secret_or_none_is_refused(backend: Backend) -> None:
    client = backend.client()
    answer = await client.identity.sign_up(body())
    claims = jwt.decode(answer.access_token, options={"verify_signature": False})
    forged = [jwt.encode(claims, "x" * 40, "HS256"), jwt.encode(claims, "", "none")]
    for token in forged:
        client.transport.access_token, client.transport.refresh_token = token, None
        error = await refused(client.identity.me())
        assert (error.status, error.code) == (401, "INVALID_TOKEN")


async def test_one_changes_ones_own_name_and_picture(backend: Backend) -> None:
    client = backend.client()
    await client.identity.sign_up(body())
    path = "/api/users/me"
    changed = await client.transport.call(
        "PATCH", path, None, {"name": "Asha K", "avatarUrl": "https://a.example/b.png"}
    )
    assert (changed["name"], changed["avatarUrl"]) == ("Asha K", "https://a.example/b.png")
    assert (await client.identity.me()).user.name == "Asha K"
    assert (await client.transport.call("PATCH", path, None, {"avatarUrl": None}))["avatarUrl"] is None
    for wrong in ({"avatarUrl": "javascript:alert(1)"}, {"name": ""}):
        assert (await refused(client.transport.call("PATCH", path, None, wrong))).status == 400


@pytest.mark.settings(bcrypt_cost=5)
async def test_an_unknown_account_takes_as_long_as_a_wrong_password(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    await backend.owner()
    compare, costs = bcrypt.checkpw, []

    def noted(password: bytes, hashed: bytes) -> bool:
        costs.append(hashed.split(b"$")[2])
        return compare(password, hashed)

    monkeypatch.setattr(bcrypt, "checkpw", noted)
    for email in ("owner1@example.com", "nobody@example.com"):
        with pytest.raises(ApiError, match="wrong"):
            await backend.client().identity.sign_in(email, "not it")
    assert costs == [b"05", b"05"]
