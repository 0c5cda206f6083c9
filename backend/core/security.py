"""Passwords, random tokens and signatures."""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import bcrypt
import jwt

from backend.core.errors import Unauthenticated

_hashers = ThreadPoolExecutor(1, "bcrypt")  # one at a time: a burst of sign-ins must not take every core


def _prehash(password: str) -> bytes:
    # bcrypt reads 72 bytes at most; a digest first lets the whole password count.
    return hashlib.sha256(password.encode()).hexdigest().encode()


async def hash_password(password: str, cost: int) -> str:
    """The bcrypt hash of `password`, made off the event loop (about 0.2 s at cost 12)."""
    run = asyncio.get_running_loop().run_in_executor
    return (await run(_hashers, bcrypt.hashpw, _prehash(password), bcrypt.gensalt(cost))).decode()


_NOBODY = bcrypt.hashpw(b"nobody", bcrypt.gensalt(4)).decode()


async def password_matches(password: str, hashed: str | None, cost: int) -> bool:
    """Whether `password` belongs to `hashed`. An unknown account costs a check too, and as long a one as any."""
    run = asyncio.get_running_loop().run_in_executor
    against = hashed or _NOBODY.replace("$04$", f"${cost:02}$", 1)
    matches = await run(_hashers, bcrypt.checkpw, _prehash(password), against.encode())
    return matches and hashed is not None


def new_token(prefix: str, length: int = 32) -> str:
    """A random URL-safe token, `prefix_…`, with `length` bytes of entropy."""
    return f"{prefix}_{secrets.token_urlsafe(length)}"


def fingerprint(token: str) -> str:
    """What is stored of a random token: its SHA-256. (Random tokens need no slow hash.)"""
    return hashlib.sha256(token.encode()).hexdigest()


def same(left: str, right: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(left.encode(), right.encode())


def sign_claims(claims: dict[str, Any], secret: str, expires_at: datetime) -> str:
    """A signed JWT (HS256) that holds until `expires_at`."""
    return jwt.encode({**claims, "exp": int(expires_at.timestamp())}, secret, algorithm="HS256")


@lru_cache(maxsize=512)
def _claims_of(token: str, secret: str) -> Mapping[str, Any]:
    """The claims of a token with our signature, which stays right: it is asked for with each request."""
    claims: dict[str, Any] = jwt.decode(
        token, secret, algorithms=["HS256"], options={"require": ["exp"], "verify_exp": False}
    )
    return MappingProxyType(claims)


def read_claims(token: str, secret: str, now: datetime) -> Mapping[str, Any]:
    """The claims of a token we signed; Unauthenticated when it is forged, garbled or over."""
    try:
        claims = _claims_of(token, secret)
    except jwt.InvalidTokenError as error:
        raise Unauthenticated("This sign-in is not valid. Sign in again.", code="INVALID_TOKEN") from error
    if claims["exp"] <= now.timestamp():
        raise Unauthenticated("This sign-in has expired. Sign in again.", code="TOKEN_EXPIRED")
    return claims
