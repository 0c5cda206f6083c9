"""Speaking OpenID Connect with Google (or who speaks it alike): where to send a browser, and what its answer proves.

Nothing else in the house imports Authlib; it is imported where it is needed.
"""

import secrets
from dataclasses import dataclass
from typing import Any

from backend.core.clock import Clock
from backend.core.errors import Unauthenticated, Unavailable, Unprocessable
from backend.core.outside import Outside, Unreached
from backend.core.text import clean_line
from backend.settings import Settings

SCOPE = "openid email profile"
ALGORITHMS = ("RS256", "ES256")
_LEEWAY_SECONDS = 60


@dataclass(frozen=True)
class Person:
    """Whom an id_token speaks of."""

    issuer: str
    subject: str
    email: str
    is_proven: bool
    name: str


@dataclass(frozen=True)
class Secrets:
    """What only we know of a sign-in that was begun: both are sealed until the browser comes back."""

    nonce: str
    verifier: str

    @classmethod
    def new(cls) -> "Secrets":
        return cls(secrets.token_urlsafe(24), secrets.token_urlsafe(48))


def check_ready(settings: Settings) -> None:
    """Unprocessable unless a client is set."""
    if not settings.google_client_id or not settings.google_client_secret.get_secret_value():
        raise Unprocessable(
            "Signing in with Google is not set up here: HOLDFAST_GOOGLE_CLIENT_ID and HOLDFAST_GOOGLE_CLIENT_SECRET.",
            code="GOOGLE_NOT_SET",
        )


class Google:
    """The provider as the settings have it. What it says of itself is read anew for each sign-in: there are few."""

    def __init__(self, settings: Settings, outside: Outside, clock: Clock) -> None:
        self._settings, self._outside, self._clock = settings, outside, clock
        self._issuer = settings.google_issuer.rstrip("/")

    async def url(self, state: str, secret: Secrets, redirect_uri: str) -> str:
        """Where the browser goes to sign in."""
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri  # type: ignore[import-untyped]
        from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]

        about = await self._about()
        url: str = prepare_grant_uri(
            about["authorization_endpoint"],
            self._settings.google_client_id,
            "code",
            redirect_uri,
            SCOPE,
            state,
            nonce=secret.nonce,
            code_challenge=create_s256_code_challenge(secret.verifier),
            code_challenge_method="S256",
            prompt="select_account",
        )
        return url

    async def person(self, code: str, secret: Secrets, redirect_uri: str) -> Person:
        """Who signed in there, by the code that the browser brought. Unauthenticated when it proves nothing."""
        about = await self._about()
        body = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "client_id": self._settings.google_client_id,
            "client_secret": self._settings.google_client_secret.get_secret_value(),
            "code_verifier": secret.verifier,
        }
        answer = await self._call("POST", about["token_endpoint"], body)
        if "id_token" not in answer:
            said = clean_line(str(answer.get("error_description") or answer.get("error") or "nothing"))[:200]
            raise Unauthenticated(f"Google did not take the code: {said}. Begin again.", code="GOOGLE_REFUSED")
        return self._proven(answer, await self._call("GET", about["jwks_uri"]), secret.nonce)

    def _proven(self, answer: dict[str, Any], keys: dict[str, Any], nonce: str) -> Person:
        from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        client_id = self._settings.google_client_id
        wanted = {
            "iss": {"essential": True, "values": [self._issuer, self._issuer.removeprefix("https://")]},
            "aud": {"essential": True, "value": client_id},
        }
        try:
            token = jwt.decode(str(answer["id_token"]), KeySet.import_key_set(keys), algorithms=list(ALGORITHMS))  # type: ignore[arg-type]
            given = {"nonce": nonce, "client_id": client_id, "access_token": answer.get("access_token")}
            claims = CodeIDToken(token.claims, token.header, wanted, given)
            claims.validate(now=int(self._clock.now().timestamp()), leeway=_LEEWAY_SECONDS)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise Unauthenticated(
                f"What Google sent does not prove who you are ({type(error).__name__}). Begin again.",
                code="GOOGLE_NOT_PROVEN",
            ) from error
        email, subject = claims.get("email"), claims.get("sub")
        if not isinstance(email, str) or not isinstance(subject, str) or not subject:
            raise Unauthenticated("Google did not say which e-mail is yours.", code="GOOGLE_NOT_PROVEN")
        name = clean_line(str(claims.get("name") or email.partition("@")[0]))[:200] or email
        return Person(self._issuer, subject[:255], email.strip().lower(), claims.get("email_verified") is True, name)

    async def _about(self) -> dict[str, Any]:
        about = await self._call("GET", f"{self._issuer}/.well-known/openid-configuration")
        needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        if about.get("issuer", "").rstrip("/") != self._issuer or not all(
            isinstance(about.get(n), str) for n in needed
        ):
            raise Unavailable("Google does not say how to sign in with it. Try again later.", code="GOOGLE_UNREACHED")
        return about

    async def _call(self, method: str, url: str, form: dict[str, str] | None = None) -> dict[str, Any]:
        import httpx

        try:
            await self._outside.admit(url)
            response = await self._outside.http.request(method, url, data=form)
            answer = response.json()
        except (httpx.HTTPError, Unreached, ValueError) as error:
            raise Unavailable("Google does not answer. Try again later.", code="GOOGLE_UNREACHED") from error
        if not isinstance(answer, dict) or response.status_code >= 500:
            raise Unavailable("Google does not answer as it should. Try again later.", code="GOOGLE_UNREACHED")
        return answer
