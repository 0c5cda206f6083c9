"""How another system's records become ours, as data that an admin edits: checked when it is saved, judged without a database.

An expression names what of a record is meant: `properties.email`; `a, b` is the first that is there; `a + b` both with a
space between; `'GOLD'` the text itself; and after `|` what is made of it: lower, upper, integer, number, hundredth (of
minor units), date, instant (ISO 8601, or seconds since 1970).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from backend.core.text import clean_line
from backend.core.wire import Wire
from backend.signals.schemas import SignalName

_TOKEN = re.compile(r"\s*('[^']*'|[,+|]|[^\s,+|']+)")
_PATH = re.compile(r"[\w$-]+(\.[\w$-]+)*")
_LONGEST = 200
_DAY_FIRST = re.compile(r"(\d{4}-\d{2}-\d{2})")
MOST_RECORDS = 1_000
"""Of one webhook."""


class Unfit(ValueError):
    """A value that cannot be what it should be; the text says why."""


class Part(NamedTuple):
    """A path into a record, or a text."""

    path: tuple[str, ...]
    text: str | None


class Expression(NamedTuple):
    """What is meant of a record: the first of some alternatives, each parts to be joined, and what is made of it."""

    alternatives: tuple[tuple[Part, ...], ...]
    made: tuple[str, ...]


@lru_cache(maxsize=2_048)
def compiled(text: str) -> Expression:
    """An expression to be judged. ValueError, in words, when it is none."""
    place, tokens = 0, []
    while place < len(text.rstrip()):
        if (found := _TOKEN.match(text, place)) is None:
            raise ValueError(f"{text!r}: cannot be read from {text[place:].strip()[:20]!r} on")
        tokens.append(found[1])
        place = found.end()
    whole, _, after = " ".join(tokens).partition(" | ")
    bar = tokens.index("|") if "|" in tokens else len(tokens)
    made = tuple(token for token in tokens[bar:] if token != "|")
    if unknown := [name for name in made if name not in _MAKERS]:
        raise ValueError(f"{unknown[0]!r}: after | stands one of {', '.join(_MAKERS)}")
    if tokens[bar:] and len(made) * 2 != len(tokens[bar:]):
        raise ValueError(f"{after!r}: each of {', '.join(_MAKERS)} stands behind a | of its own")
    alternatives = [
        tuple(_part(words, whole) for words in _split(alternative, "+")) for alternative in _split(tokens[:bar], ",")
    ]
    return Expression(tuple(alternatives), made)


def _split(tokens: list[str], at: str) -> list[list[str]]:
    found: list[list[str]] = [[]]
    for token in tokens:
        if token == at:
            found.append([])
        else:
            found[-1].append(token)
    return found


def _part(tokens: list[str], whole: str) -> Part:
    if len(tokens) != 1 or tokens[0] in "|+,":
        raise ValueError(f"{whole!r}: between , and + stands one path or one 'text'")
    if tokens[0].startswith("'"):
        return Part((), tokens[0][1:-1])
    if not _PATH.fullmatch(tokens[0]):
        raise ValueError(f"{tokens[0]!r}: is no path such as properties.email")
    return Part(tuple(tokens[0].split(".")), None)


def at_path(record: Any, path: Iterable[str]) -> Any:
    """What stands at a path in a record; None when nothing does. A number is a place in a list."""
    for name in path:
        if isinstance(record, Mapping):
            record = record.get(name)
        elif isinstance(record, list) and name.isdigit() and int(name) < len(record):
            record = record[int(name)]
        else:
            return None
    return record


def value_of(text: str, record: Any) -> Any:
    """What an expression comes to; None when nothing is there. Unfit when it cannot be what it should be."""
    if not text:
        return None
    expression = compiled(text)
    for parts in expression.alternatives:
        found = [part.text if part.text is not None else _plain(at_path(record, part.path)) for part in parts]
        known = [one for one in found if one not in (None, "")]
        if known:
            value = known[0] if len(parts) == 1 else clean_line(" ".join(str(one) for one in known))
            for name in expression.made:
                value = _MAKERS[name](value)
            return value
    return None


def paths_of(text: str) -> list[str]:
    """The paths that an expression names."""
    return [".".join(part.path) for parts in compiled(text).alternatives for part in parts if part.path] if text else []


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return clean_line(value)
    return value if isinstance(value, bool | int | float) else None


def _number(value: Any) -> Decimal:
    try:
        found = Decimal(str(value).strip().replace(",", ""))
    except InvalidOperation:
        raise Unfit("is not a number") from None
    if not found.is_finite() or abs(found) > Decimal("1e15"):
        raise Unfit("is not a number")
    return found


def _integer(value: Any) -> int:
    found = _number(value)
    if found != found.to_integral_value():
        raise Unfit("is not a whole number")
    return int(found)


def _instant(value: Any) -> datetime:
    try:
        if isinstance(value, int | float) or str(value).strip().isdigit():
            seconds = float(value)
            return datetime.fromtimestamp(seconds / 1_000 if seconds > 1e11 else seconds, UTC)
        found = datetime.fromisoformat(str(value).strip())
    except (ValueError, OverflowError, OSError):
        raise Unfit("is not an instant such as 2026-03-02T09:00:00Z") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def date_of(value: Any) -> date:
    """The date that a text begins with, or that an instant falls on in UTC. Unfit otherwise."""
    if isinstance(value, str) and (found := _DAY_FIRST.match(value.strip())):
        try:
            return date.fromisoformat(found[1])
        except ValueError:
            raise Unfit("is not a date such as 2026-03-02") from None
    return _instant(value).date()


_MAKERS = {
    "lower": lambda value: str(value).lower(),
    "upper": lambda value: str(value).upper(),
    "integer": _integer,
    "number": lambda value: float(_number(value)),
    "hundredth": lambda value: float(_number(value) / 100),
    "date": date_of,
    "instant": _instant,
}


# -- what is saved


def _checked(text: str) -> str:
    text = text.strip()
    if text:
        compiled(text)
    return text


Told = Annotated[str, Field(max_length=_LONGEST), AfterValidator(_checked)]
Path = Annotated[str, Field(max_length=_LONGEST, pattern=r"^[\w$-]+(\.[\w$-]+)*$")]
Plain = str | int | float | bool | None
When = dict[Path, Plain | list[Plain]]
CustomerField = Literal[
    "name", "email", "phone", "language", "region", "tier", "pastOrderCount", "lastOrderDate", "emailOptOut",
]  # fmt: skip
Property = Literal[
    "category", "device", "feature", "locale", "page", "plan", "platform", "reason", "referrer", "sentiment", "source",
    "status", "step", "tier", "variant", "version", "amount", "attempts", "count", "discount", "price", "quantity", "rank",
    "rating", "records", "size", "steps",
]  # fmt: skip
"""As of signals: names that hold nothing personal."""


class _Strict(Wire):
    """A slip of the pen in a name is told, not lost."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


class SignalMap(_Strict):
    """A record for which `when` holds (path = value, or one of several; null: nothing there) is a signal of the customer,
    once for each `id`."""

    type: SignalName
    when: When = {}
    id: Told = Field(min_length=1)
    at: Told = ""
    """When it happened; now, without."""
    properties: dict[Property, Told] = {}


class IncidenceMap(_Strict):
    """A record for which `when` holds opens a case, once for each `id`."""

    when: When = {}
    id: Told = Field(min_length=1)
    summary: Told = ""
    category: Told = ""
    order_id: Told = ""


class RecordMap(_Strict):
    """How records become ours.

    `records` is the path to the records of a webhook, when it holds several. A customer is known by `externalId`, else
    by `handle` (what the other system calls them), else by `email`; who is not known is made when `makesCustomers`.
    `fields` are set to what the record says, or with `onlyBlanks` only where we know nothing.
    """

    records: Annotated[str, Field(max_length=_LONGEST, pattern=r"^([\w$-]+(\.[\w$-]+)*)?$")] = ""
    external_id: Told = ""
    handle: Told = ""
    email: Told = ""
    makes_customers: bool = True
    only_blanks: bool = False
    fields: dict[CustomerField, Told] = {}
    signals: Annotated[list[SignalMap], Field(max_length=20)] = []
    incidences: Annotated[list[IncidenceMap], Field(max_length=5)] = []

    def paths(self) -> list[str]:
        """Every path that is named."""
        told = [self.external_id, self.handle, self.email, *self.fields.values()]
        for signal in self.signals:
            told += [signal.id, signal.at, *signal.properties.values()]
        for case in self.incidences:
            told += [case.id, case.summary, case.category, case.order_id]
        whens: list[When] = [*(one.when for one in self.signals), *(one.when for one in self.incidences)]
        conditions = [path for when in whens for path in when]
        return list(dict.fromkeys([*(path for text in told for path in paths_of(text)), *conditions]))


# -- what a record comes to


class Noted(NamedTuple):
    """A signal: `at` is None for now."""

    type: str
    id: str
    at: datetime | None
    properties: dict[str, Any]


class Case(NamedTuple):
    """A case to be opened."""

    id: str
    summary: str
    category: str
    order_id: str


@dataclass
class Meant:
    """What a record comes to. `problems` are what of it cannot be used, in words."""

    external_id: str = ""
    handle: str = ""
    email: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    signals: list[Noted] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """By what people find the record again: no address, for it is kept."""
        return self.external_id or self.handle


def meant(mapping: RecordMap, record: Mapping[str, Any]) -> Meant:
    """What a record comes to by a mapping."""
    found = Meant()

    def told(what: str, text: str) -> Any:
        try:
            return value_of(text, record)
        except Unfit as unfit:
            found.problems.append(f"{what}: {unfit}")
            return None

    found.external_id = str(told("externalId", mapping.external_id) or "")[:128]
    found.handle = str(told("handle", mapping.handle) or "")
    found.email = str(told("email", mapping.email) or "").lower()
    for name, text in mapping.fields.items():
        value = told(name, text)
        if value is not None:
            found.fields[name] = value
    for signal in mapping.signals:
        if holds(signal.when, record) and (id := told(f"{signal.type}.id", signal.id)) is not None:
            at = told(f"{signal.type}.at", signal.at)
            given = {name: told(f"{signal.type}.{name}", text) for name, text in signal.properties.items()}
            properties: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
            found.signals.append(Noted(signal.type, str(id), _moment(at, found), properties))
    for case in mapping.incidences:
        if holds(case.when, record) and (id := told("incidence.id", case.id)) is not None:
            words = (told("incidence", text) for text in (case.summary, case.category, case.order_id))
            found.cases.append(Case(str(id), *(str(one or "") for one in words)))
    return found


def _moment(at: Any, found: Meant) -> datetime | None:
    if at is None or isinstance(at, datetime):
        return at
    try:
        return _instant(at)
    except Unfit as unfit:
        found.problems.append(f"at: {unfit}")
        return None


def holds(when: When, record: Any) -> bool:
    """Whether each path holds its value, or one of its values."""
    for path, wanted in when.items():
        value = at_path(record, path.split("."))
        if value not in (wanted if isinstance(wanted, list) else [wanted]):
            return False
    return True


def records_in(mapping: RecordMap, body: Any) -> list[Mapping[str, Any]]:
    """The records of a webhook. Unfit when there are none where the mapping says, or too many."""
    found = at_path(body, mapping.records.split(".")) if mapping.records else body
    found = found if isinstance(found, list) else [found]
    if len(found) > MOST_RECORDS:
        raise Unfit(f"holds {len(found)} records; {MOST_RECORDS} at most are taken")
    records = [one for one in found if isinstance(one, Mapping)]
    if not records:
        raise Unfit(f"nothing stands at {mapping.records!r}" if mapping.records else "is no record")
    return records
