"""The typed client and the API know the same operations: none is missing on either side, none has another name."""

import ast
from collections.abc import Iterator
from pathlib import Path

from backend import client, document
from backend.identity.permissions import TABLE

Operation = tuple[str, str]
FOLDER = Path(client.__file__).parent
NOT_FOR_CLIENTS = {("HEAD", f"/webhooks/{platform}") for platform in ("freshchat", "intercom", "chatwoot")}
"""What only a chat platform calls, to see that somebody is there."""
NOT_FOR_CLIENTS |= {("GET", "/api/stripe/connect"), ("POST", "/api/stripe/connect")}
NOT_FOR_CLIENTS |= {("GET", "/mail/stop/{token}"), ("POST", "/mail/stop/{token}")}
"""Pages for browsers, and their buttons."""
NOT_FOR_CLIENTS |= {("POST", "/mcp")}
"""What clients of the Model Context Protocol speak; the typed client has the same tools by name."""


def operations(source: str) -> Iterator[Operation]:
    """Every (method, path template) that a module of the client calls."""
    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, ast.AsyncFunctionDef | ast.FunctionDef):
            continue
        named = {
            target.id: node.value
            for node in ast.walk(function)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(function):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            owner = node.func.value
            if (
                node.func.attr in ("call", "raw", "lines")
                and isinstance(owner, ast.Attribute)
                and owner.attr == "transport"
            ):
                method, path = node.args[:2]
                path = named[path.id] if isinstance(path, ast.Name) else path
                assert isinstance(method, ast.Constant), ast.unparse(node)
                assert isinstance(path, ast.Constant), f"write the path as a literal: {ast.unparse(node)}"
                yield str(method.value), str(path.value)


def called() -> set[Operation]:
    return {found for file in FOLDER.glob("*.py") for found in operations(file.read_text())}


def served() -> set[Operation]:
    """Every operation of the OpenAPI document."""
    paths = document.openapi()["paths"]
    assert isinstance(paths, dict)
    return {(method.upper(), path) for path, methods in paths.items() for method in methods}


def test_every_operation_of_the_client_is_served() -> None:
    assert called() - served() == set()


def test_every_served_operation_is_in_the_client() -> None:
    assert served() - called() - NOT_FOR_CLIENTS == set()


def test_the_document_tells_every_path_of_the_permission_table() -> None:
    http = {operation for operation in TABLE if operation[0] != "WS"}
    assert http - served() - NOT_FOR_CLIENTS == set()


def test_the_client_speaks_every_web_socket_of_the_table() -> None:
    sockets = {path for method, path in TABLE if method == "WS"}
    source = (FOLDER / "live.py").read_text()
    assert sockets == {"/live", "/notifications/{user_id}/live"}
    assert all(f'"{path}"' in source for path in sockets)


def test_the_reader_of_the_client_sees_what_is_there() -> None:
    source = 'async def f(self):\n    path = "/x/{id}"\n    await self.transport.call("GET", path, None, id=1)'
    assert list(operations(source)) == [("GET", "/x/{id}")]
    assert len(called()) > 40
