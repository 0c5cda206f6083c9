"""This machine: Python, folders, keyring, the database of a server here, and the server one works on."""

import sys
import tempfile
from contextlib import suppress
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING

from console.doctor.check import Check, fail, ok, warn

if TYPE_CHECKING:
    from backend.settings import Settings

OLDEST = (3, 11)
SKEW_SECONDS = 5.0
"""Clocks further apart than this make countdowns wrong by what a person notices; Date headers tell whole seconds."""


def python() -> Check:
    """Whether this Python is new enough."""
    said = f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro} ({sys.executable})"
    if sys.version_info[:2] < OLDEST:
        return fail("python", said, f"Holdfast needs Python {OLDEST[0]}.{OLDEST[1]} or newer.")
    return ok("python", said)


def folder(name: str, path: Path) -> Check:
    """Whether files can be kept in `path`."""
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=path):
            pass
    except OSError as error:
        reason = error.strerror or error
        return fail(
            name,
            f"{path} cannot be written: {reason}",
            "Give it to yourself, or set HOLDFAST_HOME or HOLDFAST_DATA_DIR.",
        )
    return ok(name, str(path))


def keyring() -> Check:
    """Where tokens are kept."""
    otherwise = "Tokens go into a file that only you can read; install a keyring service to do better."
    try:
        import keyring as found
        from keyring.backends import chainer
        from keyring.backends import fail as none

        backend = found.get_keyring()
    except Exception as error:  # a broken keyring raises whatever its backend raises
        return warn("keyring", f"cannot be used: {error}", otherwise)
    if isinstance(backend, none.Keyring) or (isinstance(backend, chainer.ChainerBackend) and not backend.backends):
        return warn("keyring", "there is none", otherwise)
    return ok("keyring", backend.name)


def database(settings: "Settings") -> Check:
    """Whether the database of a server on this machine can be used as it is."""
    from backend.migrations import run as migrations
    from backend.server import shown_url

    url, shown = settings.resolved_database_url(), shown_url(settings)
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists():
        return warn("database", f"{shown} is not there yet", "`holdfast serve` and `holdfast demo` make one.")
    try:
        is_current = migrations.is_current(url)
    except Exception as error:  # a driver's error, of whichever database it is
        return fail(
            "database", f"{shown} does not answer: {str(error).splitlines()[0]}", "Check HOLDFAST_DATABASE_URL."
        )
    if not is_current:
        return warn("database", f"{shown} has another schema", "Run `holdfast migrate`.")
    return ok("database", f"{shown}, schema {migrations.revisions()[-1]}")


def server(url: str, now: datetime) -> list[Check]:
    """Whether the server answers, and how far its clock is from ours at `now`."""
    import httpx

    if not url:
        return [ok("server", "none is signed in to")]
    try:
        answer = httpx.get(f"{url}/ready", timeout=5, trust_env=False)
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        return [fail("server", f"{url} does not answer ({type(error).__name__})", "Start it, or sign in to another.")]
    found = [ok("server", f"{url} is ready")]
    if answer.status_code != 200:
        found = [
            fail("server", f"{url} answers {answer.status_code}", "Look into its log; `holdfast migrate` may be due.")
        ]
    with suppress(KeyError, ValueError):
        skew = (parsedate_to_datetime(answer.headers["date"]) - now).total_seconds()
        said = f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} ours"
        is_close = abs(skew) <= SKEW_SECONDS
        found.append(ok("clock", said) if is_close else warn("clock", said, "Let both machines keep time by NTP."))
    return found


def settings_in_force(settings: "Settings") -> dict[str, str]:
    """What a server here would be told; secrets only whether they are set."""
    from pydantic import SecretStr

    from backend.server import shown_url

    shown: dict[str, str] = {}
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        is_secret = isinstance(value, SecretStr)
        plain = value.get_secret_value() if is_secret else value
        shown[name] = ("set" if plain else "not set") if is_secret else str(plain)
    return shown | {"database_url": shown_url(settings)}
