"""Addresses of other systems' APIs, as admins give them."""

from urllib.parse import urlsplit

from backend.core.text import clean_line

_LOCAL = ("127.0.0.1", "localhost", "::1")


def api_address(value: str) -> str:
    """`value` as https://host/path without a slash at its end; ValueError when a token must not be sent there."""
    address = clean_line(value).rstrip("/")
    if not address:
        return ""
    parts = urlsplit(address)
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or parts.query
        or parts.fragment
        or "@" in parts.netloc
    ):
        raise ValueError("must be an address such as https://acme.freshchat.com/v2")
    if parts.scheme == "http" and parts.hostname not in _LOCAL:
        raise ValueError("must be https: a token is sent there")
    return address
