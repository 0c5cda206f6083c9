"""A demo whose customers take their time, and those who sign in there."""

from collections.abc import Iterator

import pytest

from tests.demo.demo_process import Demo
from tests.demo.twin.shell import Shell


@pytest.fixture(scope="package")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo whose customers take their time."""
    running = Demo(tmp_path_factory.mktemp("still"), "--speed", "0.1")
    yield running
    running.end()


@pytest.fixture(scope="package")
def agent(still: Demo, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    return Shell(still, tmp_path_factory.mktemp("agent"), "agent")


@pytest.fixture(scope="package")
def admin(still: Demo, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    return Shell(still, tmp_path_factory.mktemp("admin"), "admin")
