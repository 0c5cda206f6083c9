"""The flows that every business starts with. They are documents like any other: an admin changes or archives them."""

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from backend.retention.flow_schemas import FlowDocument
from backend.rules.shipped.flow import LEAVING, TRYING

_REASONS: list[dict[str, Any]] = [
    {
        "code": "too_expensive",
        "label": "It costs too much",
        "followUps": [
            {"code": "budget", "label": "I have to spend less"},
            {"code": "worth", "label": "It is not worth it to me"},
            {"code": "price_rise", "label": "The price went up"},
        ],
    },
    {
        "code": "unused",
        "label": "I do not use it enough",
        "followUps": [
            {"code": "for_now", "label": "Only for now"},
            {"code": "for_good", "label": "I do not need it any more"},
        ],
    },
    {"code": "missing_features", "label": "It lacks something that I need"},
    {"code": "switched_service", "label": "I use something else instead"},
    {"code": "low_quality", "label": "It does not work well enough"},
    {"code": "too_complex", "label": "It is too hard to use"},
    {"code": "customer_service", "label": "I was not helped well"},
    {"code": "other", "label": "Something else"},
]
_SURVEY = {
    "kind": "survey",
    "id": "why",
    "title": "What makes you leave?",
    "text": "Your answer helps us to get better. You can cancel at any time.",
    "reasons": _REASONS,
}
_CONFIRM = {
    "kind": "confirm",
    "id": "confirm",
    "title": "Cancel your plan?",
    "text": "You keep access until the end of the period that you have paid for.",
}
BASE_TAXONOMY = FlowDocument.model_validate({"steps": [_SURVEY, _CONFIRM]}).steps[0].reasons  # type: ignore[union-attr]
"""The reasons that are asked for where no flow says others."""

SHIPPED: dict[str, FlowDocument] = {
    LEAVING: FlowDocument.model_validate(
        {
            "steps": [
                _SURVEY,
                {
                    "kind": "offer",
                    "id": "discount",
                    "title": "Stay for less",
                    "text": "We take something off your next invoices.",
                    "offerType": "DISCOUNT",
                    "params": {"percent": 20, "months": 3},
                    "when": {
                        "any": [
                            {
                                "fact": "reason",
                                "op": "in",
                                "value": ["too_expensive", "switched_service", "missing_features"],
                            },
                            {"fact": "reason", "op": "exists", "value": False},
                        ]
                    },
                },
                {
                    "kind": "offer",
                    "id": "pause",
                    "title": "Take a break",
                    "text": "Nothing is billed meanwhile, and everything stays as you left it.",
                    "offerType": "PAUSE",
                    "params": {"months": 2},
                },
                {
                    "kind": "offer",
                    "id": "smaller",
                    "title": "A smaller plan",
                    "text": "Pay only for what you need.",
                    "offerType": "DOWNGRADE",
                },
                _CONFIRM,
            ]
        }
    ),
    TRYING: FlowDocument.model_validate(
        {
            "steps": [
                _SURVEY,
                {
                    "kind": "offer",
                    "id": "more_days",
                    "title": "Take your time",
                    "text": "Try it for longer before you decide.",
                    "offerType": "TRIAL_EXTENSION",
                    "params": {"days": 14},
                },
                {
                    "kind": "offer",
                    "id": "smaller",
                    "title": "Begin with less",
                    "text": "A smaller plan may be all that you need.",
                    "offerType": "DOWNGRADE",
                },
                _CONFIRM,
            ]
        }
    ),
}


def id_of(business_id: str, name: str) -> str:
    """The id of a shipped flow at a business: the same before anybody has changed it and after."""
    return str(uuid5(NAMESPACE_URL, f"holdfast:{business_id}:flow:{name}"))
