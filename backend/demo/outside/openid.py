"""An OpenID provider's double: signs people in at once, and lies about them when it is told to."""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from backend.core.clock import Clock

Mood = Literal["good", "forged", "nonce", "expired", "audience", "issuer", "unproven", "denied", "broken", "unsigned"]
"""What is wrong with the next id_tokens; `denied` sends the browser back without a code, `broken` answers 500."""
CLIENT, SECRET = "holdfast-double", "a secret of the double"


@cache
def _key(which: str) -> Any:
    from joserfc.jwk import RSAKey

    return RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"}, private=True)


@dataclass
class OpenId:
    """`issuer` is where it is served; `clock` dates its tokens; `person` is who sits at the browser."""

    clock: Clock
    issuer: str = ""
    mood: Mood = "good"
    person: dict[str, Any] = field(
        default_factory=lambda: {"sub": "1001", "email": "asha@example.com", "email_verified": True, "name": "Asha"}
    )
    asked: list[dict[str, str]] = field(default_factory=list)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._app = Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._about),
                Route("/authorize", self._authorize),
                Route("/token", self._token, methods=["POST"]),
                Route("/jwks", self._keys),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    async def _about(self, request: Request) -> Response:
        at = self.issuer
        places = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "jwks"}
        return JSONResponse({"issuer": at, **{name: f"{at}/{path}" for name, path in places.items()}})

    async def _keys(self, request: Request) -> Response:
        return JSONResponse({"keys": [_key("right").as_dict(private=False)]})

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        self.asked.append(asked)
        if asked.get("client_id") != CLIENT or asked.get("code_challenge_method") != "S256":
            return JSONResponse({"error": "invalid_request"}, 400)
        answer = {"state": asked["state"]}
        if self.mood == "denied":
            answer["error"] = "access_denied"
        else:
            answer["code"] = code = secrets.token_urlsafe(16)
            self._codes[code] = asked
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(answer)}", 302)

    async def _token(self, request: Request) -> Response:
        if self.mood == "broken":
            return Response("<html>down</html>", 500)
        async with request.form() as form:
            given = {name: str(value) for name, value in form.items()}
        asked = self._codes.pop(given.get("code", ""), None)  # a code is good once
        digest = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        is_right = (
            asked is not None
            and asked["code_challenge"] == challenge
            and asked["redirect_uri"] == given.get("redirect_uri")
            and (given.get("client_id"), given.get("client_secret")) == (CLIENT, SECRET)
        )
        if asked is None or not is_right:
            return JSONResponse({"error": "invalid_grant"}, 400)
        return JSONResponse({"access_token": "ya29", "token_type": "Bearer", "id_token": self._id_token(asked)})

    def _id_token(self, asked: dict[str, str]) -> str:
        from joserfc import jwt

        now, mood = int(self.clock.now().timestamp()), self.mood
        begun = now - 7_200 if mood == "expired" else now
        claims = {
            "iss": "https://accounts.evil.example" if mood == "issuer" else self.issuer,
            "aud": "another client" if mood == "audience" else CLIENT,
            "iat": begun,
            "exp": begun + 3_600,
            "nonce": "another" if mood == "nonce" else asked["nonce"],
            **self.person,
            **({"email_verified": False} if mood == "unproven" else {}),
        }
        if mood == "unsigned":
            head, body = (
                base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
                for text in ('{"alg":"none"}', json.dumps(claims))
            )
            return f"{head}.{body}."
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, _key("forged" if mood == "forged" else "right"))
