"""Requests to every path of the table that get as far as they can: what is required is given, as the OpenAPI document says,
and wherever something can be named, it is named by a given id.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import httpx

from backend.client import Client
from backend.identity.permissions import TABLE, Access
from tests.support.backend import Backend
from tests.support.socket import Socket

NOWHERE = {name: "01900000-0000-7000-8000-000000000000" for _, path in TABLE for name in re.findall(r"{(\w+)}", path)}
NOWHERE |= {"kind": "friction", "version": "1", "metric": "orders"}
"""What fills each path and names nothing."""
METHODS_WITH_BODY = ("POST", "PUT", "PATCH")
ALIASES = {"assignee": "member_id", "actor": "member_id", "incidence": "incidence_id", "customer": "customer_id"}
ALIASES |= {"assignee_id": "member_id", "agent_id": "member_id", "into": "incidence_id", "id": ""}
FITTING = {"date-time": "2031-01-01T00:00:00Z", "email": "ford@example.com"}
"""Texts of a format, or for a name."""
BESIDE: dict[str, dict[str, Any]] = {
    "/api/subscriptions/{subscription_id}/pause": {"months": 1},
    "/incidences/{incidence_id}/labels": {"add": ["x"]},
    "/incidences/{incidence_id}/links": {"to": "incidence_id"},
    "/api/integrations": {"agentId": "7"},  # as a platform calls somebody
    "/api/integrations/{integration_id}": {"agentId": "7"},
}
"""What a path needs that the document does not say; a kind of id is replaced by one."""


class Asking(NamedTuple):
    """A request. `named` are the parameters of its path."""

    method: str
    template: str
    access: Access
    path: str
    named: frozenset[str]
    query: dict[str, Any]
    body: Any

    async def send(self, backend: Backend, client: Client) -> httpx.Response:
        """The answer; of a line, whether the client was let in."""
        token, key = client.transport.access_token, client.transport.api_key
        if self.method == "WS":
            async with Socket(backend.app, self.path, token=token, key=key) as line:
                is_in = line.status == 101 and token is not None
                return httpx.Response(200 if is_in else line.status, json=line.refusal)
        return await client.transport._http.request(
            self.method, self.path, headers=client.transport.headers, params=self.query, json=self.body
        )

    @property
    def said(self) -> str:
        """All that an answer may repeat."""
        return f"{self.path} {self.query} {self.body}"


def askings(document: Mapping[str, Any], places: Mapping[str, str], ids: Mapping[str, str]) -> Iterator[Asking]:
    """A request to each path of the table, which is filled from `places`; what else names something is from `ids`. Signing
    out comes last."""
    for (method, template), access in sorted(TABLE.items(), key=lambda one: one[0][1] == "/api/auth/logout"):
        named = frozenset(re.findall(r"{(\w+)}", template))
        operation = document["paths"].get(template, {}).get(method.lower(), {})
        query = {
            one["name"]: _sample(document, one["schema"], ids, one["name"])
            for one in operation.get("parameters", ())
            if one["in"] == "query" and (one.get("required") or _kind(one["name"]) in ids)
        }
        body = _body(document, operation, ids, is_full=bool(named)) if method in METHODS_WITH_BODY else None
        if body is not None:
            body |= {key: ids.get(str(value), value) for key, value in BESIDE.get(template, {}).items()}
        yield Asking(method, template, access, template.format_map(places), named, query, body)


def _body(document: Mapping[str, Any], operation: Any, ids: Mapping[str, str], *, is_full: bool) -> Any:
    """Nothing but ids where no path names anything: those would do something at home."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return {}
    schema = _resolved(document, content["schema"])
    names = any(_kind(name) in ids for name in schema.get("properties", {}))
    return _sample(document, schema, ids) if is_full or names else {}


def _resolved(document: Mapping[str, Any], schema: Any) -> Any:
    """The schema behind references, and the first of several that is not null."""
    while True:
        options = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
        if "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        elif options:
            schema = next(one for one in options if one.get("type") != "null")
        else:
            return schema


def _sample(document: Mapping[str, Any], schema: Any, ids: Mapping[str, str], name: str = "") -> Any:
    """The least that fits, with ids where they can be."""
    schema, given = _resolved(document, schema), ids.get(_kind(name))
    match schema.get("type"):
        case "object":
            wanted, properties = schema.get("required", ()), schema.get("properties", {})
            return {
                key: _sample(document, value, ids, key)
                for key, value in properties.items()
                if key in wanted or _kind(key) in ids
            }
        case "array":
            return [_sample(document, schema.get("items", {}), ids, name.removesuffix("s"))]
        case "integer" | "number":
            return max(1, schema.get("minimum", 1))
        case "boolean":
            return False
    if "const" in schema or "enum" in schema:
        return schema.get("const", (schema.get("enum") or [""])[0])
    return given or FITTING.get(schema.get("format", name), "x" * max(1, schema.get("minLength", 1)))


def _kind(name: str) -> str:
    """What a field or parameter names: `incidenceIds` and `incidence` are an incidence_id."""
    snake = re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower().removesuffix("s")
    return ALIASES.get(snake, snake)


def wrong_envelope(method: str, response: httpx.Response) -> str:
    """What is wrong with the body of a refusal, if anything."""
    if response.status_code < 400 or method in ("HEAD", "WS"):
        return ""
    body = response.json()
    error = body.get("error", {})
    if body.get("jsonrpc") == "2.0":  # MCP's own shape, for what is no message of it
        return "" if response.status_code == 400 and {"code", "message"} <= set(error) else response.text
    is_right = body.get("success") is False and set(error) == {"code", "message", "details", "requestId"}
    is_right = is_right and error["code"].replace("_", "").isupper() and error["message"]
    is_right = is_right and error["requestId"] == response.headers["x-request-id"]
    return "" if is_right else response.text
