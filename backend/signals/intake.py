"""The door for signals: bodies decoded and checked by hand, because a model per signal would cost more than storing it.

Nothing personal gets in: property names go through an allow list, and a value that looks like an e-mail address or a
phone number is refused.
"""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec
import orjson

from backend.core.errors import Invalid
from backend.core.rows import to_micros
from backend.core.text import clean_line
from backend.rules.shipped.ordering import screen_name
from backend.signals.ingest import Told
from backend.signals.models import ORDER_ID, ORDER_PLACED

MOST_EVENTS = 1_000
LONGEST_ID = 128
LONGEST_TEXT = 200
LARGEST_VALUE = 1e12

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_PHONE = re.compile(r"\+\d[\d\s().-]{6,}\d|(?<![\w-])(?:\d[\s().-]{0,2}){9,14}\d(?![\w:-])")
_TEXTS = frozenset(
    "category device feature locale page plan platform reason referrer sentiment source status step tier variant version".split()
)
_NUMBERS = frozenset("amount attempts count discount price quantity rank rating records size steps".split())
_VALUE = ("value", "seconds", "duration")
"""Properties that are the signal's value, the first that is there."""

ALLOWED_PROPERTIES = _TEXTS | _NUMBERS | {*_VALUE, "flow", "screen"}
"""The names of properties that are kept; all others are dropped."""


class Refused(ValueError):
    """One item cannot be taken; the text says why, field first."""


_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, Refused)
"""Everything that a body from outside can make of reading it."""


class SignalBody(msgspec.Struct, rename="camel"):
    """The body of one signal. The user is in the path, or here."""

    signal_type: str
    value: float | None = None
    flow: str | None = None
    screen: str | None = None
    timestamp: str | None = None
    id: str | None = None
    user_id: str | None = None
    order_id: str | None = None


class EventBody(msgspec.Struct, rename="camel"):
    """One event of /api/track."""

    customer_id: str
    event: str
    properties: dict[str, Any] | None = None
    timestamp: str | None = None
    id: str | None = None


class _Batch(msgspec.Struct):
    events: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_signal = msgspec.json.Decoder(SignalBody)
_event = msgspec.json.Decoder(EventBody)
_events = msgspec.json.Decoder(list[EventBody])
_raw_events = msgspec.json.Decoder(list[msgspec.Raw])
_batch = msgspec.json.Decoder(_Batch)


def read_signal(body: bytes, user_id: str | None, now: int, key: str | None) -> Told:
    """The signal in `body`, of `user_id` or of the user it names. `key` makes a repeated request count once. Invalid."""
    try:
        given = _signal.decode(body)
        user = _id("userId", user_id if user_id is not None else given.user_id)
        if given.value is not None and not 0 <= given.value <= LARGEST_VALUE:
            raise Refused(f"value: must be between 0 and {LARGEST_VALUE:.0e}")
        return Told(
            user,
            _signal_name(given.signal_type),
            given.value,
            _place("flow", given.flow) if given.flow is not None else None,
            _place("screen", given.screen) if given.screen is not None else None,
            now if given.timestamp is None else _instant(given.timestamp, now),
            _own_id(given.id) if given.id is not None else key,
            _order(given.order_id) if given.order_id and given.signal_type == ORDER_PLACED else None,
        )
    except _UNREADABLE as error:
        raise _invalid(error) from None


def read_events(body: bytes, now: int, key: str | None) -> tuple[list[Told], list[dict[str, Any]]]:
    """The events in `body`, in the order in which they happened, and what was refused: {index, reason}.

    Invalid when the body cannot be read, holds too many, or is one event that cannot be taken.
    """
    try:
        batch = _batch.decode(body).events
        if batch is msgspec.UNSET:
            return [_told(_event.decode(body), now, key)], []
        assert isinstance(batch, msgspec.Raw)
        try:
            events: list[EventBody | msgspec.Raw] = list(_events.decode(batch))
        except msgspec.ValidationError:  # some are misshapen: look at each by itself
            events = list(_raw_events.decode(batch))
    except _UNREADABLE as error:
        raise _invalid(error) from None
    if len(events) > MOST_EVENTS:
        raise Invalid(f"events: at most {MOST_EVENTS} at once; got {len(events)}", field="events", limit=MOST_EVENTS)
    told: list[Told] = []
    refused: list[dict[str, Any]] = []
    for index, event in enumerate(events):
        try:
            whole = event if isinstance(event, EventBody) else _event.decode(event)
            told.append(_told(whole, now, f"{key}:{index}" if key else None))
        except _UNREADABLE as error:
            refused.append({"index": index, "reason": _reason(error)})
    told.sort(key=_at)
    return told, refused


def _at(told: Told) -> int:
    return told.at


def _told(event: EventBody, now: int, key: str | None) -> Told:
    name, given = _event_name(event.event), event.properties
    value, flow, screen, properties = _properties(given) if given else (None, None, None, None)
    if name == ORDER_PLACED and given and isinstance(given.get(ORDER_ID), str):
        properties = _order(given[ORDER_ID], properties)
    return Told(
        _id("customerId", event.customer_id),
        name,
        value,
        flow,
        screen,
        now if event.timestamp is None else _instant(event.timestamp, now),
        _own_id(event.id) if event.id is not None else key,
        properties,
    )


def _properties(given: dict[str, Any]) -> tuple[float | None, str | None, str | None, str | None]:
    """(value, flow, screen, the other allowed ones as JSON) of an event's properties."""
    kept: dict[str, Any] = {}
    for name, value in given.items():
        if isinstance(value, str):
            if len(value) > LONGEST_TEXT:  # looking for an address takes the square of the length
                value = clean_line(value)[:LONGEST_TEXT]
            if name != ORDER_ID and looks_personal(value):
                raise Refused(f"properties.{clean_line(name)[:64]}: looks like an e-mail address or a phone number")
            if name in _TEXTS:
                kept[name] = clean_line(value)[:LONGEST_TEXT]
        elif isinstance(value, bool):
            if name in _TEXTS:
                kept[name] = value
        elif isinstance(value, int | float) and (name in _NUMBERS or name in _VALUE):
            if not 0 <= value <= LARGEST_VALUE:
                raise Refused(f"properties.{name}: must be between 0 and {LARGEST_VALUE:.0e}")
            kept[name] = value
    value = next((kept[name] for name in _VALUE if name in kept), None)
    flow, screen = given.get("flow"), given.get("screen")
    rest = {name: kept[name] for name in sorted(kept) if name not in _VALUE}
    return (
        None if value is None else float(value),
        _place("flow", flow) if isinstance(flow, str) and flow else None,
        _place("screen", screen) if isinstance(screen, str) and screen else None,
        orjson.dumps(rest).decode() if rest else None,
    )


def _order(id: str, properties: str | None = None) -> str:
    """`properties` with the order's id in them, which would look like a telephone number elsewhere."""
    cleaned = _id("orderId", id)
    if _EMAIL.search(cleaned):
        raise Refused("orderId: looks like an e-mail address")
    return orjson.dumps((orjson.loads(properties) if properties else {}) | {ORDER_ID: cleaned}).decode()


def looks_personal(text: str) -> bool:
    """Whether `text` holds something like an e-mail address or a phone number."""
    return ("@" in text and _EMAIL.search(text) is not None) or _PHONE.search(text) is not None


@lru_cache(maxsize=4096)
def _signal_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise Refused("signalType: must be lower-case letters, digits and underscores, 64 at most")
    return name


@lru_cache(maxsize=4096)
def _event_name(name: str) -> str:
    """`Page Viewed` and `pageViewed` are `page_viewed`."""
    known = screen_name(name)
    if len(name) > 64 or looks_personal(name) or not _NAME.fullmatch(known):
        raise Refused("event: must be a name of letters, digits and underscores, 64 at most")
    return known


@lru_cache(maxsize=4096)
def _place(field: str, text: str) -> str:
    place = clean_line(text)
    if not place or len(text) > LONGEST_ID:
        raise Refused(f"{field}: must have 1 to {LONGEST_ID} characters")
    if looks_personal(place):
        raise Refused(f"{field}: looks like an e-mail address or a phone number")
    return place


def _id(field: str, text: str | None) -> str:
    if text is None:
        raise Refused(f"{field}: is required")
    cleaned = text if text.isalnum() and text.isascii() else clean_line(text)
    if not cleaned or len(text) > LONGEST_ID:
        raise Refused(f"{field}: must have 1 to {LONGEST_ID} characters")
    return cleaned


def _own_id(text: str) -> str:
    id = _id("id", text)
    if _EMAIL.search(text):
        raise Refused("id: looks like an e-mail address")
    return id


def _instant(text: str, now: int) -> int:
    """Microseconds of an ISO 8601 instant, UTC when it names no zone. A clock that is ahead of ours means now."""
    try:
        moment = datetime.fromisoformat(text)
        at = to_micros(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        raise Refused("timestamp: must be an ISO 8601 instant such as 2026-03-02T09:00:00Z") from None
    if at < 0:
        raise Refused("timestamp: is before 1970")
    return min(at, now)


def _reason(error: Exception) -> str:
    if isinstance(error, msgspec.ValidationError):
        said, _, place = str(error).partition(" - at `$")
        field = place.strip("`.").removeprefix("[...].") or "body"
        return f"{field}: {said[:1].lower()}{said[1:]}"
    return str(error) if isinstance(error, Refused) else "body: is not JSON"


def _invalid(error: Exception) -> Invalid:
    reason = _reason(error)
    field, _, said = reason.partition(": ")
    return Invalid(reason, field=field, reason=said)
