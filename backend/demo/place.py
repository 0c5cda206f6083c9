"""Where a demo lives: a folder with its database, its keys, and nothing else. Made new, or continued."""

import asyncio
import json
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from pydantic import SecretStr

from backend import slices
from backend.core.clock import Clock
from backend.core.security import hash_password, new_token
from backend.demo import templates
from backend.demo.cast import PASSWORD, STRIPE_ACCOUNT
from backend.demo.outside.freshchat import FreshchatDouble
from backend.settings import Settings

_NOWHERE = "http://127.0.0.1:9"
"""Nobody listens there: a demo never calls the real Stripe, even before its own answers."""
_COST = 4
"""Of password hashes: everybody may know these passwords, and nobody should wait for them."""
_PLENTY = 100_000
"""Requests a minute: the demo's customers share one key and one address."""


FIRST_ROWS = 1.5
"""Seconds that the console has for its first rows, before jobs and customers want to be started too."""


@dataclass(frozen=True)
class Place:
    """A demo that is ready to be served."""

    folder: Path
    settings: Settings
    seed: int
    api_key: str
    private_key_path: Path
    freshchat: FreshchatDouble
    page: str = ""
    """The address of the customers' account page, once it is served."""


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
        stripe_secret_key=SecretStr(f"sk_test_{STRIPE_ACCOUNT}"),
        stripe_webhook_secret=SecretStr(new_token("whsec")),
        stripe_api_base=_NOWHERE,
        stripe_connect_client_id="ca_double",
        bcrypt_cost=_COST,
        sign_in_per_minute=_PLENTY,
        track_per_minute=_PLENTY,
        jobs_after_seconds=FIRST_ROWS,
        private_addresses=True,  # its platforms are on this machine
        log_level="WARNING",
        log_format="console",
    )
    return Place(folder, settings, seed, api_key, folder / "freshchat-private.pem", freshchat)


def _private_key(path: Path) -> rsa.RSAPrivateKey:
    """The Freshchat account's key, made on the first start."""
    if path.exists():
        # Of our own making: to check that its numbers are prime takes a tenth of a second.
        found = load_pem_private_key(path.read_bytes(), None, unsafe_skip_rsa_key_validation=True)
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
    """A database with the world in it. What a start that was cut off left of one is made anew."""
    from sqlalchemy import create_engine, update

    from backend.core.security import fingerprint
    from backend.identity.models import ApiKey

    for leftover in database.parent.glob(f"{database.name}*"):
        leftover.unlink()
    if not templates.copy_world(database, seed, clock):
        templates.copy_schema(database)
        _build(database, seed, clock)
        templates.keep_world(database, seed)
    engine = create_engine(f"sqlite:///{database}")
    with engine.begin() as connection:
        connection.execute(update(ApiKey).values(fingerprint=fingerprint(api_key), hint=f"{api_key[:8]}…"))
    engine.dispose()


def _build(database: Path, seed: int, clock: Clock) -> None:
    import gc

    from sqlalchemy import create_engine

    slices.load("models")
    from backend.copilot import full_text
    from backend.demo import sister
    from backend.demo.world import build

    password_hash = asyncio.run(hash_password(PASSWORD, _COST))
    gc.disable()  # a third of the time: much is made and nothing is garbage
    try:
        now = clock.now()
        world = build(seed=seed, now=now, password_hash=password_hash, api_key=new_token("hfk"))
        engine = create_engine(f"sqlite:///{database}")
        with engine.begin() as connection:
            connection.exec_driver_sql("PRAGMA synchronous=OFF")
            world.insert(connection)
            sister.build(world, seed=seed, now=now).insert(connection)
            full_text.fill(connection)
        engine.dispose()
    finally:
        gc.enable()
