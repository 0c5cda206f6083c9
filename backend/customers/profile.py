"""What may stand in a customer's profile, field by field."""

import re
from typing import Any, get_args

from backend.core.errors import Invalid
from backend.core.text import clean_line
from backend.customers.schemas import Tier

FIELDS = (
    "name", "email", "phone", "language", "region", "tier", "past_order_count", "last_order_date", "email_opt_out",
)  # fmt: skip
CLEARABLE = ("email", "phone", "region", "last_order_date")
_REGION = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
_ANSWERS = {
    "true": True,
    "yes": True,
    "y": True,
    "1": True,
    "x": True,
    "false": False,
    "no": False,
    "n": False,
    "0": False,
}
_PHONE = set("+0123456789 ()-./x")


def fit(name: str, value: Any) -> Any:
    """`value` in the form the column takes; Invalid when it cannot be meant, or cannot be empty."""
    if value is None or (value == "" and name in CLEARABLE):
        if name not in CLEARABLE:
            raise Invalid(f"{name}: cannot be empty", field=name)
        return None
    match name:
        case "name":
            return clean_line(value)[:200]
        case "email":
            return _email(clean_line(value).lower())
        case "phone":
            return _phone(clean_line(value))
        case "region":
            return _region(clean_line(value).upper())
        case "email_opt_out":
            return _answer(value)
        case "tier" if value not in get_args(Tier):
            raise Invalid(f"tier: must be one of {', '.join(get_args(Tier))}", field="tier")
        case "language" if not value or len(value) > 16:
            raise Invalid("language: must be a tag such as en or hi-IN", field="language")
    return value


def fit_all(profile: dict[str, Any]) -> dict[str, Any]:
    """Every field of `profile` fitted."""
    return {name: fit(name, value) for name, value in profile.items()}


def usable(profile: dict[str, Any]) -> dict[str, Any]:
    """What can be used of a profile from another system, which may hold anything."""
    kept = {}
    for name, value in profile.items():
        try:
            kept[name] = fit(name, value)
        except Invalid:
            continue
    return kept


def _email(email: str) -> str:
    local, _, domain = email.rpartition("@")
    if not local or not domain or " " in email or len(email) > 254:
        raise Invalid("email: is not an e-mail address", field="email")
    return email


def _region(region: str) -> str:
    if not _REGION.fullmatch(region):
        raise Invalid("region: must be an ISO 3166 code such as IN or IN-KA", field="region")
    return region


def _answer(value: Any) -> bool:
    found = _ANSWERS.get(str(value).strip().lower())
    if found is None:
        raise Invalid("emailOptOut: must be yes or no", field="emailOptOut")
    return found


def _phone(phone: str) -> str:
    if len(phone) > 40 or not set(phone) <= _PHONE or not any(map(str.isdigit, phone)):
        raise Invalid("phone: is not a phone number", field="phone")
    return phone
