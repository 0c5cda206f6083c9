"""Wire types of the runs of customers through flows, and of what agents offer."""

from typing import Annotated, Any, Literal

from pydantic import Field

from backend.core.text import Body, Key
from backend.core.wire import Page, UtcInstant, Wire
from backend.retention.flow_schemas import Code, OfferType, Reason

StepKind = Literal["survey", "offer", "message", "confirm"]
Outcome = Literal["SAVED", "CANCELLED", "ABANDONED"]
Group = Literal["TREATED", "HOLDOUT"]
Channel = Literal["APP", "AGENT"]
LogKind = Literal["ATTEMPT", "SHOWN", "ACCEPTED", "DECLINED"]


class OfferRead(Wire):
    """An offer as a customer sees it."""

    offer_type: OfferType
    offer: str
    """Type and depth, such as DISCOUNT:20."""
    params: dict[str, Any]
    words: str


class Step(Wire):
    """What is shown now. `offerType` says what a decision is about: an offer's type, or SURVEY, MESSAGE or CONFIRM."""

    number: int
    """Of the run's steps, from 0: send it back with the decision."""
    kind: StepKind
    offer_type: Literal["SURVEY", "MESSAGE", "CONFIRM"] | OfferType
    id: str
    title: str
    text: str
    reasons: list[Reason] = []
    """Of a survey, or with which a cancellation may be confirmed."""
    offer: OfferRead | None = None


CustomerToken = Annotated[str, Field(max_length=200)]
"""With a page's key: the customer's id, signed by the business's server (`identity.vouching`)."""


class StartAsked(Wire):
    """A customer wants to cancel. The ids may be ours or the business's own, and Stripe's for the subscription.

    A page sends `customerToken` too: HMAC-SHA256 of the customerId, in hex, by the customerSecret of its key.
    """

    customer_id: Key
    subscription_id: Annotated[str, Field(min_length=1, max_length=255)]
    reason: Code | None = None
    """When the page has asked already; the survey is left out then."""
    customer_token: CustomerToken | None = None


class Started(Wire):
    """A run, and what to show first. `cancelUrl` is where the customer can cancel at once, at every step.

    A decision `{"offerType": "CANCEL", "accepted": true}` does the same.
    """

    run_id: str
    flow_id: str | None
    flow_version: int | None
    step: Step | None
    reasons: list[Reason]
    cancel_url: str
    outcome: Outcome | None
    pending: bool
    expires_at: UtcInstant
    currency: str
    plan: str | None
    monthly_value: float
    period_end: UtcInstant | None
    """Until when the customer has access if they cancel."""


class DecisionAsked(Wire):
    """What the customer made of a step.

    `offerType` is that of the step, or CANCEL at any time. `accepted` is yes to an offer, an answer to a survey, `cancel`
    to CONFIRM; false is no, skip, or `stay` to CONFIRM. `step` is the step's number, by which a repeated decision is known.
    """

    offer_type: Literal["SURVEY", "MESSAGE", "CONFIRM", "CANCEL"] | OfferType
    accepted: bool
    reason: Code | None = None
    follow_up: Code | None = None
    comment: Annotated[Body, Field(max_length=2_000)] | None = None
    step: Annotated[int, Field(ge=0, le=1_000)] | None = None
    customer_token: CustomerToken | None = None


class Decided(Wire):
    """Where the run stands after a decision. `message` is for the customer: what was done, or why it could not be."""

    run_id: str
    next_step: Step | None
    outcome: Outcome | None
    pending: bool
    """The decision is being carried out at Stripe; ask again (the same decision) for the outcome."""
    revenue_saved: float
    """Descriptive, in major units: what is billed a month after what was accepted. 0 unless SAVED."""
    currency: str
    accepted_offer: str | None
    message: str
    cancel_url: str


class RankedOffer(Wire):
    """An offer in its place, from 1, and why it is there."""

    place: int
    step_id: str
    offer_type: OfferType
    offer: str
    params: dict[str, Any]
    words: str
    points: float
    """By the operator's rules."""
    propensity: float | None
    """How likely it was to come first; None when a person chose."""
    expected: float | None = None
    """The share of the list price of 90 days that is thought to be paid after it; None while nothing is learned."""
    expected_value: float | None = None
    """The same in major units."""
    margin: float | None = None
    """Of a discount: what is left of each payment over what serving the customer costs, as a share."""
    why: list[str]


class RefusedOffer(Wire):
    step_id: str
    offer_type: OfferType
    offer: str
    words: str
    limit: str
    """Which limit, as a code."""
    why: str


class RunRead(Wire):
    run_id: str
    version: int
    customer_id: str
    subscription_id: str
    incidence_id: str | None
    flow_id: str | None
    flow_name: str | None
    flow_version: int | None
    flow_rule: str | None
    rule_version: int | None
    channel: Channel
    group: Group
    holdout_share: float
    facts: dict[str, Any]
    segment: str
    ranking: list[RankedOffer]
    refused: list[RefusedOffer]
    step: Step | None
    reason: str | None
    reason_label: str | None
    follow_up: str | None
    comment: str | None
    currency: str
    mrr: float
    outcome: Outcome | None
    pending: bool
    accepted_offer: str | None
    change_id: str | None
    message: str
    revenue_saved: float
    started_by: str | None
    started_at: UtcInstant
    expires_at: UtcInstant
    decided_at: UtcInstant | None
    superseded_by: str | None
    """A later run of the same subscription whose outcome counts instead."""


class RunLine(RunRead):
    """In the list, with whose it is."""

    customer_name: str
    user_id: str


class RunPage(Page[RunLine]):
    """`open` counts the runs that have no outcome yet, whatever the filter."""

    open: int


class LogEntry(Wire):
    kind: LogKind
    step: int
    offer_type: str
    params: dict[str, Any]
    place: int | None
    propensity: float | None
    at: UtcInstant


class RunShown(RunLine):
    log: list[LogEntry]


# -- offers of agents


class OffersRead(Wire):
    """What a customer may be offered now: the best first, and what limits forbid."""

    subscription_id: str
    customer_id: str
    flow_id: str | None
    flow_name: str | None
    group: Group
    offers: list[RankedOffer]
    refused: list[RefusedOffer]
    why: str
    """Why there is nothing to offer at all; empty otherwise."""
    facts: dict[str, Any]


class OfferAsk(Wire):
    """An agent makes an offer: one of those that the customer may have. `stepId` when there are two of the type."""

    subscription_id: Annotated[str, Field(min_length=1, max_length=255)]
    offer_type: OfferType
    step_id: Code | None = None
    incidence_id: Key | None = None
    reason: Code | None = None
