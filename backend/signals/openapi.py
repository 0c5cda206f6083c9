"""What the OpenAPI document says of the hot paths, which FastAPI does not see."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from backend.signals import doors
from backend.signals.schemas import SignalAnswer, SignalPost, TrackAnswer, TrackEvent, UserSignalPost

_REF = "#/components/schemas/{model}"
_BODIES: tuple[type[BaseModel], ...] = (SignalPost, UserSignalPost, TrackEvent)
_ANSWERS: tuple[type[BaseModel], ...] = (SignalAnswer, TrackAnswer)


def document() -> dict[str, Any]:
    """`paths` and `components` of the hot paths."""
    wanted = [(model, "validation") for model in _BODIES] + [(model, "serialization") for model in _ANSWERS]
    _, schemas = models_json_schema(wanted, ref_template=_REF)  # type: ignore[arg-type]
    batch = {
        "type": "object",
        "required": ["events"],
        "properties": {"events": {"type": "array", "maxItems": 1000, "items": _ref(TrackEvent)}},
    }
    user = {"name": "user_id", "in": "path", "required": True, "schema": {"type": "string"}}
    one = _operation("signals", "post_context_signal", doors.post_context_signal, _ref(SignalPost), SignalAnswer)
    named = _operation(
        "friction", "post_friction_signal", doors.post_friction_signal, _ref(UserSignalPost), SignalAnswer
    )
    track = _operation("signals", "track", doors.post_track, {"anyOf": [_ref(TrackEvent), batch]}, TrackAnswer)
    return {
        "paths": {
            doors.CONTEXT_SIGNALS: {"post": {**one, "parameters": [user]}},
            doors.FRICTION_SIGNALS: {"post": named},
            doors.TRACK: {"post": track},
        },
        "components": {"schemas": schemas["$defs"]},
    }


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REF.format(model=model.__name__)}


def _operation(tag: str, id: str, door: Any, body: dict[str, Any], answer: type[BaseModel]) -> dict[str, Any]:
    return {
        "tags": [tag],
        "summary": id.replace("_", " ").capitalize(),
        "description": door.__doc__,
        "operationId": id,
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {
            "202": {"description": "Stored", "content": {"application/json": {"schema": _ref(answer)}}},
        },
    }
