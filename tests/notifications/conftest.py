"""What the tests of notifications share: the shop of the tests of signals."""

from tests.signals.conftest import shop as shop
