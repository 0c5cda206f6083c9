"""What Thali & Tandoor sells, and the orders that customers make of it. Prices in rupees."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

PLATTERS: tuple[tuple[str, int], ...] = (
    ("Mini Meals Box", 180),
    ("South Indian Sadya", 420),
    ("Gujarati Thali", 380),
    ("Punjabi Tandoor Platter", 560),
    ("Hyderabadi Dum Biryani Handi", 490),
    ("Bengali Bhoj", 450),
    ("Chettinad Feast", 520),
    ("Jain Satvik Thali", 360),
    ("Royal Rajwada Spread", 890),
    ("Live Chaat Counter", 240),
)
"""(name, price per guest)"""

EXTRAS: tuple[tuple[str, int], ...] = (
    ("Gulab Jamun (50 pc)", 900),
    ("Rasmalai (50 pc)", 1_400),
    ("Filter Coffee Urn", 1_800),
    ("Paan Counter", 6_500),
    ("Service Staff (4 h)", 3_200),
    ("Chafing Dishes", 2_400),
    ("Banana Leaves (100)", 700),
)

SCREENS = ("home", "guest_count", "menu_comparison", "customization", "price_calculator", "checkout", "payment")
OCCASIONS = ("WEDDING", "CORPORATE", "RELIGIOUS", "BIRTHDAY", "HOUSEWARMING", "BIRTHDAY", None, None, None)

BANDS: tuple[tuple[int, int], ...] = ((8, 14), (15, 45), (50, 90), (120, 600))
"""Guests of orders under 5,000, under 25,000, under about 50,000, and beyond."""


def order(rng: Random, now: datetime, *, band: int | None = None, occasion: str | None = None) -> dict[str, Any]:
    """An order: platter, guests, date, occasion, items, value. `band` is a place in BANDS, by chance when None."""
    band = rng.choices(range(4), (2, 4, 2, 3))[0] if band is None else band
    guests = rng.randint(*BANDS[band])
    name, price = PLATTERS[0] if band == 0 else rng.choice(PLATTERS[1:8] if band < 3 else PLATTERS[1:9])
    if band == 1:
        guests = min(guests, 24_000 // price)
    items = [{"name": name, "quantity": guests, "price": price}]
    if band >= 2:
        items += [
            {"name": extra, "quantity": 1, "price": cost} for extra, cost in rng.sample(EXTRAS, rng.randint(1, 3))
        ]
    return {
        "platter": name,
        "guests": guests,
        "date": (now + timedelta(days=rng.randint(2, 70))).date(),
        "occasion": occasion,
        "items": items,
        "value": sum(item["quantity"] * item["price"] for item in items),  # type: ignore[operator]
    }
