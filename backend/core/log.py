"""Structured logs. Every line carries the request id, so that one customer's trouble can be followed across parts."""

import logging
import sys
from contextvars import ContextVar
from typing import Any

import structlog

logger: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_SECRET_WORDS = ("password", "token", "secret", "authorization", "api_key", "key_hash")


REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
"""The request that is being answered, or that wanted the job that runs."""


def _tell_request(_logger: Any, _method: str, entry: structlog.types.EventDict) -> structlog.types.EventDict:
    if request_id := REQUEST_ID.get():
        entry["request_id"] = request_id
    return entry


def _hide_secrets(_logger: Any, _method: str, entry: structlog.types.EventDict) -> structlog.types.EventDict:
    for name in entry:
        if any(word in name.lower() for word in _SECRET_WORDS):
            entry[name] = "[hidden]"
    return entry


def configure(level: str = "INFO", format: str = "json") -> None:
    """Write logs of `level` and above to stderr, as JSON lines or (format `console`) for people."""
    rendering: list[Any] = (
        # Plain tracebacks: pretty ones show the values of local variables, passwords among them.
        [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)]
        if format == "console"
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[
            _tell_request,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _hide_secrets,
            *rendering,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
