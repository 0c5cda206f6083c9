"""Connecting for Apprise's libraries, which look names up themselves: to the addresses that were judged, and no others.

Certificates, SNI and Host stay the name's. Which addresses is a matter of the thread that sends (see `sending`).
"""

import smtplib
import socket
import threading
from collections.abc import Sequence
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPSConnectionPool
from urllib3.connection import HTTPSConnection


class _Judged(threading.local):
    addresses: Sequence[str] = ()


_judged = _Judged()


def only_to(addresses: Sequence[str]) -> None:
    """From here on this thread connects to these; to wherever a name leads when there are none."""
    _judged.addresses = addresses


def _connected(host: str, port: int, timeout: Any) -> socket.socket:
    trouble: OSError = OSError(f"{host} has no address")
    for address in _judged.addresses or (host,):
        try:
            return socket.create_connection((address, port), timeout)
        except OSError as error:
            trouble = error
    raise trouble


class _Https(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _connected(self.host, self.port or 443, self.timeout)


class _Pool(HTTPSConnectionPool):
    ConnectionCls = _Https


class Adapter(HTTPAdapter):
    """For a session of `requests`."""

    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        super().init_poolmanager(*args, **more)
        self.poolmanager.pool_classes_by_scheme = {**self.poolmanager.pool_classes_by_scheme, "https": _Pool}


class _Smtp(smtplib.SMTP):
    def _get_socket(self, host: str, port: int, timeout: Any) -> socket.socket:
        return _connected(host, port, timeout)


class _SmtpTls(smtplib.SMTP_SSL, _Smtp):
    """TLS on the socket that `_Smtp` makes: the next one in the order of methods."""


class Mail:
    """Stands in for `smtplib` in Apprise's plugin."""

    SMTP, SMTP_SSL = _Smtp, _SmtpTls

    def __getattr__(self, name: str) -> Any:
        return getattr(smtplib, name)
