"""Wire types of signals, context and friction."""

from datetime import date
from typing import Annotated, Any

from pydantic import Field

from backend.core.text import JsonList, JsonObject, Key
from backend.core.wire import Amount, Page, UtcInstant, Wire

SignalName = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,63}$")]

Count = Annotated[int, Field(ge=0, le=2**31 - 1)]


class SignalPost(Wire):
    """One fact of behaviour. `value` is in seconds for durations, a count or an amount otherwise."""

    signal_type: SignalName
    value: Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)] | None = None
    flow: Key | None = None
    screen: Key | None = None
    timestamp: UtcInstant | None = None
    id: Key | None = None
    """Makes a repeated post count once."""
    order_id: Key | None = None
    """Of `order_placed`: which order."""


class UserSignalPost(SignalPost):
    user_id: Key


class Prompt(Wire):
    """Help that the app should offer now."""

    id: str
    cause: str
    action: str
    """HELP_PROMPT, CALL_OPTION, COMPARE_PACKAGES, EXPERT_CONSULTATION …, as the rule says."""
    text: str


class SignalAnswer(Wire):
    friction_score: int
    triggered: bool
    prompt: Prompt | None = None


class ScreenPut(Wire):
    screen: Key


class CartPut(Wire):
    cart_items: JsonList
    selected_platter: JsonObject | None = None
    guest_count: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    event_date: date | None = None
    event_type: Annotated[Key, Field(max_length=32)] | None = None
    estimated_value: Amount | None = None


class ContextRead(Wire):
    """What a customer is doing in the app right now."""

    user_id: str
    current_screen: str | None
    previous_screens: list[str]
    last_activity: UtcInstant | None
    session_duration: int
    """Seconds since the visit began; 0 when there is none."""
    cart_items: list[Any]
    selected_platter: dict[str, Any] | None
    guest_count: int | None
    event_date: date | None
    event_type: str | None
    estimated_value: float | int | None
    currency: str
    language: str
    tier: str
    past_order_count: int
    last_order_date: date | None
    hesitation_score: int
    """The friction score, 0-100."""
    back_navigation_count: int
    price_check_count: int
    items_viewed: int
    items_added: int
    score_trend: list[int]
    counters: dict[str, dict[str, float]]
    """Per flow, per signal type: the count, or the longest seconds for durations."""


class FrictionReason(Wire):
    rule: str
    points: int
    text: str


class FrictionVerdict(Wire):
    score: int
    triggered: bool
    reasons: list[FrictionReason]
    action: str | None
    rule_version: int


class FrictionJudge(Wire):
    """Either a customer whose live context is judged, or a context to judge without storing it."""

    user_id: Key | None = None
    inactivity_seconds: Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)] | None = None
    back_navigation_count: Count | None = None
    price_check_count: Count | None = None
    is_high_value_event: bool | None = None
    is_first_time_user: bool | None = None
    event_type: Key | None = None
    cart_value: Amount | None = None
    screen: Key | None = None
    past_order_count: Count | None = None


class TrackEvent(Wire):
    """One event of /api/track."""

    customer_id: Key
    event: Annotated[str, Field(min_length=1, max_length=64)]
    properties: dict[str, Any] = {}
    timestamp: UtcInstant | None = None
    id: Key | None = None


class Rejected(Wire):
    index: int
    reason: str


class TrackAnswer(Wire):
    accepted: int
    duplicates: int
    rejected: list[Rejected]


class VisitRead(Wire):
    """A stay in the customer's app. `pages` are the screens in the order they were on, at most fifty; `actions` are
    signals, `by_type` how many of each."""

    started_at: UtcInstant
    ended_at: UtcInstant | None
    """The last that is known of it; None while it goes on."""
    is_live: bool
    ended_by: str | None
    """silence, session_end, order_placed, or length: it went on for more than a day, and is told of in parts."""
    seconds: int
    actions: int
    by_type: dict[str, int]
    pages: list[str]
    page_views: int
    order_id: Any = None


class VisitPage(Page[VisitRead]):
    """A page of visits, the latest first."""
