"""Connecting and disconnecting other accounts by OAuth: the page on which an owner agrees, codes and tokens."""

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from backend.demo.outside.stripe.access import Key
from backend.demo.outside.stripe.book import new_id
from backend.demo.outside.stripe.form import Params
from backend.demo.outside.stripe.refusal import Refusal
from backend.demo.outside.stripe.routes import Asked, route
from backend.demo.outside.stripe.rows import Body

if TYPE_CHECKING:
    from backend.demo.outside.stripe.app import Serving

CLIENT_ID = "ca_double"


def _refusal(error: str, words: str, status: int = 400) -> Refusal:
    refusal = Refusal(status, words)
    refusal.body = {"error": error, "error_description": words}
    return refusal


@route("POST /oauth/token", "connect_write", "grant_type code client_secret scope assert_capabilities refresh_token")
def _(asked: Asked) -> Body:
    double = asked.double
    if asked.params.get("client_secret", asked.key) != asked.key or asked.book is not double.account:
        raise _refusal("invalid_client", "The client secret is not that of the platform.", 401)
    if asked.params.get("grant_type") != "authorization_code":
        raise _refusal("unsupported_grant_type", f"Unsupported grant type: {asked.params.get('grant_type')}")
    code = str(asked.params.get("code"))
    account, until = double.codes.get(code, ("", 0))
    if not account:
        raise _refusal("invalid_grant", f"Authorization code does not exist: {code}")
    if code in double.used_codes:
        words = "This authorization code has already been used. All tokens issued with this code have been revoked."
        raise _refusal("invalid_grant", words)
    if until <= double.time.now():
        raise _refusal("invalid_grant", "Authorization code expired")
    double.used_codes.add(code)
    if account in double.elsewhere:
        raise _refusal("invalid_grant", "This account is controlled by another platform.")
    book = double.books.get(account) or double.open(account)
    double.connected.add(account)
    token = new_id("sk_test")
    double.keys_of[token] = Key(account)
    double.account.tell("account.application.authorized", _application(), account=account)
    answer = {"access_token": token, "livemode": book.livemode, "refresh_token": new_id("rt"), "scope": "read_write"}
    return answer | {"stripe_publishable_key": new_id("pk_test"), "stripe_user_id": account, "token_type": "bearer"}


@route("POST /oauth/deauthorize", "connect_write", "client_id stripe_user_id")
def _(asked: Asked) -> Body:
    account = str(asked.params.get("stripe_user_id"))
    if account not in asked.double.connected:
        words = f"This application is not connected to stripe account {account}, or that account does not exist."
        raise _refusal("invalid_client", words, 401)
    disconnect(asked.double, account)
    return {"stripe_user_id": account}


def authorize(double: "Serving", method: str, given: Params) -> tuple[int, dict[str, str], bytes]:
    """The page on which somebody who owns an account agrees (GET), and where their browser is sent then (POST).

    `account` is whose owner it is, a new one when left out; `deny` is their no.
    """
    back, state = str(given.get("redirect_uri") or ""), str(given.get("state") or "")
    if given.get("client_id") != CLIENT_ID or given.get("response_type") != "code" or not back:
        return 400, {"content-type": "text/plain"}, b"No application has this client_id, or redirect_uri is missing."
    if method == "GET":
        kept = "".join(f"<input type=hidden name='{escape(k)}' value='{escape(str(v))}'>" for k, v in given.items())
        page = f"<!doctype html><meta charset=utf-8><title>Connect</title><form method=post>{kept}"
        page += "Account <input name=account placeholder=acct_…> <button>Connect</button> "
        page += "<button name=deny value=1>Cancel</button></form>"
        return 200, {"content-type": "text/html; charset=utf-8"}, page.encode()
    account = str(given.get("account") or "") or new_id("acct")
    if given.get("deny"):
        told = {"error": "access_denied", "error_description": "The user denied your request"}
    elif account in double.elsewhere:
        told = {"error": "access_denied", "error_description": "This account is controlled by another platform."}
    else:
        told = {"scope": "read_write", "code": double.new_code(account)}
    return 302, {"location": f"{back}?{urlencode(told | {'state': state})}"}, b""


def _application() -> Body:
    return {"id": CLIENT_ID, "object": "application", "name": "Double"}


def disconnect(double: "Serving", account: str) -> None:
    """The platform has no more access to an account; its event has an application as its object."""
    double.connected.discard(account)
    double.keys_of = {text: key for text, key in double.keys_of.items() if key.account != account}
    event = double.account.tell("account.application.deauthorized", _application(), account=account)
    if event:
        double.mail.write(double.account, event, double.account, connect=True)
