"""One running demo for the tests that only speak to it."""

from collections.abc import Iterator

import pytest

from tests.demo.demo_process import Demo


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    running = Demo(tmp_path_factory.mktemp("demo"), "--speed", "40")
    yield running
    running.end()
