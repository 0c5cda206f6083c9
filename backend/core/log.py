"""Structured logs. Every line carries the request id, so that one customer's trouble can be followed across parts.

Of our own, since what a library brings for it (Rich, Pygments) took a tenth of a second and five megabytes of each process.
"""

import contextlib
import logging
import sys
import traceback
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TextIO

import orjson

_SECRET_WORDS = ("password", "token", "secret", "authorization", "api_key", "key_hash")


REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
"""The request that is being answered, or that wanted the job that runs."""


class Logger:
    """`logger.warning("what happened", name=value)`. Writes nothing below its level."""

    def __init__(self) -> None:
        self.level, self.is_json = logging.WARNING, False
        self.stream: TextIO | None = None
        """None is the stderr of the moment."""
        self.on_error: Callable[[str, BaseException | None, dict[str, Any]], None] | None = None
        """Gets every error as well: the line, the exception and the fields."""

    def debug(self, event: str, **fields: Any) -> None:
        if self.level <= logging.DEBUG:  # of each request
            self.log(logging.DEBUG, event, **fields)

    def info(self, event: str, **fields: Any) -> None:
        self.log(logging.INFO, event, **fields)

    def warning(self, event: str, **fields: Any) -> None:
        self.log(logging.WARNING, event, **fields)

    def error(self, event: str, **fields: Any) -> None:
        self.log(logging.ERROR, event, **fields)

    def exception(self, event: str, **fields: Any) -> None:
        """An error, with the exception that is being handled."""
        self.log(logging.ERROR, event, exc_info=sys.exc_info()[1], **fields)

    def log(self, level: int, event: str, *, exc_info: BaseException | None = None, **fields: Any) -> None:
        """A line of `level`; with `exc_info` (an exception) and its traceback, which shows no values of variables."""
        if level >= logging.ERROR and self.on_error is not None:
            with contextlib.suppress(Exception):  # whoever listens must not be another trouble
                self.on_error(event, exc_info, fields)
        if level < self.level:
            return
        told = {
            "timestamp": datetime.now(UTC).isoformat(),
            "level": logging.getLevelName(level).lower(),
            "event": event,
        }
        if request_id := REQUEST_ID.get():
            told["request_id"] = request_id
        for name, value in fields.items():
            told[name] = "[hidden]" if any(word in name.lower() for word in _SECRET_WORDS) else value
        trace = "".join(traceback.format_exception(exc_info)) if exc_info else ""
        line = _as_json(told, trace) if self.is_json else _for_people(told, trace)
        print(line, file=self.stream or sys.stderr, flush=True)


def _as_json(told: dict[str, Any], trace: str) -> str:
    whole = told | {"exception": trace} if trace else told
    return orjson.dumps(whole, default=repr, option=orjson.OPT_NON_STR_KEYS).decode()


def _for_people(told: dict[str, Any], trace: str) -> str:
    fields = [f"{name}={value}" for name, value in told.items() if name not in ("timestamp", "level", "event")]
    line = " ".join([f"{told['timestamp']} [{told['level']}] {told['event']}", *fields])
    return f"{line}\n{trace.rstrip()}" if trace else line


logger = Logger()


def configure(level: str = "INFO", format: str = "json") -> None:
    """Write logs of `level` and above to stderr, as JSON lines or (format `console`) for people."""
    logger.level, logger.is_json = logging.getLevelNamesMapping()[level.upper()], format != "console"
