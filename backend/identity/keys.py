"""API keys: made, rotated and revoked by admins; only fingerprints are kept."""

from typing import Any

from sqlalchemy import select

from backend.core.errors import NotFound
from backend.core.security import fingerprint, new_token
from backend.identity import events
from backend.identity.models import ApiKey
from backend.identity.schemas import KeyCreate, KeyCreated, KeyRead
from backend.identity.vouching import customer_secret
from backend.work import Work


def _fresh(row: ApiKey) -> str:
    key = new_token("hfk")
    row.fingerprint, row.hint = fingerprint(key), f"{key[:8]}…"
    return key


def _told(row: ApiKey) -> dict[str, Any]:
    about = {"name": row.name, "scopes": row.scopes}
    return about | {"origins": row.origins} if row.origins else about


def _shown_once(row: ApiKey, key: str, installation: str) -> KeyCreated:
    secret = customer_secret(installation, row.fingerprint) if row.origins else None
    return KeyCreated(**KeyRead.model_validate(row).model_dump(), key=key, customer_secret=secret)


def create_key(work: Work, body: KeyCreate, installation: str) -> KeyCreated:
    """A new key with its scopes; the answer holds it this once. `installation` is the installation's secret."""
    row = ApiKey(
        name=body.name, scopes=body.scopes, origins=body.origins, created_at=work.now, created_by=work.actor.id
    )
    key = _fresh(row)
    work.add(row)
    work.emit(events.KeyCreated(subject_id=row.id, data=_told(row)))
    return _shown_once(row, key, installation)


def list_keys(work: Work) -> list[KeyRead]:
    """All keys, newest first, revoked ones included."""
    return [KeyRead.model_validate(row) for row in work.session.scalars(select(ApiKey).order_by(ApiKey.id.desc()))]


def _standing(work: Work, key_id: str) -> ApiKey:
    row = work.get(ApiKey, key_id, "API key")
    if row.revoked_at is not None:
        raise NotFound("This API key has been revoked.", id=key_id)
    return row


def rotate_key(work: Work, key_id: str, installation: str) -> KeyCreated:
    """Another secret for the same key; the old one stops at once, and so does what was signed for its pages."""
    row = _standing(work, key_id)
    key = _fresh(row)
    row.last_used_at = None
    work.emit(events.KeyRotated(subject_id=row.id, data={"name": row.name}))
    return _shown_once(row, key, installation)


def revoke_key(work: Work, key_id: str) -> None:
    """End a key for good."""
    row = _standing(work, key_id)
    row.revoked_at = work.now
    work.emit(events.KeyRevoked(subject_id=row.id, data={"name": row.name}))
