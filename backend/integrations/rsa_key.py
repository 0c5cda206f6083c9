"""RSA public keys as people paste them, and the signatures made with their other half."""

import base64
import binascii
import re
from functools import lru_cache

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

_ARMOUR = re.compile(r"-----(BEGIN|END) [A-Z ]+-----")
_NOISE = re.compile(r"""\\r|\\n|[\s"']""")


@lru_cache(maxsize=64)
def public_key(pasted: str) -> RSAPublicKey:
    """The key in `pasted`: with or without armour, under any label, on one line or many. ValueError if there is none.

    Labels are not believed: Freshchat writes RSA PUBLIC KEY (PKCS#1) over what is a SubjectPublicKeyInfo.
    """
    try:
        key = load_der_public_key(base64.b64decode(_NOISE.sub("", _ARMOUR.sub("", pasted)), validate=True))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError("not a public key") from error
    if not isinstance(key, RSAPublicKey):
        raise ValueError("a public key, but not of RSA")
    return key


def is_signed(raw: bytes, signature: str, key: RSAPublicKey) -> bool:
    """Whether `signature`, in base64, is one by RSASSA-PKCS1-v1_5 with SHA-256 over `raw`, made with that key's half."""
    try:
        key.verify(base64.b64decode(signature, validate=True), raw, PKCS1v15(), SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True
