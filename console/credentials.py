"""Tokens: in the system keyring, else in a file that only its owner can read. Which of them is said out loud."""

import asyncio
import contextlib
import json
from pathlib import Path
from typing import Any

from console.files import data_dir, read_json, write_json

_SERVICE = "holdfast"
_PATIENCE = 3.0
"""Seconds a keyring may take; a locked one on a machine without a desktop never answers."""

Tokens = tuple[str, str]


class Vault:
    """Keeps an access and a refresh token per server and e-mail; one that is not `lasting` keeps none. Off the loop."""

    def __init__(self, path: Path | None = None, *, is_lasting: bool = True) -> None:
        self.path = path or data_dir() / "credentials.json"
        self.is_lasting = is_lasting
        self._keyring: Any = None
        self.where = ""
        """Where tokens are kept, in words, once something was kept or read."""

    async def read(self, url: str, email: str) -> Tokens | None:
        """The tokens, if there are any."""
        if not self.is_lasting:
            return None
        account = f"{email}@{url}"
        if keyring := await self._ring():
            with contextlib.suppress(Exception):  # a keyring that fails is as good as none: sign in again
                if found := await _patiently(keyring.get_password, _SERVICE, account):
                    access, refresh = json.loads(found)
                    return access, refresh
        pair = read_json(self.path, {}).get(account)
        return (pair[0], pair[1]) if pair else None

    async def keep(self, url: str, email: str, access: str, refresh: str) -> None:
        """Keep the tokens, in the keyring when it takes them."""
        if not self.is_lasting:
            return
        account = f"{email}@{url}"
        if keyring := await self._ring():
            with contextlib.suppress(Exception):
                await _patiently(keyring.set_password, _SERVICE, account, json.dumps([access, refresh]))
                self.where = "the system keyring"
                return
        kept = read_json(self.path, {})
        write_json(self.path, {**kept, account: [access, refresh]})
        self.where = f"the file {self.path}, readable by you only: there is no system keyring here"

    async def forget(self, url: str, email: str) -> None:
        """Forget the tokens, wherever they are."""
        if not self.is_lasting:
            return
        account = f"{email}@{url}"
        if keyring := await self._ring():
            with contextlib.suppress(Exception):
                await _patiently(keyring.delete_password, _SERVICE, account)
        kept = read_json(self.path, {})
        if kept.pop(account, None):
            write_json(self.path, kept)

    async def _ring(self) -> Any:
        """The keyring, None when the system has none. Looked for once."""
        if self._keyring is None:
            self._keyring = await asyncio.to_thread(_find_keyring)
        return self._keyring or None


def _find_keyring() -> Any:
    import keyring
    from keyring.backends import chainer, fail

    found = keyring.get_keyring()
    is_none = isinstance(found, fail.Keyring) or (isinstance(found, chainer.ChainerBackend) and not found.backends)
    return False if is_none else keyring


async def _patiently(call: Any, *args: str) -> Any:
    async with asyncio.timeout(_PATIENCE):
        return await asyncio.to_thread(call, *args)
