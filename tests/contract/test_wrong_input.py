"""Wrong input on every path: the right status, the envelope, and nothing changed. Cases are made from the OpenAPI document."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from sqlalchemy import func, select

from backend.client import Client
from backend.core.rows import Base, table_of
from backend.identity.models import ApiKey
from tests.support.backend import Backend, business_of
from tests.support.incidences import open_case

UNKNOWN = "01890000-0000-7000-8000-000000000000"
TOO_LONG = "x" * 70_000
HOSTILE = "nul\x00 [/broken] \x1b]52;c;aGk=\x07 \u202e"
JSON = {"content-type": "application/json"}
REFUSALS = {400, 401, 403, 404, 405, 409, 413, 422}
OPEN_DOORS = ("/api/auth", "/webhooks", "/health", "/ready", "/metrics")
"""Their wrong input has tests of its own."""

Case = tuple[str, str, bytes | None]
"""method, path, body"""


def resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def body_of(document: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any] | None:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return None
    schema = content["schema"]
    options = schema.get("anyOf") or schema.get("oneOf") or [schema]
    return resolved(document, next(option for option in options if option.get("type") != "null"))


def wrong_bodies(schema: dict[str, Any]) -> Iterator[bytes]:
    """Bodies that no operation can take: not JSON, not an object, and each required field missing or of another type."""
    yield b"{"
    yield b"[]"
    yield b'"text"'
    yield b"\xff\xfe"
    required = schema.get("required", [])
    if required:
        yield b"{}"
    for name, wanted in schema.get("properties", {}).items():
        kinds = {option.get("type") for option in wanted.get("anyOf", [wanted])}
        for wrong in ({"an": "object"}, [["list"]], TOO_LONG):
            fits = {"object"} if isinstance(wrong, dict) else {"array"} if isinstance(wrong, list) else {"string"}
            takes_it = wrong == TOO_LONG and wanted.get("maxLength", 0) > len(TOO_LONG)
            if name in required and (not kinds & fits or wrong == TOO_LONG) and None not in kinds and not takes_it:
                others = {other: "x" for other in required if other != name}
                yield orjson.dumps({**others, name: wrong})


def cases(document: dict[str, Any], known: dict[str, str]) -> Iterator[Case]:
    for template, operations in document["paths"].items():
        if template.startswith(OPEN_DOORS):
            continue
        for method, operation in operations.items():
            path = template
            for name, id in known.items():
                path = path.replace(f"{{{name}}}", id)
            schema = body_of(document, operation)
            if schema is not None:
                for body in wrong_bodies(schema):
                    yield method.upper(), path, body
            for parameter in operation.get("parameters", []):
                if parameter["in"] == "query" and parameter["schema"].get("type") == "integer":
                    yield method.upper(), f"{path}?{parameter['name']}=many", None
                    yield method.upper(), f"{path}?{parameter['name']}=-1", None


def strange_ids(document: dict[str, Any]) -> Iterator[Case]:
    """Every path with ids that name nothing."""
    for template, operations in document["paths"].items():
        names = [part for part in template.split("/") if part.startswith("{")]
        # A customer's own id may be any text, and an unknown one is a new customer or an empty list.
        if not names or template.startswith((*OPEN_DOORS, "/context/", "/incidences/order/")):
            continue
        for method, operation in operations.items():
            for id in (UNKNOWN, "INC-999999", "x" * 500, "%1B%5B2J", "%00", "..%2F.."):
                path = template
                for name in names:
                    path = path.replace(name, id)
                body = b"{}" if "requestBody" in operation else None
                yield method.upper(), path, body


async def rows_of(backend: Backend) -> dict[str, int]:
    """How many rows each table has."""
    tables = [table for table in Base.metadata.sorted_tables if table is not table_of(ApiKey)]

    def count(session: Any) -> dict[str, int]:
        return {table.name: session.execute(select(func.count()).select_from(table)).scalar_one() for table in tables}

    return await backend.runtime.database.read(count)


async def refuse(client: Client, case: Case) -> None:
    method, path, body = case
    response = await client.transport._http.request(
        method, client.transport.url + path, content=body, headers={**client.transport.headers, **JSON}
    )
    assert response.status_code in REFUSALS, (case[:2], body and body[:200], response.status_code, response.text[:300])
    answer = response.json()
    assert answer["success"] is False, case
    assert answer["error"]["code"].isupper(), case
    assert answer["error"]["message"], case


@pytest.fixture
async def known(backend: Backend) -> dict[str, str]:
    """Ids that exist, for the paths that need one to get as far as the body."""
    owner = await backend.owner()
    await backend.drain()  # so that this process runs jobs, and their paths answer
    case = await open_case(await backend.key(), "anita", orderId="order-1")
    member = (await (await backend.member("agent")).identity.me()).member_id
    keys = await owner.keys.list()
    return {
        "incidence_id": case.incidence_id,
        "business_id": await business_of(owner),
        "member_id": member,
        "key_id": keys.items[0].id,
        "customer_id": "anita",
        "user_id": "anita",
        "order_id": "order-1",
        "kind": "routing",
        "flow_id": "Leaving",
        "run_id": UNKNOWN,
        "job_id": UNKNOWN,
        "escalation_id": UNKNOWN,
        "approval_id": UNKNOWN,
        "integration_id": UNKNOWN,
        "call_id": UNKNOWN,
        "post_id": UNKNOWN,
        "import_id": UNKNOWN,
        "alert_id": UNKNOWN,
        "letter_id": UNKNOWN,
        "dead_letter_id": UNKNOWN,
        "recommendation_id": UNKNOWN,
    }


@pytest.mark.alike
async def test_wrong_bodies_and_queries(backend: Backend, known: dict[str, str]) -> None:
    owner, document = await backend.owner(), backend.app.openapi()
    tracking = await backend.key("track")
    wrong = list(cases(document, known))
    assert len(wrong) > 150
    before = await rows_of(backend)
    for case in wrong:
        await refuse(tracking if case[1].startswith("/api/track") else owner, case)
    assert await rows_of(backend) == before


async def test_ids_that_name_nothing(backend: Backend, known: dict[str, str]) -> None:
    owner = await backend.owner()
    strange = list(strange_ids(backend.app.openapi()))
    assert len(strange) > 100
    before = await rows_of(backend)
    for case in strange:
        await refuse(owner, case)
    assert await rows_of(backend) == before


async def test_hostile_text_in_every_query(backend: Backend, known: dict[str, str]) -> None:
    """No text in a query breaks anything: it is answered or refused in words."""
    owner = await backend.owner()
    for template, operations in backend.app.openapi()["paths"].items():
        operation = operations.get("get")
        if operation is None or template.startswith(OPEN_DOORS):
            continue
        path = template
        for name, id in known.items():
            path = path.replace(f"{{{name}}}", id)
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "query":
                params = {parameter["name"]: HOSTILE}
                url = owner.transport.url + path
                response = await owner.transport._http.get(url, params=params, headers=owner.transport.headers)
                assert response.status_code < 500, (path, parameter["name"], response.text)
