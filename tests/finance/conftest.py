"""The backend with a Stripe account beside it, as billing's tests have it."""

from tests.billing.conftest import billing as billing
