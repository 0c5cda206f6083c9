"""A Stripe double whose clock stands still, and Stripe's own library on it."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import stripe

from backend.core.clock import FrozenClock
from backend.demo.outside.stripe import StripeDouble
from tests.support.stripe import client


@pytest.fixture
def double() -> StripeDouble:
    return StripeDouble(FrozenClock())


@pytest_asyncio.fixture
async def api(double: StripeDouble) -> AsyncIterator[stripe.StripeClient]:
    yield client(double)
