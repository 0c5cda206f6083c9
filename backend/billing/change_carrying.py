"""Carrying out a change: read, write, read back, compare; then written down. Nothing here is lost or done twice by a kill.

A job that comes again begins by reading. What is as it was wanted is done, whoever did it; else the call that is missing
is made under the key that was kept before the first try.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import sha256
from typing import Literal

import orjson
from sqlalchemy import select

from backend.billing import accounts, changes, mirror
from backend.billing.change_plan import Asked, Call, coupon_of, is_our_coupon, next_call, wanted_of
from backend.billing.events import ChangeDone, ChangeFailed, ChangeMismatched
from backend.billing.gateway import Gateway
from backend.billing.models import Subscription, SubscriptionChange
from backend.billing.standing import Shown, Standing, in_words, standing_of, unlike
from backend.core.errors import Failure
from backend.core.outside import Refused, Throttled, Trouble, Unclear
from backend.core.text import clean_line
from backend.jobs.handed import first_id
from backend.jobs.models import PendingJob
from backend.jobs.registry import JobContext
from backend.work import Work

KEYS_HOLD = timedelta(hours=24)
"""How long Stripe knows an idempotency key at least: after that it is only read, and nothing is sent again."""
REDEEM_WITHIN = timedelta(hours=1)
TRIES_OF_A_KEY = 3
"""Stripe answers a key with what it answered first, an error of its own too: after so many the next key is taken."""
STUCK_AFTER = timedelta(minutes=5)
HELD = timedelta(minutes=10)
"""How long a job has a change for itself, so that nobody else speaks to Stripe about it."""
TRY_AT_MOST = 540.0
"""Seconds. A try that takes longer ends as a failure, before others may take its change up."""
_FIRST_WAIT, _LONGEST_WAIT = 2.0, 300.0


@dataclass(frozen=True)
class Step:
    """What a job needs of a change."""

    asked: Asked
    before: Standing | None
    wanted: Standing | None
    tries: int
    since: datetime
    """When it was first tried, or asked for."""
    now: datetime

    @property
    def is_late(self) -> bool:
        return self.now - self.since >= KEYS_HOLD


@dataclass(frozen=True)
class Seen:
    """What Stripe showed to the look of that number, and how the subscription stands by it."""

    shown: Shown
    look: int

    @cached_property
    def standing(self) -> Standing:
        return standing_of(self.shown)


@dataclass(frozen=True)
class Outcome:
    """What came of it. `wait`: to be gone on with later, after so many `seconds` when Stripe said so.

    `is_ours`: a call of ours was made, or may have been. `is_unsent`: the try that was begun sent nothing.
    """

    what: Literal["done", "failed", "mismatched", "wait"]
    words: str = ""
    seen: Seen | None = None
    before: Standing | None = None
    wanted: Standing | None = None
    is_ours: bool = False
    is_unsent: bool = False
    seconds: float = 0.0


async def carry(ctx: JobContext, change_id: str) -> None:
    """Bring a change one try further, and write down what came of it."""
    holder = first_id(ctx.job_id)
    step: Step | None = await ctx.write(take, change_id, holder)
    if step is None:
        return
    outcome = await _tried(ctx, step, holder)
    await ctx.write(settle, change_id, holder, outcome)


def take(work: Work, change_id: str, holder: str) -> Step | None:
    """The change, now held by that job; None when it is settled, or held by another one.

    The next try of a job that died has it at once; any other job when its time is over (`resume_stuck`).
    """
    change = work.session.get(SubscriptionChange, change_id)
    if change is None or change.business_id != work.business_id:
        return None
    change = _locked(work, change_id)
    if change.state not in changes.OPEN:
        return None
    if change.held_by != holder and change.held_until is not None and change.held_until > work.now:
        return None
    change.held_by, change.held_until = holder, work.now + HELD
    return _step(work, change)


def _step(work: Work, change: SubscriptionChange) -> Step:
    row = work.session.get_one(Subscription, change.subscription_id)
    since = change.called_at or change.asked_at
    redeem_by = int((since + REDEEM_WITHIN).timestamp())
    key = change.idempotency_key
    asked = Asked(
        change.id, change.kind, change.params, row.stripe_subscription_id, key, change.run_id, redeem_by=redeem_by
    )
    return Step(asked, change.before, change.wanted, change.tries, since, work.now)


def begin(work: Work, change_id: str, holder: str, before: Standing, wanted: Standing) -> Step | None:
    """Mark that calls may be made from now on, and how it stood before the first. None when another job has it now."""
    change = _locked(work, change_id)
    if change.state not in changes.OPEN or change.held_by != holder:
        return None
    change.state, change.tries = "CALLING", change.tries + 1
    if change.called_at is None:
        change.called_at, change.before, change.wanted = work.now, before, wanted
    return _step(work, change)


async def _tried(ctx: JobContext, step: Step, holder: str) -> Outcome:
    """One try, with no transaction open while Stripe is asked."""
    try:
        sight = Sight(ctx, await accounts.reach(ctx), step.asked.stripe_subscription_id)
        seen = await sight.look()
    except Refused as refused:
        return _unreadable(step, str(refused))
    except Trouble as trouble:
        return _later(trouble)
    except Failure as failure:  # no account is connected, or its key cannot be read
        return _unreadable(step, failure.message)
    before = step.before or seen.standing
    wanted = step.wanted or wanted_of(step.asked, before)
    if not unlike(wanted, seen.standing):
        return Outcome("done", seen=seen, before=before, wanted=wanted, is_ours=step.tries > 0)
    if step.asked.kind == "DOWNGRADE" and before["itemId"] is None:
        return Outcome("failed", "It bills several things at once. Change its plan at Stripe.", seen, before, wanted)
    if step.is_late:
        return _not_done("not there a day after it was first tried", before, wanted, seen)
    begun: Step | None = await ctx.write(begin, step.asked.id, holder, before, wanted)
    if begun is None:
        return Outcome("wait")  # `settle` leaves it alone
    try:
        return await _made(sight, begun, before, wanted, seen)
    except Trouble as trouble:
        return replace(_later(trouble), is_unsent=not isinstance(trouble, Unclear))


class Sight:
    """Looks at one subscription. The number of each look is drawn before it, so that the mirror knows what is newer."""

    def __init__(self, ctx: JobContext, gateway: Gateway, stripe_id: str) -> None:
        self._ctx, self.gateway, self._id = ctx, gateway, stripe_id

    async def look(self) -> Seen:
        number = await self._ctx.write(mirror.draw_look)
        return Seen(await self.gateway.subscription(self._id), number)


async def _made(sight: Sight, step: Step, before: Standing, wanted: Standing, seen: Seen) -> Outcome:
    """Call after call until it stands as it is wanted, read back after each of them."""
    asked, done, gateway = step.asked, list[str](), sight.gateway
    if asked.kind == "DISCOUNT" and int(step.now.timestamp()) >= asked.redeem_by:
        return _not_done("the hour in which its coupon could be used is over; ask again", before, wanted, seen)
    while call := next_call(asked, before, seen.shown, seen.standing, done):
        unclear = None
        try:
            await _sent(gateway, asked, call, step.tries)
        except Refused as refused:
            seen = await sight.look()
            if unlike(
                wanted, seen.standing
            ):  # else an earlier try of this call had been heard: the refusal is of a repeat
                return _not_done(str(refused), before, wanted, await _undone(sight, step, before, seen))
        except Unclear as trouble:
            unclear = trouble
        try:
            seen = await sight.look()
        except Trouble as trouble:  # what the call did is not known, whatever is wrong with looking
            raise Unclear(str(trouble)) from trouble
        if not unlike(wanted, seen.standing):
            return Outcome("done", seen=seen, before=before, wanted=wanted, is_ours=True)
        if unclear is not None:
            raise unclear
        done.append(call.step)
    words = f"Stripe took it, and shows otherwise: {in_words(unlike(wanted, seen.standing), wanted, seen.standing)}"
    return Outcome("mismatched", words, seen, before, wanted)


async def _sent(gateway: Gateway, asked: Asked, call: Call, tries: int) -> None:
    key = call_key(asked, call, tries)
    if call.verb == "create_coupon":
        return await _coupon(gateway, asked, key)
    given = [call.id, key] if call.id is not None else [key]
    await getattr(gateway, call.verb)(*given, **call.params)
    return None


async def _coupon(gateway: Gateway, asked: Asked, key: str) -> None:
    """Make the coupon, unless it is there: its id is the change's own."""
    try:
        await gateway.create_coupon(key, **coupon_of(asked))
    except Refused as refused:
        if refused.code != "resource_already_exists":
            raise
        if not is_our_coupon(asked, await gateway.get(f"coupons/{asked.coupon}")):
            raise


def call_key(asked: Asked, call: Call, tries: int) -> str:
    """The idempotency key of a call: it follows from what is kept, and from what is sent, for Stripe holds a key to it."""
    group = (max(tries, 1) - 1) // TRIES_OF_A_KEY
    sent = orjson.dumps(call.params, option=orjson.OPT_SORT_KEYS).decode()
    return sha256(f"{asked.key}|{call.step}|{group}|{sent}".encode()).hexdigest()


async def _undone(sight: Sight, step: Step, before: Standing, seen: Seen) -> Seen:
    """After a refusal: let go of a schedule that we made and could not fill; what is seen then."""
    now, asked = seen.standing, step.asked
    is_ours = asked.kind == "DOWNGRADE" and now["scheduleId"] != before["scheduleId"] and now["scheduled"] is None
    if not is_ours or now["scheduleId"] is None:
        return seen
    try:
        await _sent(sight.gateway, asked, Call("undo", "release_schedule", now["scheduleId"]), step.tries)
    except Refused:
        return seen
    return await sight.look()


def _not_done(words: str, before: Standing, wanted: Standing, seen: Seen) -> Outcome:
    """Refused: failed when nothing changed by it, else a mismatch, for somebody must look at what is there now."""
    now = seen.standing
    changed = [name for name in (*wanted, "scheduleId", "scheduled") if name in before and before[name] != now[name]]
    if not changed:
        return Outcome("failed", words, seen, before, wanted)
    return Outcome("mismatched", f"{words}; and {in_words(changed, before, now)}", seen, before, wanted)


def _later(trouble: Trouble) -> Outcome:
    return Outcome("wait", str(trouble), seconds=trouble.seconds if isinstance(trouble, Throttled) else 0.0)


def _unreadable(step: Step, words: str) -> Outcome:
    """It cannot be read: nothing was done when nothing was tried, and otherwise nobody knows."""
    return Outcome("mismatched" if step.before else "failed", words)


def settle(work: Work, change_id: str, holder: str, outcome: Outcome) -> None:
    """Write down what came of a try: the mirror, the change, and the event that tells of it. What another job has by now
    is left to that one."""
    change = _locked(work, change_id)
    if change.state not in changes.OPEN or change.held_by != holder:
        return None
    change.held_by = change.held_until = None
    if outcome.what == "wait":
        return _wait(work, change, outcome)
    if outcome.seen is not None:
        actor = work.actor
        mirror.keep_subscription(work, outcome.seen.shown, outcome.seen.look)
        work.actor, change.after = actor, outcome.seen.standing  # what the mirror tells, Stripe told; this, we did
    change.before, change.wanted = change.before or outcome.before, change.wanted or outcome.wanted
    change.settled_at, change.error = work.now, clean_line(outcome.words)[:1000] or None
    match outcome.what:
        case "done":
            change.state = "DONE"
            before, after = change.before or {}, change.after or {}
            moved = {name: [before.get(name), now] for name, now in after.items() if before.get(name) != now}
            changes.tell(work, change, ChangeDone, changes=moved, isOurs=outcome.is_ours)
        case "failed":
            change.state = "FAILED"
            changes.tell(work, change, ChangeFailed, error=change.error)
        case "mismatched":
            change.state = "MISMATCHED"
            changes.tell(work, change, ChangeMismatched, error=change.error, wanted=change.wanted, shown=change.after)
    return None


def _wait(work: Work, change: SubscriptionChange, outcome: Outcome) -> None:
    if outcome.is_unsent and change.tries:
        change.tries -= 1
    change.error = outcome.words or change.error
    if change.called_at is None and work.now - change.asked_at >= KEYS_HOLD:
        change.state, change.settled_at = "FAILED", work.now
        change.error = f"given up after a day: {outcome.words}"
        return changes.tell(work, change, ChangeFailed, error=change.error)
    since = (work.now - (change.called_at or change.asked_at)).total_seconds()
    seconds = max(outcome.seconds, min(max(_FIRST_WAIT, since), _LONGEST_WAIT))
    _enqueue(work, change.id, work.now + timedelta(seconds=seconds))
    return None


def _locked(work: Work, change_id: str) -> SubscriptionChange:
    """The change, with its subscription locked first, as everybody does."""
    change = work.get(SubscriptionChange, change_id, "change")
    changes.locked(work, change.subscription_id)
    work.session.refresh(change)
    return change


def _enqueue(work: Work, change_id: str, at: datetime) -> None:
    work.enqueue("billing.carry_out", at=at, key=changes.job_key(change_id), change_id=change_id)


def resume_stuck(work: Work) -> int:
    """Set the job again of every change that is open, and has none that waits or holds it; how many they were."""
    long_ago, held_until = work.now - STUCK_AFTER, SubscriptionChange.held_until
    is_open = SubscriptionChange.state.in_(changes.OPEN) & (SubscriptionChange.asked_at <= long_ago)
    is_free = held_until.is_(None) | (held_until <= work.now)
    mine = SubscriptionChange.business_id == work.business_id
    stuck = 0
    for id in work.session.scalars(select(SubscriptionChange.id).where(mine, is_open, is_free)):
        waits = (PendingJob.business_id == work.business_id) & (PendingJob.key == changes.job_key(id))
        if work.session.scalar(select(PendingJob.id).where(waits).limit(1)) is None:
            _enqueue(work, id, work.now)
            stuck += 1
    return stuck
