"""Keys as people paste them."""

import base64
import re

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from backend.demo.outside.freshchat import FreshchatDouble
from backend.integrations.rsa_key import is_signed, public_key


def pastes(freshchat: FreshchatDouble) -> dict[str, str]:
    pem = freshchat.public_key
    key = freshchat.private_key.public_key()
    bare = re.sub(r"-----[A-Z ]+-----|\n", "", pem)
    return {
        "as shown": pem,
        "on one line": pem.replace("\n", " "),
        "on one line without spaces": pem.replace("\n", ""),
        "literal newlines": pem.replace("\n", "\\n"),
        "literal carriage returns": pem.replace("\n", "\\r\\n"),
        "carriage returns": pem.replace("\n", "\r\n"),
        "no armour": bare,
        "in quotes": f'"{pem}"',
        "honest label": pem.replace("RSA PUBLIC", "PUBLIC"),
        "half an armour": pem.split("-----END")[0],
        "PKCS#1": key.public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode(),
    }


def test_every_way_to_paste_a_key_gives_the_same_key(freshchat: FreshchatDouble) -> None:
    expected = freshchat.private_key.public_key().public_numbers()
    for how, pasted in pastes(freshchat).items():
        assert public_key(pasted).public_numbers() == expected, how


@pytest.mark.parametrize(
    "pasted", ["", "   ", "hello", "-----BEGIN PUBLIC KEY----------END PUBLIC KEY-----", "AAAA", "é"]
)
def test_what_is_no_key_is_refused(pasted: str) -> None:
    with pytest.raises(ValueError, match="not a public key"):
        public_key(pasted)


def test_a_key_of_another_kind_is_refused() -> None:
    made = ec.generate_private_key(ec.SECP256R1()).public_key()
    pem = made.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    with pytest.raises(ValueError, match="not of RSA"):
        public_key(pem)


def test_a_private_key_is_not_taken_for_a_public_one(freshchat: FreshchatDouble) -> None:
    pem = freshchat.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with pytest.raises(ValueError, match="not a public key"):
        public_key(pem)


def test_a_signature_holds_for_its_bytes_only(freshchat: FreshchatDouble) -> None:
    body, headers = freshchat.signed(b'{"text":"\\u003cb\\u003e"}')
    signature, key = headers["X-Freshchat-Signature"], public_key(freshchat.public_key)
    assert is_signed(body, signature, key)
    assert not is_signed(body.replace(b"\\u003c", b"<"), signature, key)
    assert not is_signed(body + b" ", signature, key)
    assert not is_signed(body, base64.b64encode(base64.b64decode(signature)[::-1]).decode(), key)
    assert not is_signed(body, signature[:-4], key)
    assert not is_signed(body, f"sha256={signature}", key)
    assert not is_signed(body, "é", key)
    assert not is_signed(body, "", key)
