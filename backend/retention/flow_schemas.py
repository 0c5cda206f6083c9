"""Wire types of flows: what stands in one, its versions, and trying another on the past."""

from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, ConfigDict, Discriminator, Field, PlainSerializer, Tag, model_validator

from backend.core.text import Key, Line, OptionalLine, clean
from backend.core.wire import Change, UtcInstant, Wire

OfferType = Literal["PAUSE", "DOWNGRADE", "DISCOUNT", "TRIAL_EXTENSION"]
FlowStatus = Literal["DRAFT", "ACTIVE", "ARCHIVED"]

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Words = Annotated[OptionalLine, Field(max_length=200)]
Text = Annotated[str, Field(max_length=2_000), AfterValidator(clean)]
Days = Annotated[int, Field(ge=1, le=90)]


def _plain(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


Percent = Annotated[
    Decimal, Field(gt=0, le=100, decimal_places=2, allow_inf_nan=False), PlainSerializer(_plain, when_used="json")
]


class Strict(Wire):
    """A part of a document: a field nobody knows is refused, because it would be lost silently."""

    model_config = ConfigDict(extra="forbid")


# -- a flow's document


class FollowUp(Strict):
    """A closer question's answer."""

    code: Code
    label: Line


class Reason(Strict):
    """Why a customer leaves. `feedback` is what Stripe is told (its own words for it); the code when left out."""

    code: Code
    label: Line
    follow_ups: Annotated[list[FollowUp], Field(max_length=12)] = []
    feedback: Code | None = None


class PauseParams(Strict):
    """No invoices for some months; access stays."""

    months: Annotated[int, Field(ge=1, le=12)]


class DowngradeParams(Strict):
    """From the next period on, another plan: its name, or the id of its price. Nothing named is the next cheaper one."""

    plan: Key | None = None


class DiscountParams(Strict):
    percent: Percent
    months: Annotated[int, Field(ge=1, le=24)]
    """No more than a change of a subscription takes."""


class TrialExtensionParams(Strict):
    days: Annotated[int, Field(ge=1, le=365)]


class _Step(Strict):
    id: Code
    title: Words = ""
    text: Text = ""


class SurveyStep(_Step):
    """Asks why. One reason is told; some have a closer question."""

    kind: Literal["survey"] = "survey"
    reasons: Annotated[list[Reason], Field(min_length=1, max_length=20)]


class MessageStep(_Step):
    """Says something, and goes on."""

    kind: Literal["message"] = "message"


class ConfirmStep(_Step):
    """The last question: cancel, or stay."""

    kind: Literal["confirm"] = "confirm"


class _OfferStep(_Step):
    kind: Literal["offer"] = "offer"
    when: dict[str, Any] | None = None
    """A condition over the facts of the flow rules, `reason` and `follow_up` among them; without one, always."""


class PauseOffer(_OfferStep):
    offer_type: Literal["PAUSE"] = "PAUSE"
    params: PauseParams


class DowngradeOffer(_OfferStep):
    offer_type: Literal["DOWNGRADE"] = "DOWNGRADE"
    params: DowngradeParams = DowngradeParams()


class DiscountOffer(_OfferStep):
    offer_type: Literal["DISCOUNT"] = "DISCOUNT"
    params: DiscountParams


class TrialExtensionOffer(_OfferStep):
    offer_type: Literal["TRIAL_EXTENSION"] = "TRIAL_EXTENSION"
    params: TrialExtensionParams


def _which(step: Any) -> str | None:
    """Which kind of step, or of offer, it is to be read as."""
    kind, offer_type = (
        (step.get("kind"), step.get("offerType", step.get("offer_type")))
        if isinstance(step, dict)
        else (getattr(step, "kind", None), getattr(step, "offer_type", None))
    )
    return offer_type if kind == "offer" else kind


FlowStep = Annotated[
    Annotated[SurveyStep, Tag("survey")]
    | Annotated[MessageStep, Tag("message")]
    | Annotated[ConfirmStep, Tag("confirm")]
    | Annotated[PauseOffer, Tag("PAUSE")]
    | Annotated[DowngradeOffer, Tag("DOWNGRADE")]
    | Annotated[DiscountOffer, Tag("DISCOUNT")]
    | Annotated[TrialExtensionOffer, Tag("TRIAL_EXTENSION")],
    Discriminator(
        _which,
        custom_error_type="step",
        custom_error_message=(
            "kind must be survey, message, confirm or offer, and offerType of an offer "
            "PAUSE, DOWNGRADE, DISCOUNT or TRIAL_EXTENSION"
        ),
    ),
]


class FlowDocument(Strict):
    """The steps of a flow, in their order.

    Its offers are candidates: where the first of them stands, the best one that the customer may have is shown, and if
    that is declined one more of another type, never a third. A survey, if there is one, comes before them; the last
    step is to confirm.
    """

    steps: Annotated[list[FlowStep], Field(min_length=1, max_length=30)]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        kinds = [step.kind for step in self.steps]
        if kinds.count("confirm") != 1 or kinds[-1] != "confirm":
            raise ValueError("the last step, and no other one, must be of kind confirm")
        if kinds.count("survey") > 1:
            raise ValueError("one survey is enough: put follow-ups to its reasons")
        if "survey" in kinds and "offer" in kinds and kinds.index("survey") > kinds.index("offer"):
            raise ValueError("the survey must stand before the offers, which depend on the reason")
        for what, codes in self._codes().items():
            twice = next((code for code in codes if codes.count(code) > 1), None)
            if twice is not None:
                raise ValueError(f"two {what} are called {twice}")
        return self

    def _codes(self) -> dict[str, list[str]]:
        survey = self.survey
        reasons = survey.reasons if survey else []
        follow_ups = {f"follow-ups of {one.code}": [closer.code for closer in one.follow_ups] for one in reasons}
        return {"steps": [step.id for step in self.steps], "reasons": [one.code for one in reasons], **follow_ups}

    @property
    def survey(self) -> SurveyStep | None:
        return next((step for step in self.steps if isinstance(step, SurveyStep)), None)

    @property
    def offers(self) -> list[PauseOffer | DowngradeOffer | DiscountOffer | TrialExtensionOffer]:
        return [step for step in self.steps if isinstance(step, _OfferStep)]


# -- flows


class _Document(Wire):
    """A document as JSON, or the same in YAML; one of them."""

    document: FlowDocument | None = None
    yaml: Annotated[str, Field(max_length=65_536)] | None = None
    reason: OptionalLine = ""
    """Why; kept with the version."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.document is not None and self.yaml is not None:
            raise ValueError("give the document as JSON or as YAML, not both")
        return self


class FlowMake(_Document):
    """A new flow, a draft until it is activated. In YAML the name may stand beside the steps."""

    name: Annotated[Line, Field(max_length=60)] | None = None


class FlowChange(Change, _Document):
    """Another name or other steps, or (status ARCHIVED) nobody meets it any more. Steps are met once it is activated."""

    name: Annotated[Line, Field(max_length=60)] | None = None
    status: Literal["ARCHIVED", "DRAFT"] | None = None


class FlowActivate(Change):
    """`number`: which of its documents customers are to meet; the newest when left out."""

    number: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    reason: OptionalLine = ""
    """Why; told with the event."""


class FlowRead(Wire):
    flow_id: str
    version: int
    name: str
    status: FlowStatus
    number: int
    """Of its newest document, which is `document`."""
    active_number: int | None
    """Of the document that customers meet; None when they meet none."""
    document: FlowDocument
    segments: list[str]
    """Labels of the rules in force that lead to it."""
    is_shipped: bool
    """Whether it is as it was shipped."""
    created_at: UtcInstant | None
    activated_at: UtcInstant | None


class FlowShown(FlowRead):
    """With its document in YAML, and each step in words."""

    yaml: str
    words: list[str]


class FlowVersionRead(Wire):
    number: int
    reason: str
    by: str | None
    by_name: str | None
    at: UtcInstant | None
    is_active: bool
    changes: list[str]
    """Against the one before, in words."""
    document: FlowDocument


class FlowDiff(Wire):
    before: int
    after: int
    changes: list[str]
    text: str
    """Line by line, of the YAML, as `diff -u` shows it."""


class FlowTrial(Wire):
    """Another document to try on the past (the newest one when left out). `limit`: how many runs to show."""

    document: FlowDocument | None = None
    yaml: Annotated[str, Field(max_length=65_536)] | None = None
    days: Days = 30
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class TrialChange(Wire):
    """A run that would have gone otherwise: which flow and which offers it would have met."""

    run_id: str
    customer_id: str
    customer_name: str
    started_at: UtcInstant
    before: str
    after: str


class TrialCount(Wire):
    before: str
    after: str
    count: int


class FlowTried(Wire):
    days: int
    runs: int
    changed: int
    is_complete: bool
    source: str
    by_outcome: list[TrialCount]
    changes: list[TrialChange]
