"""Where a demo lives: a folder with its database, its keys, and nothing else. Made new, or continued."""

import asyncio
import hashlib
import json
import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from platformdirs import user_cache_path

from backend import slices
from backend.core.clock import Clock
from backend.core.security import hash_password, new_token
from backend.demo.cast import PASSWORD
from backend.demo.outside.freshchat import FreshchatDouble
from backend.migrations import run as migrations
from backend.settings import Settings

_COST = 4
"""Of password hashes: everybody may know these passwords, and nobody should wait for them."""
_PLENTY = 100_000
"""Requests a minute: the demo's customers share one key and one address."""


@dataclass(frozen=True)
class Place:
    """A demo that is ready to be served."""

    folder: Path
    settings: Settings
    seed: int
    api_key: str
    private_key_path: Path
    freshchat: FreshchatDouble


def settle(folder: Path, *, seed: int, clock: Clock) -> Place:
    """The demo in `folder`, made with `seed` when there is none yet. OSError when the folder cannot be used."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    about, database = folder / "demo.json", folder / "holdfast.db"
    private_key = _private_key(folder / "freshchat-private.pem")
    if about.exists() and database.exists():
        known = json.loads(about.read_text())
        seed, api_key = known["seed"], known["apiKey"]
    else:
        api_key = new_token("hfk")
        _seed(database, seed, api_key, clock)
        _write_private(about, json.dumps({"seed": seed, "apiKey": api_key}).encode())
    freshchat = FreshchatDouble(private_key)
    settings = Settings(
        data_dir=folder,
        database_url=f"sqlite:///{database}",
        freshchat_public_key=freshchat.public_key,
        bcrypt_cost=_COST,
        sign_in_per_minute=_PLENTY,
        track_per_minute=_PLENTY,
        log_level="WARNING",
        log_format="console",
    )
    return Place(folder, settings, seed, api_key, folder / "freshchat-private.pem", freshchat)


def _private_key(path: Path) -> rsa.RSAPrivateKey:
    """The Freshchat account's key, made on the first start."""
    if path.exists():
        found = load_pem_private_key(path.read_bytes(), None)
        assert isinstance(found, rsa.RSAPrivateKey)
        return found
    made = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    _write_private(path, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return made


def _write_private(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def _seed(database: Path, seed: int, api_key: str, clock: Clock) -> None:
    """A fresh database with the world in it; half of one, left by a start that was cut off, is made anew."""
    import gc

    from sqlalchemy import create_engine

    slices.load("models")
    from backend.demo.world import build

    for leftover in database.parent.glob(f"{database.name}*"):
        leftover.unlink()
    _empty_database(database)
    password_hash = asyncio.run(hash_password(PASSWORD, _COST))
    gc.disable()  # a third of the time: much is made and nothing is garbage
    try:
        world = build(seed=seed, now=clock.now(), password_hash=password_hash, api_key=api_key)
        engine = create_engine(f"sqlite:///{database}")
        with engine.begin() as connection:
            connection.exec_driver_sql("PRAGMA synchronous=OFF")
            world.insert(connection)
        engine.dispose()
    finally:
        gc.enable()


def _empty_database(database: Path) -> None:
    """The schema of this release, copied from the last demo's when it is the same: migrating takes half a second."""
    template = user_cache_path("holdfast") / "demo" / f"schema-{_schema()}.db"
    if not template.exists():
        migrations.migrate(f"sqlite:///{database}")
        with suppress(OSError):  # nowhere to keep it: the next start migrates again
            _keep(database, template)
        return
    shutil.copyfile(template, database)


def _keep(database: Path, template: Path) -> None:
    import sqlite3

    template.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=template.parent) as folder:
        copy = Path(folder) / "schema.db"
        connection = sqlite3.connect(database)
        try:
            connection.execute("VACUUM INTO ?", (str(copy),))
        finally:
            connection.close()
        copy.replace(template)


def _schema() -> str:
    """Names the schema by the revisions that make it."""
    told = hashlib.sha256()
    for path in sorted((migrations.FOLDER / "versions").glob("[0-9]*.py")):
        told.update(path.read_bytes())
    return told.hexdigest()[:16]
