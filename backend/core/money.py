"""Money is an integer of minor units inside and a decimal of major units on the wire."""

from decimal import ROUND_HALF_UP, Decimal

# Currencies whose minor unit is not a hundredth: as ISO 4217 has it but for three that Stripe counts otherwise, ISK and
# UGX in hundredths and MGA in whole ariary (docs.stripe.com/currencies, zero-decimal currencies and special cases).
_EXPONENTS = dict.fromkeys("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF UYI VND VUV XAF XOF XPF".split(), 0) | (
    dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3)
)


def exponent(currency: str) -> int:
    """How many decimal places the currency's minor unit has."""
    return _EXPONENTS.get(currency.upper(), 2)


def to_minor(major: Decimal | int | float | str, currency: str) -> int:
    """Major units to minor units, half away from zero: `to_minor("12.345", "INR") == 1235`."""
    scaled = Decimal(str(major)).scaleb(exponent(currency))
    return int(scaled.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def to_major(minor: int, currency: str) -> float | int:
    """Minor units to major units as a JSON number: whole amounts stay whole."""
    one: int = 10 ** exponent(currency)
    whole, rest = divmod(minor, one)
    return minor / one if rest else whole
