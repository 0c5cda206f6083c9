"""The language of filters: `p1 churn>70 @me -waiting tier:gold #INC-1042 value>=25000 wedding`.

A filter is words; every word must hold, a leading `-` turns it round. A word is one of
`p1`-`p4` (priority) · `@me`, `@none`, `@asha` (assignee) · `#1042`, `INC-1042` (ref) · `#vip` (label) · `watching` ·
`name<op>value` with `: = != > >= < <=` (priority, friction, churn, value, sla, tier, status, assignee, channel, stage,
event, language, ref, label, watcher, text; `is:` is `status:`) · a bare status (`open waiting snoozed closed`) ·
`breached` (missed a target) · anything else is text looked for in summary, customer, ref and order.
`sla` is what is left of the nearest target: `sla<30m`, `sla<0` for what is over; units are s, m, h and d.
Double quotes keep spaces together and make text of what would mean something: `"closed"`.

Pure: the server translates terms to SQL, the console evaluates them on its mirror, and both read the same words.
"""

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

NUMBERS = ("priority", "friction", "churn", "value")
LENGTHS = ("sla",)
CHOICES: dict[str, tuple[str, ...]] = {
    "tier": ("GOLD", "SILVER", "BRONZE"),
    "status": ("OPEN", "WAITING", "SNOOZED", "CLOSED"),
    "channel": ("IN_APP_CHAT", "CALL", "WHATSAPP"),
    "stage": ("PRE_ORDER", "POST_ORDER"),
}
WORDS = ("assignee", "event", "language", "ref", "label", "watcher", "text")
FIELDS = (*NUMBERS, *LENGTHS, *CHOICES, *WORDS)
SHORT = {
    "p": "priority",
    "prio": "priority",
    "is": "status",
    "agent": "assignee",
    "lang": "language",
    "chat": "IN_APP_CHAT",
    "app": "IN_APP_CHAT",
    "phone": "CALL",
    "pre": "PRE_ORDER",
    "post": "POST_ORDER",
}
"""Other names of fields and of values."""

ME, NOBODY = "me", "none"
"""Assignees that are no name."""

WATCHING = "watching"
"""The bare word for what one watches oneself."""

_MAX_LENGTH = 500
_PRIORITY = re.compile(r"p([1-4])", re.IGNORECASE)
_REF = re.compile(r"#?(?:inc-)?(\d{1,15})", re.IGNORECASE)
_NOT_IN_LABEL = re.compile(r"[^\w./&+-]+")
_LONGEST_LABEL = 32
_COMPARISON = re.compile(r"([A-Za-z]+)(>=|<=|!=|[:=<>])(.*)", re.DOTALL)
_LENGTH = re.compile(r"(-?\d{1,6})(?:(s|m|min|h|d)|(?<=^0))", re.IGNORECASE)
_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "": 1}
_TOKEN = re.compile(r'(-?)((?:[^\s"]|"[^"]*(?:"|$))+)')


@dataclass(frozen=True, slots=True)
class Term:
    """One condition. `op` is `=`, `!=`, `>`, `>=`, `<` or `<=`; `value` a Decimal for numbers, else a string.

    `sla` is in seconds, `breached` is `yes`. Text, event and language are casefolded; choices are as on the wire; `ref` is the bare number as a string.
    """

    field: str
    op: str
    value: Decimal | str
    negated: bool = False


class Problem(ValueError):
    """A filter that cannot be read; the message says why and what would do. `word` is the part that is wrong."""

    def __init__(self, message: str, word: str) -> None:
        super().__init__(message)
        self.word = word


def parse(text: str) -> list[Term]:
    """The terms of a filter, all of which must hold. Problem when a word cannot be read."""
    if len(text) > _MAX_LENGTH:
        raise Problem(f"A filter holds at most {_MAX_LENGTH} characters.", text[:20])
    found = (_term(match[2], bool(match[1])) for match in _TOKEN.finditer(text) if match[2].strip('-"'))
    return [term for term in found if term.value != ""]


def _term(word: str, negated: bool) -> Term:
    if '"' in word and (match := _COMPARISON.fullmatch(word)) is None:
        return Term("text", "=", _unquoted(word).casefold(), negated)
    if match := _PRIORITY.fullmatch(word):
        return Term("priority", "=", Decimal(match[1]), negated)
    if word.startswith("@"):
        return Term("assignee", "=", _assignee(word[1:], word), negated)
    if word.startswith("#") and not _REF.fullmatch(word):
        return Term("label", "=", _label(word, word), negated)
    if word.startswith("#") or word.lower().startswith("inc-"):
        return Term("ref", "=", _ref(word, word), negated)
    if match := _COMPARISON.fullmatch(word):
        return _comparison(match[1], match[2], match[3], word, negated)
    if word.casefold() == "breached":
        return Term("breached", "=", "yes", negated)
    if word.upper() in CHOICES["status"]:
        return Term("status", "=", word.upper(), negated)
    if word.casefold() == WATCHING:
        return Term("watcher", "=", ME, negated)
    return Term("text", "=", word.casefold(), negated)


def _comparison(name: str, op: str, value: str, word: str, negated: bool) -> Term:
    field = SHORT.get(name.lower(), name.lower())
    if field not in FIELDS:
        raise Problem(f"There is no {name!r} to filter by; there are {', '.join(FIELDS)}.", word)
    op = "=" if op == ":" else op
    value = _unquoted(value)
    if not value:
        raise Problem(f"What should {name} be? Write a value after {op!r}.", word)
    if field in NUMBERS:
        return Term(field, op, _number(field, value, word), negated)
    if field in LENGTHS:
        return Term(field, op, _length(value, word), negated)
    if op not in ("=", "!="):
        raise Problem(f"{name} has no order: use {name}:… instead of {op!r}.", word)
    return Term(field, op, _worded(field, value, word), negated)


def _worded(field: str, value: str, word: str) -> str:
    match field:
        case "assignee":
            return _assignee(value.removeprefix("@"), word)
        case "ref":
            return _ref(value, word)
        case "label":
            return _label(value, word)
        case "watcher":
            return _watcher(value, word)
        case "tier" | "status" | "channel" | "stage":
            return _choice(field, value, word)
    return value.casefold()


def _choice(field: str, value: str, word: str) -> str:
    wanted = SHORT.get(value.lower(), value).upper().replace("-", "_")
    if wanted not in CHOICES[field]:
        known = ", ".join(choice.lower() for choice in CHOICES[field])
        raise Problem(f"There is no {field} {value!r}; there are {known}.", word)
    return wanted


def _number(field: str, value: str, word: str) -> Decimal:
    scale = 1000 if value[-1] in "kK" and field == "value" else 1
    try:
        number = Decimal(value.replace(",", "").rstrip("kK") if scale > 1 else value.replace(",", ""))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) > Decimal("1e12"):
        raise Problem(f"{field} is compared with a number; {value!r} is none.", word)
    return number * scale


def _length(value: str, word: str) -> Decimal:
    match = _LENGTH.fullmatch(value)
    if match is None:
        raise Problem(f"{value!r} is no length of time; write 90s, 30m, 4h, 2d, or 0.", word)
    return Decimal(int(match[1]) * _UNITS[(match[2] or "").lower()])


def _assignee(name: str, word: str) -> str:
    if not name:
        raise Problem("Whose? Write @me, @none or a name.", word)
    return name.casefold()


def _ref(text: str, word: str) -> str:
    match = _REF.fullmatch(text)
    if match is None:
        raise Problem(f"{text!r} is no reference; they look like #INC-1042.", word)
    return str(int(match[1]))


def label_of(text: str) -> str:
    """A label as it is kept: small letters, words joined by `-`, no `#`. ValueError when nothing of a name is left."""
    label = _NOT_IN_LABEL.sub("-", text.strip().lstrip("#").casefold()).strip("-./&+")
    if not any(letter.isalpha() for letter in label):
        raise ValueError("a label needs a letter")
    if len(label) > _LONGEST_LABEL:
        raise ValueError(f"a label has at most {_LONGEST_LABEL} characters")
    if _REF.fullmatch(label):
        raise ValueError("a label must not look like a reference")
    return label


def _label(text: str, word: str) -> str:
    try:
        return label_of(text)
    except ValueError as error:
        raise Problem(f"{text!r} is no label: {error}.", word) from None


def _watcher(text: str, word: str) -> str:
    name = text.removeprefix("@").casefold()
    if name not in (ME, NOBODY):
        raise Problem("Cases are filtered by watcher:me or watcher:none.", word)
    return name


def _unquoted(text: str) -> str:
    return text.replace('"', "")
