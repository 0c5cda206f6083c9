"""Feedback: when an issue counts as repeated, and what the weekly friction report recommends for it.

Source: the support ordering document, module 7 (the same issue category more than three times a week).
"""

from typing import Any, Literal

from pydantic import Field

from backend.rules.documents import Rule, RuleSetDocument, Wire
from backend.rules.facts import Catalogue, Fact
from backend.rules.kinds import Group, Kind

CATALOGUE = Catalogue(
    "feedback",
    Fact("category", "text", "issue category", "What the cases are about, in capitals."),
    Fact("cases", "integer", "cases", "Opened in the week.", minimum=0),
    Fact("before", "integer", "cases before", "Opened in the week before.", minimum=0),
    Fact("change_percent", "number", "change", "Against the week before; unknown when that had none.", unit="%"),
    Fact("is_repeated", "boolean", "repeated", "More cases in the week than `repeatAbove`."),
    Fact("screen", "text", "screen", "Where in the app it happens most."),
    Fact("signal", "text", "signal", "The sign of friction that these customers gave most often before.", choices=(
        "inactivity", "back_navigation", "price_check", "quantity_change", "payment_failure", "menu_comparison",
    )),
)  # fmt: skip


class Fix(Wire):
    """The `then` of a rule: what to mend, whose it is, and how soon."""

    fix: str = Field(min_length=1, max_length=300)
    owner: str = Field(min_length=1, max_length=60)
    urgency: Literal["HIGH", "MEDIUM", "LOW"]


class FeedbackSettings(Wire):
    """An issue with more than `repeat_above` cases in a week is repeated; a report lists `top_reasons` of them."""

    repeat_above: int = Field(ge=0, le=1_000_000)
    top_reasons: int = Field(ge=1, le=100)


def _is(signal: str) -> dict[str, Any]:
    return {"fact": "signal", "op": "eq", "value": signal}


def _called(*categories: str) -> dict[str, Any]:
    return {"fact": "category", "op": "in", "value": list(categories)}


def _about(id: str, label: str, when: dict[str, Any], fix: str, owner: str, urgency: str = "MEDIUM") -> Rule:
    then = {"fix": fix, "owner": owner, "urgency": urgency}
    return Rule(id=id, label=label, group="fix", when=when, then=then, text="{cases} cases")


def _any(*conditions: dict[str, Any]) -> dict[str, Any]:
    return {"any": list(conditions)}


SHIPPED = RuleSetDocument(
    kind="feedback",
    groups={"fix": "first"},
    settings={"repeatAbove": 3, "topReasons": 10},
    rules=[
        _about(
            "payment",
            "Payments fail",
            _any(_called("PAYMENT", "PAYMENT_FAILED", "PAYMENT_ISSUE"), _is("payment_failure")),
            "Tell why a payment failed and offer another way to pay before the second try.",
            "Payments",
            "HIGH",
        ),
        _about(
            "price",
            "Prices are not understood",
            _any(_called("PRICING", "PRICE_QUESTION", "PRICE_SURPRISE"), _is("price_check")),
            "Show the whole price, with taxes and delivery, on the screen where the choice is made.",
            "Checkout",
        ),
        _about(
            "quantity",
            "How much to order is unclear",
            _any(_called("QUANTITY", "PORTIONS"), _is("quantity_change")),
            "Suggest portions from the number of guests, and say what they are enough for.",
            "Menu",
        ),
        _about(
            "menu",
            "Menus are hard to compare",
            _any(_called("MENU", "MENU_QUESTION", "COMPARE_PLATTERS"), _is("menu_comparison")),
            "Put the packages side by side with what differs marked.",
            "Menu",
        ),
        _about(
            "lost",
            "Customers go round in circles",
            _is("back_navigation"),
            "Look at the way back from this screen: keep what was typed, and say what is still missing.",
            "App",
        ),
        _about(
            "delivery",
            "Deliveries",
            _called("DELIVERY", "DELIVERY_TIME", "LATE_DELIVERY"),
            "Tell where the delivery is and when it will arrive before the customer asks.",
            "Logistics",
            "HIGH",
        ),
        _about(
            "growing",
            "Growing fast",
            {
                "all": [
                    {"fact": "change_percent", "op": "ge", "value": 50},
                    {"fact": "before", "op": "ge", "value": 10},
                ]
            },
            "This grew by half or more in a week: find out what changed in the app since.",
            "Product",
            "HIGH",
        ),
        _about(
            "repeated",
            "Comes again and again",
            {"fact": "is_repeated", "op": "eq", "value": True},
            "Write an answer that the app can show by itself, and link it where this is asked.",
            "Content",
            "LOW",
        ),
    ],
)

FEEDBACK = Kind(
    name="feedback",
    label="Feedback",
    catalogue=CATALOGUE,
    groups={"fix": Group("first", Fix, "What the weekly report recommends for an issue; the first rule that holds.")},
    settings=FeedbackSettings,
    shipped=SHIPPED,
)
