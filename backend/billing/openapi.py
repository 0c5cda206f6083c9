"""What the OpenAPI document says of the webhook's door, which FastAPI does not see."""

from typing import Any

from pydantic.json_schema import models_json_schema

from backend.billing import doors
from backend.billing.schemas import StripeReceived

_REF = "#/components/schemas/{model}"


def document() -> dict[str, Any]:
    """`paths` and `components` of POST /webhooks/stripe."""
    _, schemas = models_json_schema([(StripeReceived, "serialization")], ref_template=_REF)
    answer = {"$ref": _REF.format(model=StripeReceived.__name__)}
    business = {"name": "business", "in": "query", "required": False, "schema": {"type": "string"}}
    operation = {
        "tags": ["webhooks"],
        "summary": "A webhook of Stripe",
        "description": doors.post_webhook.__doc__,
        "operationId": "receive_stripe",
        "parameters": [business],
        "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
        "responses": {"200": {"description": "Taken", "content": {"application/json": {"schema": answer}}}},
    }
    return {"paths": {doors.WEBHOOK: {"post": operation}}, "components": {"schemas": schemas["$defs"]}}
