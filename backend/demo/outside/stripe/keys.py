"""Idempotency keys: the first result of a POST is the result of all that carry its key."""

from dataclasses import dataclass, field

from backend.demo.outside.stripe.refusal import Refusal
from backend.demo.outside.stripe.time import DAY, Time

LASTS = DAY
"""Seconds for which Stripe promises to know a key."""


@dataclass
class Answered:
    """An answer as it went out."""

    status: int
    body: bytes
    request_id: str


@dataclass
class _Known:
    asked: tuple[str, str, str]
    at: int
    result: Answered | None = field(default=None)


class Keys:
    """The keys of all accounts."""

    def __init__(self, time: Time) -> None:
        self._time = time
        self._known: dict[tuple[str, str], _Known] = {}

    def begin(self, account: str, key: str, asked: tuple[str, str, str]) -> Answered | None:
        """The first result, when there was one; None: go on, and then `end`.

        `asked` is method, path and parameters. A Refusal (400) when they are others than the first time, (409) while
        the first is not done.
        """
        known = self._known.get((account, key))
        if known and known.at + LASTS <= self._time.now():
            known = None
        if known is None:
            self._known[account, key] = _Known(asked, self._time.now())
            return None
        if known.asked != asked:
            words = (
                "Keys for idempotent requests can only be used with the same parameters they were first used with. "
                f"Try using a key other than '{key}' if you meant to execute a different request."
            )
            raise Refusal(400, words, type="idempotency_error")
        if known.result is None:
            words = f"There is currently another in-progress request using this Idempotency Key '{key}'."
            raise Refusal(409, words, type="idempotency_error", code="idempotency_key_in_use")
        return known.result

    def end(self, account: str, key: str, result: Answered | None) -> None:
        """Keep the result; None: nothing had begun, so that the key is as new."""
        if result is None:
            self._known.pop((account, key), None)
        else:
            self._known[account, key].result = result
