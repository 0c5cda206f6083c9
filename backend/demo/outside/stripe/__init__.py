"""A double of Stripe: one ASGI app with everything that the product needs of it, for the demo and the tests.

    double = StripeDouble(clock)                    # a backend.core.clock.Clock; livemode=, currency=, api_version=
    double.key                                      # the secret key of its account, `double.account` (a Book)
    pro = double.plan("Pro", 2_900)                 # a price, in minor units; interval="year", every=3, currency="eur"
    ada = double.customer("ada@example.com")        # with a card; declines="insufficient_funds", has_card=False
    sub = double.subscribe(ada, pro)                # coupon=, trial_days=, quantity=, is_flexible=, is_told=
    ids = double.subscribe_many(100_000, pro)       # in seconds, in 150 MB; lists have pages of them
    with double.past(days=240): ...                 # what is built here began then, and was renewed and paid since
    double.coupon(20.0, duration="repeating", duration_in_months=3)
    double.decline(ada["id"]), double.accept(ada["id"])          # its cards from now on
    double.restricted_key("subscription_write", "charge_read")   # permissions; 403 names the missing one
    book = double.connect("acct_other")             # another account, by Stripe-Account; builders take book=
    double.new_code("acct_other")                   # an OAuth code for /oauth/token; double.disconnect("acct_other")
    double.charge(2_900), double.payout(50_000)     # without an invoice
    double.takings(2_000, days=90)                  # charges with refunds, disputes and payouts; events of none
    double.fail_payout(id), double.fail_refund(id)  # the bank sends it back
    double.elsewhere.add("acct_taken")              # an account that another platform controls
    double.dispute(charge_id), double.decide(dispute_id, "won")
    double.account.dunning = Dunning((3, 5, 7), ends="cancel")   # or "unpaid", "past_due"
    double.account.bank_refuses = "account_closed"  # payouts fail; pays_out = False: none are made by themselves

    double.advance(days=31)                         # moves the clock; what falls due happens at its own second
    double.subscription(id), double.object("invoice", id), double.told("invoice.paid")   # what is, and the events
    double.changes("POST /v1/subscriptions")        # the requests that changed something (no replays, no refusals)
    double.log, double.requests                     # all requests other than GET; all requests
    double.mishaps.append(Mishap("throttle", on="POST /v1/subscriptions/", times=2, seconds=1))
    #   how: throttle (429) conflict (409) break (500) refuse (400) timeout drop delay; is_done=True: done first
    double.most_per_second = 25                     # 429 beyond, by this machine's clock

    endpoint, secret = double.endpoint(url)         # types=[...], api_version="2024-06-20" for older shapes
    await double.deliver(post)                      # post what is due; over HTTP when no `post` is given
    async with double.sending(): ...                # the same in the background
    double.mail.mischief.append(Mischief("duplicate", on="customer.subscription", times=2))
    #   how: duplicate reorder delay drop wrong_secret stale fail
    double.mail.sent                                # what was posted: url, body, headers, status, type, event_id
    new = double.roll(endpoint, keep=3600)          # a new secret; both sign for so long

Builders tell no events unless `is_told`; requests and what falls due do. Bodies are dictionaries as Stripe writes them in
API version 2026-10-28.endive: read them, and change them only by requests. Answers and webhooks follow
`Stripe-Version` and the endpoint's version back to 2024.

What Stripe's documentation leaves open, and this double decides until a sandbox was asked: percent discounts stack in
their order, each on what the one before left; prorations are net of percent discounts; a refused request (400, 404)
leaves its idempotency key unused; a paused service goes on when the invoice of its resumption is paid, unless
`payment_behavior` says on the attempt; a schedule's phase is applied before the period that begins with it is billed.

Tests call it without a socket by `tests.support.stripe.client(double)`; the demo by `serve.served(double)`, where
`POST /_fake/advance {"days": 3}` and `POST /_fake/mishap {"how": "throttle"}` control it.
"""

from backend.demo.outside.stripe.book import CURRENT, Book, Dunning
from backend.demo.outside.stripe.double import StripeDouble
from backend.demo.outside.stripe.exchange import Change
from backend.demo.outside.stripe.mail import Mischief, Sent
from backend.demo.outside.stripe.mishap import Mishap

__all__ = ["CURRENT", "Book", "Change", "Dunning", "Mischief", "Mishap", "Sent", "StripeDouble"]
