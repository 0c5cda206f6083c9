"""The operations on events, webhook endpoints and the account."""

import secrets

from backend.demo.outside.stripe.book import Book
from backend.demo.outside.stripe.lists import listed
from backend.demo.outside.stripe.refusal import invalid, missing
from backend.demo.outside.stripe.routes import Asked, route
from backend.demo.outside.stripe.rows import Body


@route("GET /v1/events/{}", "event_read")
def _(asked: Asked) -> Body:
    event = asked.book.find("event", asked.ids[0])
    if event["created"] < asked.book.earliest_event:
        raise missing("event", asked.ids[0])
    return _counted(asked, event)


@route("GET /v1/events", "event_read", "type types delivery_success", is_list=True)
def _(asked: Asked) -> Body:
    types = asked.params.get("types") or ([asked.params["type"]] if asked.params.get("type") else [])
    if asked.params.get("types") and asked.params.get("type"):
        raise invalid("You may pass either `type` or `types`, but not both.", "type")
    wanted = asked.text("delivery_success")

    def is_in(event: Body) -> bool:
        if types and not any(event["type"] == one or one == "*" or _like(event["type"], one) for one in types):
            return False
        return wanted is None or asked.double.mail.is_delivered(event["id"]) == asked.flag("delivery_success")

    page = listed(asked, "event", where=is_in, since=asked.book.earliest_event)
    page["data"] = [_counted(asked, event) for event in page["data"]]
    return page


def _like(type: str, pattern: str) -> bool:
    return pattern.endswith(".*") and type.startswith(pattern[:-1])


def _counted(asked: Asked, event: Body) -> Body:
    return event | {"pending_webhooks": asked.double.mail.pending(event["id"])}


# -- webhook endpoints


def make_endpoint(book: Book, url: str, types: list[str], version: str | None = None, *, connect: bool = False) -> Body:
    """An endpoint with a new signing secret, which is in the answer this once."""
    made: Body = {"api_version": version, "application": "ca_double" if connect else None, "description": None}
    made |= {"enabled_events": types, "metadata": {}, "status": "enabled", "url": url}
    endpoint = book.add("webhook_endpoint", "we", **made)
    book.secrets[endpoint["id"]] = [(f"whsec_{secrets.token_hex(16)}", None)]
    return endpoint


def roll(book: Book, id: str, keep: int) -> str:
    """Sign with a new secret from now on, and for `keep` seconds with those before, too; the new secret."""
    secret = f"whsec_{secrets.token_hex(16)}"
    older = [(one, book.now() + keep if ends is None else ends) for one, ends in book.secrets[id]]
    book.secrets[id] = [(secret, None), *older]
    return secret


@route("POST /v1/webhook_endpoints", "webhook_write", "url enabled_events api_version description metadata connect")
def _(asked: Asked) -> Body:
    types = asked.needed("enabled_events")
    url, version = asked.needed("url"), asked.text("api_version")
    endpoint = make_endpoint(asked.book, url, list(types), version, connect=asked.flag("connect"))
    endpoint |= {"description": asked.text("description"), "metadata": asked.metadata()}
    return endpoint | {"secret": asked.book.secrets[endpoint["id"]][0][0]}


@route("POST /v1/webhook_endpoints/{}", "webhook_write", "url enabled_events disabled description metadata")
def _(asked: Asked) -> Body:
    endpoint = asked.book.find("webhook_endpoint", asked.ids[0])
    for name in ("url", "enabled_events", "description"):
        if name in asked.params:
            endpoint[name] = asked.params[name]
    endpoint["metadata"] = asked.metadata(endpoint["metadata"])
    if "disabled" in asked.params:
        endpoint["status"] = "disabled" if asked.flag("disabled") else "enabled"
    return endpoint


@route("GET /v1/webhook_endpoints/{}", "webhook_read")
def _(asked: Asked) -> Body:
    return asked.book.find("webhook_endpoint", asked.ids[0])


@route("GET /v1/webhook_endpoints", "webhook_read", is_list=True)
def _(asked: Asked) -> Body:
    return listed(asked, "webhook_endpoint")


@route("DELETE /v1/webhook_endpoints/{}", "webhook_write")
def _(asked: Asked) -> Body:
    endpoint = asked.book.find("webhook_endpoint", asked.ids[0])
    asked.book.rows("webhook_endpoint").remove(endpoint["id"])
    return {"id": endpoint["id"], "object": "webhook_endpoint", "deleted": True}


# -- the account


def account_body(book: Book) -> Body:
    body: Body = {"id": book.id, "object": "account", "business_type": "company", "charges_enabled": True}
    body |= {"business_profile": {"name": book.name, "url": None, "mcc": None}, "country": book.country}
    body |= {"capabilities": {"card_payments": "active", "transfers": "active"}, "created": book.opened}
    body |= {"default_currency": book.currency, "details_submitted": True, "email": None, "metadata": {}}
    body |= {"payouts_enabled": True, "settings": {"dashboard": {"display_name": book.name, "timezone": "Etc/UTC"}}}
    return body | {"type": "standard"}


@route("GET /v1/account", "account_read")
def _(asked: Asked) -> Body:
    return account_body(asked.book)


@route("GET /v1/accounts/{}", "account_read")
def _(asked: Asked) -> Body:
    if asked.ids[0] != asked.book.id and asked.ids[0] not in asked.double.connected:
        raise missing("account", asked.ids[0])
    return account_body(asked.double.book(asked.ids[0]))
