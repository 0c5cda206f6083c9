"""Sums by days against the rows, whatever changes in between: currencies, zones with a jump of the clock, late news."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from backend.billing import payments, takings, takings_keeping
from backend.billing.takings import GIVEN_BACK, Takings
from backend.identity.schemas import BusinessChange
from backend.work import Work
from tests.support.backend import Backend, business_of

_CURRENCIES = ("inr", "usd", "jpy")
_DISPUTED = ("needs_response", "under_review", "lost", "won", "prevented", "warning_needs_response", "warning_closed")


class Book:
    """What Stripe has, as bodies; and the same sums from them by hand."""

    def __init__(self, seed: int, now: datetime) -> None:
        self.rng, self.now = Random(seed), int(now.timestamp())
        self.charges: dict[str, dict[str, Any]] = {}
        self.refunds: dict[str, dict[str, Any]] = {}
        self.payouts: dict[str, dict[str, Any]] = {}
        self.disputes: dict[str, dict[str, Any]] = {}
        self.seen_paid: set[str] = set()
        """Payouts that were seen to become paid now, and not when they were first shown."""

    def _instant(self) -> int:
        return self.now - self.rng.randrange(70 * 86_400)

    def happen(self) -> None:
        rng = self.rng
        for _ in range(rng.randint(5, 40)):
            id = f"ch_{rng.randrange(150)}"
            amount = rng.randint(1, 90_000)
            before = self.charges.get(id, {"created": self._instant(), "currency": rng.choice(_CURRENCIES)})
            status = rng.choice(("succeeded", "succeeded", "succeeded", "failed", "pending"))
            self.charges[id] = before | {"id": id, "amount": amount, "status": status, "captured": rng.random() < 0.9}
        for _ in range(rng.randint(0, 8)):
            id = f"re_{rng.randrange(40)}"
            before = self.refunds.get(id, {"created": self._instant(), "currency": rng.choice(_CURRENCIES)})
            about = {"id": id, "amount": rng.randint(1, 9_000), "charge": f"ch_{rng.randrange(150)}"}
            self.refunds[id] = before | about | {"status": rng.choice(("succeeded", "pending", "failed", "canceled"))}
        for _ in range(rng.randint(0, 8)):
            id = f"du_{rng.randrange(30)}"
            before = self.disputes.get(id, {"created": self._instant(), "currency": rng.choice(_CURRENCIES)})
            about = {"id": id, "amount": rng.randint(1, 9_000), "reason": "fraudulent"}
            self.disputes[id] = before | about | {"status": rng.choice(_DISPUTED)}
        known = {id: one["status"] for id, one in self.payouts.items()}
        for _ in range(rng.randint(0, 6)):
            id = f"po_{rng.randrange(30)}"
            before = self.payouts.get(id, {"created": self._instant(), "currency": rng.choice(_CURRENCIES)})
            arrival = before.get("arrival_date", before["created"] + rng.randrange(4 * 86_400))
            status = rng.choice(("pending", "paid", "paid", "failed", "canceled"))
            self.payouts[id] = before | {"id": id, "amount": 100, "arrival_date": arrival, "status": status}
        self.seen_paid |= {id for id in known if known[id] != "paid" and self.payouts[id]["status"] == "paid"}

    def taken(self, start: datetime, end: datetime) -> dict[str, Takings]:
        since, until = start.timestamp(), end.timestamp()
        found: dict[str, Takings] = {}
        for one in self.charges.values():
            if since <= one["created"] < until:
                sums = found.setdefault(one["currency"].upper(), Takings())
                is_taken = one["status"] == "succeeded" and one["captured"]
                sums.charges += is_taken
                sums.captured += one["amount"] if is_taken else 0
                sums.failed += one["status"] == "failed"
        for one in self.refunds.values():
            if since <= one["created"] < until and one["status"] in GIVEN_BACK:
                sums = found.setdefault(one["currency"].upper(), Takings())
                sums.refunds, sums.refunded = sums.refunds + 1, sums.refunded + one["amount"]
        for one in self.disputes.values():
            if since <= one["created"] < until and one["status"] in ("needs_response", "under_review", "lost"):
                sums = found.setdefault(one["currency"].upper(), Takings())
                sums.chargebacks, sums.charged_back = sums.chargebacks + 1, sums.charged_back + one["amount"]
        return {currency: sums for currency, sums in found.items() if sums != Takings()}

    def arrived(self, start: datetime, end: datetime) -> dict[str, tuple[int, int]]:
        """(due, in time) of the payouts that were to arrive then."""
        found: dict[str, tuple[int, int]] = {}
        for one in self.payouts.values():
            over = one["arrival_date"] + 86_400
            is_due = one["status"] in ("paid", "failed") or (one["status"] == "pending" and over <= self.now)
            if is_due and start.timestamp() <= one["arrival_date"] < end.timestamp():
                is_late = one["id"] in self.seen_paid and over <= self.now
                due, on_time = found.get(one["currency"].upper(), (0, 0))
                found[one["currency"].upper()] = (due + 1, on_time + (one["status"] == "paid" and not is_late))
        return found


def spans(rng: Random, now: datetime) -> list[tuple[datetime, datetime]]:
    """Some that begin and end anywhere, and the last days to now."""
    found = [(now - timedelta(days=days), now) for days in (7, 30, 60)]
    for _ in range(4):
        edges = sorted(now - timedelta(seconds=rng.randrange(75 * 86_400)) for _ in range(2))
        found.append((edges[0], edges[1]))
    return found


def sums_of(work: Work, asked: list[tuple[datetime, datetime]]) -> list[dict[str, Takings]]:
    told = [takings.sums(work, *span) for span in asked]
    return [{currency: one for currency, one in found.items() if one != Takings()} for found in told]


def paid_out(work: Work, asked: list[tuple[datetime, datetime]]) -> list[dict[str, tuple[int, int]]]:
    told = [takings.paid_out(work, *span) for span in asked]
    return [{currency: (one.due, one.on_time) for currency, one in found.items()} for found in told]


def keep_disputes(work: Work, shown: list[dict[str, Any]], look: int) -> None:
    for raw in shown:
        payments.keep_dispute(work, raw, look, is_news=False)


async def test_roll_ups_agree_with_the_rows_whatever_happens(backend: Backend) -> None:
    owner = await backend.owner()
    business = await owner.businesses.show(await business_of(owner))
    await owner.businesses.change(business.id, BusinessChange(version=business.version, time_zone="America/New_York"))
    units = await backend.units()
    backend.clock.advance(days=31)  # the clocks of New York were put forward meanwhile
    book = Book(11, backend.clock.now())
    for look in range(1, 5):
        book.happen()
        for keep, bodies in (
            (takings_keeping.keep_charges, book.charges),
            (takings_keeping.keep_refunds, book.refunds),
            (takings_keeping.keep_payouts, book.payouts),
            (keep_disputes, book.disputes),
        ):
            shown = [*bodies.values()]
            book.rng.shuffle(shown)
            await units.write(keep, shown, look)
            await units.write(
                keep, [one | {"amount": 1} for one in shown[:5]], look - 1
            )  # an answer that comes too late
        asked = spans(book.rng, backend.clock.now())
        by_hand = [book.taken(*span) for span in asked]
        assert await units.read(sums_of, asked) == by_hand, f"before round {look} is rolled up"
        assert await units.read(paid_out, asked) == [book.arrived(*span) for span in asked], look
        while await units.write(takings.roll_up):
            pass
        assert await units.read(sums_of, asked) == by_hand, f"after round {look} is rolled up"


async def test_a_payout_counts_once_it_is_due(backend: Backend) -> None:
    """Paid in time, paid too late, failed after it was paid, on its way, cancelled."""
    await backend.owner()
    units, now = await backend.units(), backend.clock.now()
    day = int(now.replace(hour=0, minute=0, second=0, microsecond=0).timestamp())

    def body(id: str, status: str, arrives: int) -> dict[str, Any]:
        return {"id": id, "status": status, "amount": 5, "currency": "inr", "created": day - 9 * 86_400} | {
            "arrival_date": day + arrives * 86_400
        }

    first = [body("a", "paid", -5), body("b", "pending", -5), body("c", "paid", -4), body("d", "pending", 0)]
    await units.write(takings_keeping.keep_payouts, [*first, body("e", "canceled", -3)], 1)

    def told(work: Work) -> tuple[int, int]:
        one = takings.paid_out(work, work.now - timedelta(days=30), work.now)["INR"]
        return one.due, one.on_time

    assert await units.read(told) == (3, 2), "b is late, d is due until its day is over, e counts for nothing"
    await units.write(takings_keeping.keep_payouts, [body("b", "paid", -5), body("c", "failed", -4)], 2)
    assert await units.read(told) == (3, 1), "b came too late, and c came back"
    backend.clock.advance(days=1)
    assert await units.read(told) == (4, 1), "d did not arrive"
