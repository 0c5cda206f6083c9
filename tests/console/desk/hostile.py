"""A case in which every text is a stranger's."""

from typing import Any

from backend.agent.schemas import Dashboard

Row = dict[str, Any]


def row_of(row: Row, text: str, version: int) -> Row:
    """The row with `text` in every field that shows text."""
    return row | {
        "version": version,
        "summary": text,
        "customer": row["customer"] | {"name": text, "userId": text, "tier": text, "language": text},
        "agentName": text,
        "agentId": text,
        "orderId": text,
        "appScreen": text,
        "eventType": text,
        "issueCategory": text,
        "channel": text,
        "currency": text,
        "allowedChannels": [text],
        "routing": {"text": text},
        "frictionScore": 80,
        "lastMessage": {"text": text, "by": "customer", "at": row["createdAt"]},
    }


def frame_of(row: Row, text: str, seq: int, kind: str) -> Row:
    """An event of the case."""
    return {
        "kind": "event",
        "seq": seq,
        "id": str(seq),
        "type": kind,
        "subject": {"type": "incidence", "id": row["incidenceId"]},
        "incidenceId": row["incidenceId"],
        "customerId": row["customer"]["id"],
        "actor": {"kind": "customer", "id": None, "name": text},
        "at": row["createdAt"],
        "recordedAt": row["createdAt"],
        "data": {"text": text, "reason": text, "changes": {text: [text, text], "summary": [text, None]}},
        "state": row,
    }


def dashboard_of(case: Dashboard, text: str) -> Dashboard:
    """The dashboard's answer, hostile in every field."""
    shown = case.model_dump(mode="json", by_alias=True)
    shown["userDetails"] |= {"name": text, "userId": text, "language": text, "email": text, "phone": text}
    shown["orderContext"] |= {
        "cartItems": [text, {"name": text, "quantity": text}, {text: text}],
        "eventDate": text,
        "eventType": text,
        "selectedPlatter": {"name": text},
        "currency": text,
        "estimatedValue": 1,
    }
    shown["appState"] |= {"currentScreen": text, "previousScreens": [text, text]}
    shown["friction"] |= {"reasons": [{"rule": text, "points": 1, "text": text}], "score": 80, "trend": [1, 2]}
    before = {"incidenceId": text, "ref": text, "summary": text, "status": "OPEN", "outcome": None}
    shown["previousIncidences"] = [before | {"createdAt": case.incidence.created_at.isoformat()}]
    shown["incidence"] |= {"userInputs": {text: text}, "orderId": text}
    return Dashboard.model_validate(shown)
