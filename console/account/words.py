"""One's account in words. Wire data in, lines and cells out."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from console.desk import ages
from widgets.outline import Line
from widgets.paint import Cell

Row = Mapping[str, Any]
Pairs = list[tuple[str, Cell]]

FEW = 3
"""So few codes to recover by are left that it is time for new ones."""
SIGN_IN = "sign-in:"
"""Begins the keys of sign-ins."""
ABOUT = {
    "name": "What colleagues see. Enter changes it.",
    "picture": "The address of a picture, https://…; empty is none. Enter changes it.",
    "email": "Nobody has proven so far that this mailbox is yours. Once it is, a password that you forget is all that a new one"
    " replaces: until then it ends API keys and a second factor, too. Enter mails you a code.",
    "password": "Another password ends every other sign-in of yours. Enter changes it.",
    "recovery": "Each stands in for a code once, as when the phone is lost. Enter makes new ones; the old ones are void.",
    "codes": "A code of an authenticator app, asked for after the password. Enter switches it on or off.",
}


def of_all(user: Row, codes: Row, sign_ins: Sequence[Row], now: datetime) -> list[Line]:
    """Who one is, how one signs in, and where one is signed in."""
    is_on, left = codes["isOn"], codes["recoveryCodesLeft"]
    recovery = [(f"{left} left", "ok" if left > FEW else "warning"), ("" if left > FEW else "  renew them", "muted")]
    lines = [
        Line("", user["email"]),
        Line("name", "Name", [(user["name"], "")], 1, width=14),
        Line("picture", "Picture", [(user["avatarUrl"] or "none", "" if user["avatarUrl"] else "muted")], 1, width=14),
        *([] if user["isEmailProven"] else [Line("email", "E-mail", [("not proven", "warning")], 1, width=14)]),
        Line("password", "Password", [("••••••••", "muted")], 1, width=14),
        Line("codes", "Codes", [("on" if is_on else "off", "ok" if is_on else "muted")], 1, width=14),
        *([Line("recovery", "Recovery", recovery, 1, width=14)] if is_on else []),
        Line("", ""),
        Line("", "Signed in"),
    ]
    for one in sign_ins:
        used = "here" if one["isCurrent"] else f"{ages.since(one['lastUsedAt'], now)} ago"
        words = [(f"{used:<12}", "ok" if one["isCurrent"] else ""), (one["agent"] or "", "muted")]
        lines.append(Line(SIGN_IN + one["id"], one["business"], words, 1, width=24))
    return lines


def of_sign_in(one: Row, now: datetime) -> Pairs:
    """A sign-in in full."""
    return [
        ("business", one["business"]),
        ("with", one["agent"] or "unknown"),
        ("from", one["address"] or "unknown"),
        ("since", ages.local(one["createdAt"], now)),
        ("last used", ages.local(one["lastUsedAt"], now)),
        ("is", "the one you are using" if one["isCurrent"] else "another one"),
    ]
