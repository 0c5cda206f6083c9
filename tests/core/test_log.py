"""What goes wrong is told without what people wrote: not in logs, not in the errors of the database."""

import sys

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from backend.core.log import configure
from tests.support.backend import Backend

PRIVATE = "correct horse battery"


@pytest.mark.parametrize("format", ["json", "console"])
def test_a_traceback_holds_no_values(format: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = structlog.get_config()
    try:
        configure("INFO", format)
        structlog.configure(cache_logger_on_first_use=False, logger_factory=structlog.PrintLoggerFactory(sys.stderr))
        try:
            word = PRIVATE
            raise RuntimeError(f"{len(word)} letters")
        except RuntimeError:
            structlog.get_logger().exception("failed", password=PRIVATE)
    finally:
        structlog.configure(**before)
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
