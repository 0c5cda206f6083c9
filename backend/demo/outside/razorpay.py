"""A double of Razorpay's payments: their list, and webhooks as it signs them."""

import hmac
import json
from itertools import count
from typing import Any

from backend.core.clock import Clock
from backend.demo.outside.apis import ApiDouble, Record, basic
from backend.demo.outside.freshchat import Webhook
from backend.demo.outside.talks import Refusal


class RazorpayDouble(ApiDouble):
    """One account. What happens becomes webhooks, in `told` until somebody posts them."""

    def __init__(
        self, clock: Clock, *, key_id: str = "rzp_test_double", key: str = "rzp-key", secret: str = "rzp-hook"
    ) -> None:
        super().__init__(clock)
        self.key_id, self.key, self.secret, self.authorization = key_id, key, secret, basic(key_id, key)
        self.payments: list[Record] = []
        self.told: list[Webhook] = []
        self._ids = count(1)

    def pay(self, amount: int, *, is_failed: bool = False, customer_id: str = "", **more: Any) -> Record:
        """A payment of so many minor units, which is told."""
        payment = {
            "id": f"pay_{next(self._ids):014}",
            "entity": "payment",
            "amount": amount,
            "currency": "INR",
            "status": "failed" if is_failed else "captured",
            "method": "upi",
            "email": None,
            "contact": None,
            "notes": {"customer_id": customer_id} if customer_id else [],
            "error_code": "BAD_REQUEST_ERROR" if is_failed else None,
            "error_reason": "insufficient_funds" if is_failed else None,
            "created_at": int(self.clock.now().timestamp()),
            **more,
        }
        self.payments.append(payment)
        self.told.append(self.webhook(payment))
        return payment

    def webhook(self, payment: Record, *, id: str = "") -> Webhook:
        """What is told of a payment."""
        event = {
            "entity": "event",
            "account_id": "acc_double",
            "event": f"payment.{payment['status']}",
            "contains": ["payment"],
            "payload": {"payment": {"entity": payment}},
            "created_at": int(self.clock.now().timestamp()),
        }
        body = json.dumps(event).encode()
        signature = hmac.digest(self.secret.encode(), body, "sha256").hex()
        return body, {"X-Razorpay-Signature": signature, "x-razorpay-event-id": id or f"evt_{payment['id']}"}

    def answer(self, method: str, path: str, asked: Record) -> Any:
        if path != "/v1/payments":
            raise Refusal(404, "no such address")
        begin, end = int(asked.get("from", 0)), int(asked.get("to", 2**40))
        found = [one for one in reversed(self.payments) if begin <= one["created_at"] <= end]
        skip, most = int(asked.get("skip", 0)), int(asked.get("count", 10))
        items = found[skip : skip + most]
        return {"entity": "collection", "count": len(items), "items": items}
