"""What goes wrong with the next requests, as a test or a demo wants it."""

import re
from dataclasses import dataclass
from typing import Literal

from backend.demo.outside.stripe.refusal import Refusal

How = Literal["throttle", "conflict", "break", "refuse", "timeout", "drop", "delay"]


@dataclass
class Mishap:
    """What befalls the next `times` requests of which `on` (a regular expression) finds a part of "METHOD /path".

    `how`: 429, 409, 500, 400, no answer ever, the connection is dropped, or the answer takes `seconds`.
    `is_done`: what was asked is done first. `seconds` is Retry-After for 429. `is_kept`: a 500 is the result that the
    idempotency key replays.
    """

    how: How
    on: str = "POST"
    times: int = 1
    is_done: bool = False
    seconds: float = 0.0
    reason: str = "global-rate"
    is_kept: bool = True

    def befalls(self, asked: str) -> bool:
        return re.search(self.on, asked) is not None

    def refusal(self) -> Refusal | None:
        """The answer in place of that which was asked for; None when there is none."""
        match self.how:
            case "throttle":
                headers = {"Stripe-Rate-Limited-Reason": self.reason, "Retry-After": f"{self.seconds:g}"}
                words = "Request rate limit exceeded. You can learn more about rate limits in the documentation."
                return Refusal(429, words, code="rate_limit", headers=headers)
            case "conflict":
                words = (
                    "This object cannot be accessed right now because another API request or Stripe process is "
                    "currently accessing it. If you see this error intermittently, retry the request."
                )
                return Refusal(409, words, code="lock_timeout")
            case "break":
                words = "An unknown error occurred."
                return Refusal(500, words, type="api_error", is_kept=self.is_kept)
            case "refuse":
                return Refusal(400, "This request cannot be done.")
        return None
