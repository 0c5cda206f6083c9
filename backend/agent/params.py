"""The parameters of each action: what they may be, how they are asked for, and reading them."""

from datetime import date
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, PlainSerializer, ValidationError, model_validator

from backend.agent.schemas import ActionType, ParamRead
from backend.core.errors import Invalid
from backend.core.text import JsonList, JsonObject, Key, Line
from backend.core.wire import Wire
from backend.incidences.schemas import EscalationReason, OrderImpact


def _plain(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


_AsNumber = PlainSerializer(_plain, when_used="json")
Value = Annotated[Decimal, Field(ge=0, le=Decimal("1e12"), allow_inf_nan=False), _AsNumber]
Positive = Annotated[Decimal, Field(gt=0, le=Decimal("1e12"), allow_inf_nan=False), _AsNumber]
Percent = Annotated[Decimal, Field(gt=0, le=100, decimal_places=4, allow_inf_nan=False), _AsNumber]
Category = Annotated[Key, Field(max_length=64)]


class Params(Wire):
    """Nothing unknown is taken, since it would be lost silently."""

    model_config = ConfigDict(extra="forbid")

    def as_json(self) -> dict[str, Any]:
        """What was given, as it is kept and shown."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class Said(Params):
    """Why, in the agent's words."""

    reason: Line | None = None


class Open(Said):
    """Of actions that nobody may do without being asked: whatever else was said of them is kept for who decides."""

    model_config = ConfigDict(extra="allow")


class DiscountParams(Said):
    """A share of the order's value, or an amount in major units."""

    percent: Percent | None = None
    amount: Positive | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.percent is None) == (self.amount is None):
            raise ValueError("give either a percent or an amount")
        return self


class OrderParams(Said):
    """What of the order changes; what is left out stays."""

    order_value: Value | None = None
    guest_count: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    event_date: date | None = None
    selected_items: JsonList | None = None

    @model_validator(mode="after")
    def _some(self) -> Self:
        if all(value is None for value in (self.order_value, self.guest_count, self.event_date, self.selected_items)):
            raise ValueError("say what of the order changes: orderValue, guestCount, eventDate or selectedItems")
        return self


class ReassignParams(Said):
    agent_id: Key


class EscalateParams(Params):
    """`reason` is one that the escalation rules know."""

    reason: EscalationReason
    note: Line | None = None


class CloseParams(Said):
    issue_category: Category | None = None
    root_cause: Line | None = None
    resolution_type: Category | None = None
    order_impact: OrderImpact | None = None


class ResolveParams(CloseParams):
    outcome: Literal["RESOLVED", "CONVERTED"] = "RESOLVED"


class PriceParams(Open):
    order_value: Value | None = None


class ItemParams(Open):
    item: Line | None = None
    quantity: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    price: Value | None = None


class ManualDiscountParams(Open):
    percent: Percent | None = None
    amount: Positive | None = None

    @model_validator(mode="after")
    def _not_both(self) -> Self:
        if self.percent is not None and self.amount is not None:
            raise ValueError("give either a percent or an amount")
        return self


MODELS: dict[ActionType, type[Params]] = {
    "APPLY_DISCOUNT": DiscountParams,
    "MODIFY_ORDER": OrderParams,
    "REASSIGN": ReassignParams,
    "ESCALATE": EscalateParams,
    "CLOSE_RESOLVED": ResolveParams,
    "CLOSE_DROPPED": CloseParams,
    "CLARIFY_MENU": Said,
    "REASSURE": Said,
    "COMPARE_PACKAGES": Said,
    "HELP_COMPLETE_ORDER": Said,
    "CUSTOM_PRICING": PriceParams,
    "OFF_CATALOG_ITEM": ItemParams,
    "MANUAL_DISCOUNT_OVER_LIMIT": ManualDiscountParams,
    "UPSELL": Open,
    "RESTART_JOURNEY": Open,
    "OVERRIDE_PRICING": Open,
    "OFF_SYSTEM_PROMISE": Open,
}
_KINDS: dict[str, tuple[str, str]] = {  # field -> how it is asked for, and its label
    "percent": ("percent", "percent of the order"),
    "amount": ("money", "amount"),
    "orderValue": ("money", "order value"),
    "guestCount": ("count", "guests"),
    "eventDate": ("date", "event date"),
    "selectedItems": ("items", "items"),
    "agentId": ("member", "colleague"),
    "issueCategory": ("text", "category"),
    "rootCause": ("text", "root cause"),
    "resolutionType": ("text", "what solved it"),
    "orderImpact": ("choice", "what became of the order"),
    "outcome": ("choice", "outcome"),
    "item": ("text", "item"),
    "quantity": ("count", "how many"),
    "price": ("money", "price of one"),
    "note": ("text", "note"),
    "reason": ("text", "reason"),
}


def read(action: ActionType, raw: JsonObject) -> Params:
    """`raw` as the parameters of `action`. Invalid, naming the field, when they are not."""
    try:
        return MODELS[action].model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        field = ".".join(["params", *map(str, first["loc"])])
        raise Invalid(f"{field}: {first['msg'].removeprefix('Value error, ')}", field=field) from None


@cache
def told_of(action: ActionType) -> list[dict[str, Any]]:
    """The parameters of `action`, for a form: ParamRead data, the same every time."""
    shape = MODELS[action].model_json_schema(by_alias=True)
    told = []
    for name, field in shape["properties"].items():
        kind, label = _KINDS[name]
        choices: list[str] = next((one["enum"] for one in (field, *field.get("anyOf", ())) if "enum" in one), [])
        is_needed = name in shape.get("required", ())
        one = ParamRead(name=name, kind="choice" if choices else kind, label=label, required=is_needed, choices=choices)
        told.append(one.model_dump(by_alias=True))
    return told
