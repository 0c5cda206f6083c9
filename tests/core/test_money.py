"""Money: whole minor units inside, decimals of major units outside, nothing lost between."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.money import exponent, to_major, to_minor

CURRENCIES = ["INR", "USD", "JPY", "KWD"]


@given(st.integers(-(10**14), 10**14), st.sampled_from(CURRENCIES))
def test_there_and_back_is_the_same(minor: int, currency: str) -> None:
    assert to_minor(to_major(minor, currency), currency) == minor


@given(st.integers(-(10**15), 10**15).map(lambda units: Decimal(units).scaleb(-6)), st.sampled_from(CURRENCIES))
def test_rounding_is_off_by_half_a_minor_unit_at_most(major: Decimal, currency: str) -> None:
    scale = Decimal(10) ** exponent(currency)
    assert abs(Decimal(to_minor(major, currency)) / scale - major) <= Decimal("0.5") / scale


@pytest.mark.parametrize(
    ("major", "currency", "minor"),
    [
        ("12.345", "INR", 1235),
        ("-12.345", "INR", -1235),
        (0.1 + 0.2, "INR", 30),
        (1.005, "USD", 101),
        (1500, "JPY", 1500),
        ("1.2345", "KWD", 1235),
        (25_000, "inr", 2_500_000),
        *((5, "ISK", 500), (5, "UGX", 500), (5, "MGA", 5)),  # as Stripe counts them
    ],
)
def test_examples(major: str | float, currency: str, minor: int) -> None:
    assert to_minor(major, currency) == minor


def test_whole_amounts_stay_whole() -> None:
    assert (to_major(2_500_000, "INR"), type(to_major(2_500_000, "INR"))) == (25_000, int)
    assert to_major(1235, "INR") == 12.35
