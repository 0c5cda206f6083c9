"""Addresses of channels as admins give them: the webhook of a chat, or a mail server."""

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from backend.core.outside import why_not
from backend.core.text import clean_line

Kind = Literal["EMAIL", "SLACK", "TEAMS"]
Security = Literal["tls", "starttls", "none"]

_LOCAL = ("127.0.0.1", "localhost", "::1")
_MAIL_PORTS = (25, 465, 587, 2525)
"""Of mail servers elsewhere: an admin of one business must not try out what else answers on our behalf."""
_MAILBOX = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[A-Za-z0-9][A-Za-z0-9.-]{0,252}")
_LONGEST = 254


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed in, as whom, and from which address. `team` gets what is addressed to the channel itself."""

    host: str
    port: int
    security: Security
    user: str
    password: str
    sender: str
    team: str


def mailbox(value: str) -> str:
    """`value` as one e-mail address, in one line; ValueError when it is none."""
    address = clean_line(value)
    if len(address) > _LONGEST or not _MAILBOX.fullmatch(address):
        raise ValueError("must be one e-mail address, such as asha@example.com")
    return address


def checked(kind: Kind, value: str, *, is_private_open: bool) -> str:
    """`value` as it is kept; ValueError when nothing must be sent there. `is_private_open`: this machine may be called."""
    address = clean_line(value)
    host = mail_server(address).host if kind == "EMAIL" else _webhook(address).hostname or ""
    if words := why_not(host, is_private_open=is_private_open):
        raise ValueError(words)
    return address


def mail_server(address: str) -> MailServer:
    """The mail server at `smtp://user:password@host:587?from=us@example.com&to=team@example.com` (`smtps://` speaks TLS
    from the first byte, `smtp://` by STARTTLS; only on this machine does it go without)."""
    parts = _split(address, ("smtp", "smtps"), "such as smtp://user:password@mail.example.com:587?from=us@example.com")
    host, asked = parts.hostname or "", parse_qs(parts.query)
    is_local = host in _LOCAL
    port = parts.port or (465 if parts.scheme == "smtps" else 587)
    if port not in _MAIL_PORTS and not is_local:
        raise ValueError(f"port {port} is none of mail servers ({', '.join(map(str, _MAIL_PORTS))})")
    if "from" not in asked:
        raise ValueError("must say who writes: ?from=us@example.com")
    security: Security = "tls" if parts.scheme == "smtps" else "none" if is_local else "starttls"
    sender, team = (mailbox(asked[name][0]) if name in asked else "" for name in ("from", "to"))
    return MailServer(host, port, security, unquote(parts.username or ""), unquote(parts.password or ""), sender, team)


def _webhook(address: str) -> SplitResult:
    parts = _split(address, ("http", "https"), "such as https://hooks.slack.com/services/T000/B000/XXXX")
    if parts.scheme == "http" and parts.hostname not in _LOCAL:
        raise ValueError("must be https: whoever knows the address can write there")
    if "@" in parts.netloc or parts.fragment or parts.path in ("", "/"):
        raise ValueError(
            "must be the whole address of a webhook, such as https://hooks.slack.com/services/T000/B000/XXXX"
        )
    return parts


def _split(address: str, schemes: tuple[str, ...], such_as: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        is_right = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_right = False
    if not is_right or " " in address:
        raise ValueError(f"must be an address {such_as}")
    return parts


def hint_of(kind: Kind, address: str) -> str:
    """What may be shown of an address: where it leads, never what opens it."""
    if kind == "EMAIL":
        server = mail_server(address)
        return f"{server.host} as {server.sender}" + (f" to {server.team}" if server.team else "")
    parts = urlsplit(address)
    return f"{parts.hostname} …{parts.path[-4:]}"
