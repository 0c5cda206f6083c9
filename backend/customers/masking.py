"""Ways to reach a person, shown so that one can tell them apart but not use them."""

SHOWN_DIGITS = 4


def mask_email(email: str | None) -> str | None:
    """`asha@example.com` as `a***@example.com`."""
    if not email:
        return None
    local, _, domain = email.rpartition("@")
    return f"{local[:1] if len(local) > 1 else ''}***@{domain}"


def mask_phone(phone: str | None) -> str | None:
    """`+91 98765 43210` as `***3210`: the last four digits, fewer of a short number."""
    if not phone:
        return None
    digits = [character for character in phone if character.isdigit()]
    shown = min(SHOWN_DIGITS, len(digits) // 2)
    return "***" + "".join(digits[len(digits) - shown :])
