"""Wire types of subscriptions, plans and the Stripe account. Amounts are major units of the `currency` beside them."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from backend.core.wire import UtcInstant, Wire

Number = int | float
Status = Literal["incomplete", "incomplete_expired", "trialing", "active", "past_due", "canceled", "unpaid", "paused"]
Interval = Literal["day", "week", "month", "year"]
Freshness = Literal["CURRENT", "STALE", "GONE"]
"""CURRENT: what Stripe shows is here. STALE: Stripe has not been read lately, or is disconnected. GONE: it has it no more."""
SubscriptionSort = Literal["newest", "mrr", "-mrr", "renewal", "-renewal"]


class PlanRead(Wire):
    """A recurring price. `amount` is of one unit for `intervalCount` intervals."""

    id: str
    stripe_price_id: str
    stripe_product_id: str
    name: str
    amount: Number
    currency: str
    interval: Interval
    interval_count: int
    is_active: bool
    monthly: Number
    """What one unit brings in a month."""


class PlanBrief(Wire):
    id: str
    stripe_price_id: str
    name: str
    amount: Number
    currency: str
    interval: Interval
    interval_count: int


class Payer(Wire):
    """Whose subscription it is."""

    id: str
    external_id: str
    name: str


class Discount(Wire):
    """`percentOff` or `amountOff`; without `endsAt` it holds for ever."""

    id: str
    coupon: str | None
    name: str | None
    percent_off: float | None
    amount_off: Number | None
    ends_at: UtcInstant | None


class Pause(Wire):
    """Billing is paused, the service goes on. Without `resumesAt` until somebody resumes it."""

    behavior: str
    resumes_at: UtcInstant | None


class Scheduled(Wire):
    """What a schedule at Stripe moves it to."""

    plan: PlanBrief
    at: UtcInstant


class SubscriptionRead(Wire):
    """A subscription as Stripe showed it at `readAt`."""

    id: str
    customer_id: str
    customer: Payer
    stripe_subscription_id: str
    stripe_customer_id: str
    status: Status
    plan: PlanBrief | None
    quantity: int
    currency: str
    amount: Number
    """What is billed for each interval, before discounts."""
    interval: Interval
    interval_count: int
    mrr: Number
    started_at: UtcInstant
    current_period_start: UtcInstant | None
    current_period_end: UtcInstant | None
    trial_end: UtcInstant | None
    cancel_at_period_end: bool
    cancel_at: UtcInstant | None
    canceled_at: UtcInstant | None
    ended_at: UtcInstant | None
    cancellation_reason: str | None
    cancellation_feedback: str | None
    pause: Pause | None
    discounts: list[Discount]
    schedule_id: str | None
    scheduled: Scheduled | None
    collection_method: str
    billing_mode: str
    is_disputed: bool
    has_unpaid_invoice: bool
    is_live: bool
    version: int
    read_at: UtcInstant
    freshness: Freshness
    former_account: str | None = None
    """Stripe's id of the account that it is of, when another one has replaced that."""


StripeKey = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=500, pattern=r"^((rk|sk)_(live|test)_[!-~]+)?$")
]
Secret = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500, pattern="^[!-~]*$")]


class AccountConnect(Wire):
    """A restricted key of the business's own account; without one, the first business takes the key of the settings.

    Key and secrets are kept sealed and never shown.
    """

    key: StripeKey = ""
    webhook_secrets: Annotated[list[Secret], Field(max_length=4)] = []
    replaces: Annotated[str, Field(max_length=64)] = ""
    """Stripe's id of the account that was connected last, to agree that another one takes its place."""


class AccountRead(Wire):
    """The Stripe account of a business, and how far it has been read. `mode` is None while there is none."""

    is_connected: bool
    mode: Literal["settings", "key", "connect"] | None
    account_id: str | None
    name: str | None
    is_live: bool | None
    connected_at: UtcInstant | None
    disconnected_at: UtcInstant | None
    has_webhook_secret: bool
    webhook_path: str
    missing_scopes: list[str] | None
    """What the key may not do; None while it was not tried."""
    events_read_until: UtcInstant | None
    synced_at: UtcInstant | None
    last_synced_at: UtcInstant | None
    """The same, by the name that other programs know."""
    relisted_at: UtcInstant | None
    relist: "Relist | None"
    progress: float | None
    """How much of the account was read, from 0 to 1; None when none is connected."""
    connecting: "Connecting | None"
    answered_at: UtcInstant | None
    error: str | None
    failed_at: UtcInstant | None
    subscriptions: int
    charges: int
    former: "list[FormerAccountRead]"
    """Accounts that were connected before; what was read of them counts for nothing any more."""
    unprocessed: int
    """Webhooks that wait to be understood, or could not be."""


class Relist(Wire):
    """A re-list that is under way."""

    what: str
    done: int
    progress: float
    """From 0 to 1; it never falls."""
    began_at: UtcInstant


class AccountNamed(Wire):
    """A Stripe account; `name` is empty when Stripe says none."""

    account_id: str
    name: str


class Connecting(Wire):
    """The last try to connect by OAuth, while it waits for the browser, and when it failed. With `by`, it waits for
    somebody to agree that this account replaces the one that was connected last, `replaces`."""

    expires_at: UtcInstant
    error: str | None
    replaces: AccountNamed | None = None
    by: AccountNamed | None = None


class Replaced(Wire):
    """Stripe's id of the account whose place another one takes: who names it has been told of both."""

    replaces: Annotated[str, Field(max_length=64)]


class FormerAccountRead(AccountNamed):
    """An account that was connected before, and how much was read of it."""

    connected_at: UtcInstant
    left_at: UtcInstant
    subscriptions: int
    charges: int


class ConnectUrl(Wire):
    """Where an owner of the Stripe account agrees, in a browser, until `expiresAt`. For one use."""

    url: str
    expires_at: UtcInstant


class SyncAsked(Wire):
    """Read again now: what changed since the last time, or (`isFull`) all subscriptions."""

    is_full: bool = False


class SyncAccepted(Wire):
    id: str


class StripeReceived(Wire):
    """Whether a webhook was kept (now or before). `ignored`: why it was not, though its signature was right."""

    received: bool
    duplicate: bool
    ignored: Literal["livemode", "account"] | None = None
