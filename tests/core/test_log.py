"""What goes wrong is told without what people wrote: not in logs, not in the errors of the database."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from backend.core.log import REQUEST_ID, Logger, configure, logger
from tests.support.backend import Backend

PRIVATE = "correct horse battery"


@pytest.mark.parametrize("format", ["json", "console"])
def test_a_traceback_holds_no_values(format: str, capsys: pytest.CaptureFixture[str]) -> None:
    level, is_json = logger.level, logger.is_json
    try:
        configure("INFO", format)
        try:
            word = PRIVATE
            raise RuntimeError(f"{len(word)} letters")
        except RuntimeError:
            logger.exception("failed", password=PRIVATE)
    finally:
        logger.level, logger.is_json = level, is_json
    told = capsys.readouterr().err
    assert "21 letters" in told
    assert PRIVATE not in told


async def test_an_error_of_the_database_holds_no_values(backend: Backend) -> None:
    statement = text("SELECT :private FROM nowhere")
    for run in (backend.runtime.database.read, backend.runtime.database.write):
        with pytest.raises(DBAPIError) as error:
            await run(lambda session: session.execute(statement, {"private": PRIVATE}) and None)
        assert "nowhere" in str(error.value)
        assert PRIVATE not in str(error.value)


def test_a_line_is_json_of_what_was_said_with_the_request(capsys: pytest.CaptureFixture[str]) -> None:
    mine = Logger()
    mine.is_json = True
    token = REQUEST_ID.set("r-1")
    try:
        mine.info("below the level")
        mine.warning("spoke", what={1: Path("x")}, api_key="hfk_1")
    finally:
        REQUEST_ID.reset(token)
    (line,) = capsys.readouterr().err.splitlines()
    told = json.loads(line)
    assert datetime.fromisoformat(told.pop("timestamp")).utcoffset() == timedelta(0)
    assert told == {
        "level": "warning",
        "event": "spoke",
        "request_id": "r-1",
        "what": {"1": repr(Path("x"))},
        "api_key": "[hidden]",
    }
