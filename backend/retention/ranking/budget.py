"""How much may be given away in discounts a month. Amounts are minor units."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Budget:
    """What discounts accepted this month will cost, of what they may; without a cap everything may be given."""

    spent: int
    cap: int | None

    def refusal(self, cost: int) -> str | None:
        """Why a discount that costs so much may not be offered now, in words; None when it may."""
        if self.cap is None or self.spent + cost <= self.cap:
            return None
        return f"this month's budget for discounts is used up ({_share(self.spent, self.cap)} of it given)"


def cost_of_discount(amount: int, percent: float, periods: int) -> int:
    """Of so many periods at `amount`, rounded up."""
    return -(-amount * round(percent * 100) * periods // 10_000)


def _share(spent: int, cap: int) -> str:
    return f"{100 * spent // cap} %" if cap else "none was set aside, all"
