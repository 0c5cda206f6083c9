"""The playbooks that every business starts with. They start nobody until somebody lets them, and are changed like any.

"Payment failed": most failed payments are a card that can be mended, so the customer is asked before a person is.
"High risk, high value": a person looks at who is likely to leave and brings much; an offer only if that was not enough.
"Quiet for two weeks": the risk rules count 14 days without a login (see `rules.shipped.risk`).
"""

from functools import cache
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from backend.playbooks.documents import PlaybookDocument

Shipped = tuple[str, PlaybookDocument]
"""What it is for, and its document."""

_FAILING = {"fact": "payment_failing", "op": "eq", "value": True}
_DOCUMENTS: dict[str, tuple[str, dict[str, Any]]] = {
    "Payment failed": (
        "Asks the customer to look at their card, and brings in a person when the payment still fails after a day.",
        {
            "trigger": {"after": ["payment_failed"], "when": _FAILING, "cooldownDays": 14},
            "goal": {"not": _FAILING},
            "steps": [
                {
                    "kind": "notify",
                    "id": "tell_customer",
                    "to": "customer",
                    "text": "Your last payment did not go through. Please look at your card.",
                },
                {"kind": "wait", "id": "a_day", "for": "1d"},
                {"kind": "condition", "id": "still_failing", "when": _FAILING},
                {
                    "kind": "notify",
                    "id": "tell_staff",
                    "to": "supervisors",
                    "text": "A payment still fails a day after the customer was told.",
                },
                {
                    "kind": "condition",
                    "id": "writes_with_us",
                    "when": {"fact": "has_open_incidence", "op": "eq", "value": True},
                },
                {
                    "kind": "message",
                    "id": "write",
                    "text": "Dear {customer.name}, your last payment did not go through. Could you look at your card? We are glad to help.",
                },
                {"kind": "assign", "id": "to_somebody", "to": "fair"},
            ],
        },
    ),
    "High risk, high value": (
        "A supervisor looks at who is likely to leave and brings much; after three days without a good sign, an offer.",
        {
            "trigger": {
                "after": ["risk_changed", "churn_changed", "daily"],
                "when": {
                    "all": [
                        {
                            "any": [
                                {"fact": "risk_level", "op": "eq", "value": "high"},
                                {"fact": "churn_level", "op": "eq", "value": "high"},
                            ]
                        },
                        {"fact": "expected_loss", "op": "ge", "value": 500},
                        {"fact": "is_leaving", "op": "eq", "value": False},
                    ]
                },
                "cooldownDays": 60,
                "atMost": 20,
            },
            "goal": {
                "all": [
                    {"fact": "is_leaving", "op": "eq", "value": False},
                    {"fact": "has_subscription", "op": "eq", "value": True},
                ]
            },
            "steps": [
                {"kind": "intervention", "id": "call", "type": "call", "due": "2d"},
                {"kind": "assign", "id": "to_somebody", "what": "intervention", "to": "fair"},
                {"kind": "wait", "id": "three_days", "for": "3d"},
                {
                    "kind": "condition",
                    "id": "still_at_risk",
                    "when": {
                        "all": [
                            {"not": {"fact": "intervention_outcome", "op": "in", "value": ["helped", "lost"]}},
                            {"fact": "risk_level", "op": "ne", "value": "low"},
                            {"fact": "accepted_offer", "op": "eq", "value": False},
                        ]
                    },
                },
                {"kind": "offer", "id": "best_offer"},
            ],
        },
    ),
    "Quiet for two weeks": (
        "A friendly word to who has not signed in for two weeks, and a look by a person when they stay away.",
        {
            "trigger": {
                "after": ["daily"],
                "when": {
                    "all": [
                        {"fact": "days_since_login", "op": "between", "value": [14, 45]},
                        {"fact": "has_subscription", "op": "eq", "value": True},
                    ]
                },
                "cooldownDays": 45,
            },
            "goal": {"fact": "came_back", "op": "eq", "value": True},
            "steps": [
                {
                    "kind": "notify",
                    "id": "tell_customer",
                    "to": "customer",
                    "text": "It has been a while. May we help you plan the next meal?",
                },
                {"kind": "wait", "id": "three_days", "for": "3d"},
                {
                    "kind": "condition",
                    "id": "stays_away",
                    "when": {"fact": "came_back", "op": "eq", "value": False},
                },
                {
                    "kind": "intervention",
                    "id": "look_after",
                    "type": "message",
                    "nextAction": "Ask why they stayed away, and what would help.",
                    "due": "3d",
                },
            ],
        },
    ),
}


@cache
def shipped() -> dict[str, Shipped]:
    """By name."""
    return {name: (about, PlaybookDocument.model_validate(raw)) for name, (about, raw) in _DOCUMENTS.items()}


def id_of(business_id: str, name: str) -> str:
    """The id of a shipped playbook at a business: the same before anybody has changed it and after."""
    return str(uuid5(NAMESPACE_URL, f"holdfast:{business_id}:playbook:{name}"))
