"""Who asks, for which account, and what a restricted key may."""

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.datastructures import Headers

from backend.demo.outside.stripe.book import Book
from backend.demo.outside.stripe.refusal import Refusal
from backend.demo.outside.stripe.routes import Route

if TYPE_CHECKING:
    from backend.demo.outside.stripe.app import Serving


@dataclass
class Key:
    """An API key of an account. `scopes`: what it may, such as `subscription_write`; None is everything."""

    account: str
    scopes: frozenset[str] | None = None

    def may(self, permission: str) -> bool:
        """Whether it may; who may write may read."""
        if self.scopes is None or permission in self.scopes:
            return True
        return permission.endswith("_read") and permission.replace("_read", "_write") in self.scopes


def given_key(headers: Headers) -> str:
    """The API key of a request's `Authorization`, bearer or basic; "" when there is none."""
    kind, _, value = headers.get("authorization", "").partition(" ")
    if kind.lower() == "basic":
        return base64.b64decode(value).decode().partition(":")[0]
    return value if kind.lower() == "bearer" else ""


def hidden(key: str) -> str:
    """A key as an error names it."""
    return f"{key[:8]}{'*' * 12}{key[-4:]}"


def admitted(double: "Serving", headers: Headers) -> tuple[str, Key, Book]:
    """The key and the account of a request; Refusal (401, 403) for who has none."""
    text = given_key(headers)
    if not text:
        words = "You did not provide an API key. You need to provide your API key in the Authorization header."
        raise Refusal(401, words)
    key = double.keys_of.get(text)
    if key is None:
        raise Refusal(401, f"Invalid API Key provided: {hidden(text)}")
    other = headers.get("stripe-account")
    if other is None or other == key.account:
        return text, key, double.book(key.account)
    if key.account != double.account.id or other not in double.connected:
        words = (
            f"The provided key '{hidden(text)}' does not have access to account '{other}' (or that account does not "
            "exist). Application access may have been revoked."
        )
        raise Refusal(403, words, code="account_invalid")
    return text, key, double.book(other)


def check_scope(text: str, key: Key, book: Book, route: Route) -> None:
    """Refusal (403) that names the permission which the key lacks."""
    if not key.may(route.permission):
        words = (
            f"The provided key '{hidden(text)}' does not have the required permissions for this endpoint on account "
            f"'{book.id}'. Having the 'rak_{route.permission}' permission would allow this request to continue."
        )
        raise Refusal(403, words, code="more_permissions_required")
