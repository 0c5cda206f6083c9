"""Wire types of changes to subscriptions. Amounts are major units of the `currency` beside them."""

from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, PlainSerializer, model_validator

from backend.core.text import Body, JsonObject, Key
from backend.core.wire import Change, UtcInstant, Wire

Number = int | float
Kind = Literal["PAUSE", "RESUME", "DOWNGRADE", "DISCOUNT", "TRIAL_EXTENSION", "CANCEL", "KEEP"]
State = Literal["INTENDED", "CALLING", "DONE", "FAILED", "MISMATCHED"]
Feedback = Literal[
    "customer_service",
    "low_quality",
    "missing_features",
    "other",
    "switched_service",
    "too_complex",
    "too_expensive",
    "unused",
]
"""Stripe's own words for why somebody leaves."""
When = Literal["now", "period_end"]


def _float(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


Percent = Annotated[
    Decimal,
    Field(gt=0, le=100, decimal_places=2, allow_inf_nan=False),
    PlainSerializer(_float, when_used="json"),
]
Comment = Annotated[Body, Field(max_length=500)]


def _whole_second(value: Any) -> Any:
    return value.replace(microsecond=0)


Second = Annotated[UtcInstant, AfterValidator(_whole_second)]
"""Stripe's instants are whole seconds."""


class Params(Wire):
    """What a change is to be. Nothing unknown is taken, since it would be lost silently."""

    model_config = ConfigDict(extra="forbid")


class PauseParams(Params):
    """For so many months, or until an instant: bill nothing; the service goes on."""

    months: Annotated[int, Field(ge=1, le=24)] | None = None
    resumes_at: Second | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.months is None) == (self.resumes_at is None):
            raise ValueError("give either months or resumesAt")
        return self


class ResumeParams(Params):
    """Bill again."""


class DowngradeParams(Params):
    """To a cheaper plan, at the end of the period or now. Now needs the `prorationDate` of a preview that was shown."""

    plan_id: Key
    when: When = "period_end"
    proration_date: Second | None = None

    @model_validator(mode="after")
    def _previewed(self) -> Self:
        if self.when == "period_end" and self.proration_date is not None:
            raise ValueError("prorationDate goes with when=now")
        return self


class DiscountParams(Params):
    """So much off each invoice for so many months."""

    percent: Percent
    months: Annotated[int, Field(ge=1, le=24)]


class TrialParams(Params):
    """So many free days more. `onPaid`: also when it has no trial now, which moves its billing dates."""

    days: Annotated[int, Field(ge=1, le=730)]
    on_paid: bool = False


class CancelParams(Params):
    """At the end of the period or now; why, in Stripe's words and the customer's."""

    when: When = "period_end"
    feedback: Feedback | None = None
    comment: Comment | None = None


class KeepParams(Params):
    """Undo what is to happen at the end of the period: a cancellation or a move to another plan."""


PARAMS: dict[Kind, type[Params]] = {
    "PAUSE": PauseParams,
    "RESUME": ResumeParams,
    "DOWNGRADE": DowngradeParams,
    "DISCOUNT": DiscountParams,
    "TRIAL_EXTENSION": TrialParams,
    "CANCEL": CancelParams,
    "KEEP": KeepParams,
}


class Ask(Change):
    """`version` is that of the subscription. With `incidenceId` it shows in the timeline of that case; `preview` is what
    was shown before it was confirmed, and is kept with it."""

    incidence_id: Key | None = None
    preview: JsonObject | None = None


class PauseAsk(PauseParams, Ask): ...


class ResumeAsk(ResumeParams, Ask): ...


class DowngradeAsk(DowngradeParams, Ask): ...


class DiscountAsk(DiscountParams, Ask): ...


class TrialAsk(TrialParams, Ask): ...


class CancelAsk(CancelParams, Ask): ...


class KeepAsk(KeepParams, Ask): ...


class PreviewAsk(Wire):
    """What would come of a change: `params` are those of its kind."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    params: dict[str, Any] = {}


class PreviewLine(Wire):
    """A line of the next invoice."""

    text: str
    amount: Number


class Bill(Wire):
    """An invoice to come, taxes in it."""

    at: UtcInstant
    amount: Number
    """What is to be paid, after discounts and credit."""
    lines: list[PreviewLine]


class PreviewRead(Wire):
    """What a change would cost and save. `words` say it in sentences.

    `isExact`: by Stripe's own preview; otherwise it is what we reckon from the next invoice as Stripe previews it.
    """

    kind: Kind
    currency: str
    unchanged: Bill | None
    """The next invoice if nothing is changed; None when there is none to come."""
    next: Bill | None
    """The next invoice that is collected, after the change."""
    credit: Number
    """What is given back for the unused time, as credit on later invoices; never paid out."""
    saved: Number
    """What the customer does not pay by this, as long as it holds; 0 when that has no end."""
    takes_effect_at: UtcInstant
    ends_at: UtcInstant | None
    proration_date: UtcInstant | None
    """Send it with the downgrade, within ten minutes."""
    is_exact: bool
    words: list[str]


class ChangeRead(Wire):
    """A change of a subscription. `words` say what it is; `error` what went wrong, in words."""

    id: str
    subscription_id: str
    customer_id: str
    kind: Kind
    params: dict[str, Any]
    words: str
    preview: dict[str, Any] | None
    state: State
    before: dict[str, Any] | None
    wanted: dict[str, Any] | None
    after: dict[str, Any] | None
    error: str | None
    tries: int
    asked_by: str | None
    asked_at: UtcInstant
    called_at: UtcInstant | None
    settled_at: UtcInstant | None
    run_id: str | None
    incidence_id: str | None
