"""What Sentry is told of an error: its kind and where, never anybody's words."""

import gzip
import json
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from backend.core.log import REQUEST_ID, logger
from backend.core.reporting import report_errors, scrub
from backend.demo.outside.serve import served

PERSONAL = "asha@example.com 98765 43210 secret-token"


def _fails(customer: str) -> None:
    """Has what is personal in a variable and in the message."""
    raise ValueError(f"no such customer: {customer}")


async def test_nothing_personal_leaves(capsys: pytest.CaptureFixture[str]) -> None:
    import asyncio

    posted: list[bytes] = []

    async def sink(scope: Any, receive: Any, send: Any) -> None:
        body = await Request(scope, receive).body()
        posted.append(gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body)
        await Response("{}")(scope, receive, send)

    before = logger.stream, logger.level
    async with served(sink) as address:
        client = report_errors(address.replace("http://", "http://public@") + "/42", "9.9")
        assert client is not None
        token = REQUEST_ID.set("request-7")
        try:
            _fails(PERSONAL)
        except ValueError as error:
            logger.error("job failed for good", exc_info=error, job="risk.score_all", customer=PERSONAL, password="x")
        logger.warning("only a warning", customer=PERSONAL)
        REQUEST_ID.reset(token)
        await asyncio.to_thread(client.flush, 5)
        await asyncio.to_thread(client.close, 5)
    logger.on_error = None
    assert before == (logger.stream, logger.level)
    (told,) = posted
    event = json.loads(told.split(b"\n")[2])
    (error,) = event["exception"]["values"]
    assert (error["type"], error["value"]) == ("ValueError", "")
    assert error["stacktrace"]["frames"][-1]["function"] == "_fails"
    assert event["tags"] == {"job": "risk.score_all", "request_id": "request-7"}
    assert (event["message"], event["release"]) == ("job failed for good", "holdfast@9.9")
    assert not any(word.encode() in told for word in (*PERSONAL.split(), "customer", "server_name", "breadcrumbs"))
    assert "asha@example.com" in capsys.readouterr().err, "the log of this machine has it in full"


def test_what_a_library_adds_one_day_stays_here() -> None:
    frame = {"function": "f", "vars": {"email": "a"}, "context_line": "a", "pre_context": ["a"]}
    event = {
        "user": {"email": "a"},
        "request": {"data": "a"},
        "extra": {"a": "a"},
        "contexts": {"a": {}},
        "level": "error",
    }
    values = [{"type": "E", "value": "a", "mechanism": {"data": "a"}, "stacktrace": {"frames": [frame]}}]
    kept = scrub(event | {"exception": {"values": values}})
    assert kept == {
        "level": "error",
        "exception": {
            "values": [{"type": "E", "module": None, "value": "", "stacktrace": {"frames": [{"function": "f"}]}}]
        },
    }


def test_without_an_address_nothing_is_loaded() -> None:
    assert report_errors("", "1") is None
    assert logger.on_error is None
