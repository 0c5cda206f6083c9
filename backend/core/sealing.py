"""Secrets of other systems at rest: sealed with a key made of the installation's secret, opened only to be used."""

import base64
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from cryptography.fernet import Fernet


class Broken(ValueError):
    """What was sealed cannot be opened: it was sealed under another secret, or changed."""


@lru_cache(maxsize=8)
def _fernet(secret: str) -> "Fernet":
    from cryptography.fernet import Fernet
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    key = HKDF(SHA256(), 32, None, b"holdfast: credentials of integrations").derive(secret.encode())
    return Fernet(base64.urlsafe_b64encode(key))


class Vault:
    """Seals and opens with the installation's secret; a token signed with that secret is of no use here."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def seal(self, value: dict[str, Any]) -> str:
        """`value` (JSON) as text that only this installation can open."""
        return _fernet(self._secret).encrypt(orjson.dumps(value)).decode()

    def open(self, sealed: str | None) -> dict[str, Any]:
        """What was sealed; {} for None. Broken when it cannot be opened."""
        if sealed is None:
            return {}
        from cryptography.fernet import InvalidToken

        try:
            value: dict[str, Any] = orjson.loads(_fernet(self._secret).decrypt(sealed.encode()))
        except InvalidToken as error:
            raise Broken("the credentials cannot be opened: the installation's secret is another now") from error
        return value
