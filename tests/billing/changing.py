"""A business with one subscription at the Stripe double, its changes asked for over HTTP, and a worker that may be killed."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
from sqlalchemy import select

from backend.billing import change_carrying, mirror
from backend.billing.accounts import reach
from backend.billing.changes import job_key
from backend.billing.gateway import Gateways
from backend.billing.models import Subscription
from backend.billing.normal import price as price_of
from backend.billing.pace import Time
from backend.billing.plans import keep_prices
from backend.billing.standing import Standing, standing_of
from backend.client import Client
from backend.demo.outside.stripe import StripeDouble
from backend.demo.outside.stripe.app import Change
from backend.demo.outside.stripe.rows import Body
from backend.jobs.attempt import Context
from backend.jobs.models import PendingJob
from backend.work import Work
from tests.support.backend import Backend, business_of
from tests.support.follows import frames
from tests.support.stripe import API, DoubleTransport

PRO, BASIC = 290_000, 120_000
"""What the plans cost a month, in paise."""


class Killed(BaseException):
    """Where a process would have been killed."""


class Wire(DoubleTransport):
    """The double's transport, in which the n-th writing request may be the last thing a process does."""

    def __init__(self, double: StripeDouble) -> None:
        super().__init__(double)
        self.kill_before = self.kill_after = 0
        self._written = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET" or request.url.path.endswith("create_preview"):
            return await super().handle_async_request(request)
        self._written += 1
        if self._written == self.kill_before:
            raise Killed
        answer = await super().handle_async_request(request)
        if self._written == self.kill_after:
            raise Killed
        return answer


async def at_once(_seconds: float) -> None:
    """Waiting that takes no time."""


class World:
    """One business, its double, and one subscription. `sub` is its id here, `stripe_id` there."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.double = StripeDouble(backend.clock)
        self.wire = Wire(self.double)
        http = httpx.AsyncClient(transport=self.wire)
        backend.settings.stripe_secret_key = type(backend.settings.stripe_secret_key)(self.double.key)
        backend.runtime.stripe = Gateways(backend.runtime.outside, API, http=http)
        backend.runtime.stripe.time = Time(sleep=at_once)
        self.sub = self.stripe_id = self.basic = ""
        self.began = self.made_at = 0
        self.pro: Body = {}
        self.owner: Client

    async def begin(self, *, is_paused: bool = False, **how: Any) -> "World":
        """Subscribe a customer to Pro, and have it and the plan Basic here. `how` goes to the double's `subscribe`."""
        self.owner = await self.backend.owner()
        self.made_at = self.double.now()
        basic = self.double.plan("Basic", BASIC, currency="inr")
        self.pro = self.double.plan("Pro", PRO, currency="inr")
        made = self.double.subscribe(price=self.pro, **how)
        self.stripe_id = made["id"]
        made["pause_collection"] = {"behavior": "void", "resumes_at": None} if is_paused else None
        self.basic = basic["id"]
        await self.look()
        await (await self.backend.units()).write(keep_prices, [price_of({**basic, "nickname": "Basic"})])
        self.began = (await frames(self.backend, self.owner, 0))[-1]["seq"]
        return self

    async def plan(self, name: str, amount: int = 0, *, is_active: bool = True, **more: Any) -> str:
        """Another plan, known here; Stripe's id of its price. "Pro" is the one that is subscribed to."""
        made = self.pro if name == "Pro" else self.double.plan(name, amount, **{"currency": "inr", **more})
        price = {**made, "nickname": name, "active": is_active}
        await (await self.backend.units()).write(keep_prices, [price_of(price)])
        return str(made["id"])

    @staticmethod
    def day(unix: int) -> str:
        """A second of Stripe's as the day that it is in."""
        return f"{datetime.fromtimestamp(unix, UTC):%Y-%m-%d}"

    async def look(self) -> None:
        """Have the mirror show what Stripe shows."""
        units = await self.backend.units()
        number = await units.write(mirror.draw_look)
        shown = await (await reach(units)).subscription(self.stripe_id)
        await units.write(mirror.keep_subscription, shown, number)
        self.sub = await units.read(_id_of, self.stripe_id)

    @property
    def stripe(self) -> Body:
        """The subscription at Stripe."""
        return self.double.subscription(self.stripe_id)

    def standing(self) -> Standing:
        """How it stands there, without what is named anew in each world."""
        book, body = self.double.account, dict(self.stripe)
        if body["schedule"]:
            body["schedule"] = self.double.object("subscription_schedule", body["schedule"])
        body["discounts"] = [book.find("discount", id) for id in body["discounts"]]
        told = standing_of(body)
        percents = [book.find("coupon", one["coupon"])["percent_off"] for one in told.pop("discounts")]
        names = self.double.account
        for place in (told, told["scheduled"] or {}):
            if price := place.get("priceId"):
                place["priceId"] = names.find("product", names.find("price", price)["product"])["name"]
        told["scheduleId"] = bool(told["scheduleId"])
        return {**{name: value for name, value in told.items() if name != "itemId"}, "percents": percents}

    def written(self) -> list[Change]:
        """The requests that changed something."""
        return [one for one in self.double.changes() if not one.path.endswith("create_preview")]

    async def version(self) -> int:
        return int(await (await self.backend.units()).read(_version, self.sub))

    async def ask(self, what: str, client: Client | None = None, **body: Any) -> dict[str, Any]:
        """Ask for a change as a member (the owner), at the version that it has: ChangeRead data."""
        given = {"version": await self.version(), **{name: v for name, v in body.items() if name[0] != "_"}}
        more = {name[1:]: value for name, value in body.items() if name[0] == "_"}
        path = f"/api/subscriptions/{{subscription_id}}/{what}"
        transport = (client or self.owner).transport
        answer: dict[str, Any] = await transport.call("POST", path, None, given, subscription_id=self.sub, **more)
        return answer

    async def changes(self) -> list[dict[str, Any]]:
        page = await self.owner.subscriptions.changes(self.sub)
        return [one.model_dump(mode="json", by_alias=True) for one in page.items]

    async def told(self) -> list[dict[str, Any]]:
        """The feed's frames since this world began."""
        return await frames(self.backend, self.owner, self.began)

    async def settle(self, minutes: float = 6, times: int = 12) -> dict[str, Any]:
        """Let jobs run, and time go on, until the newest change is settled: ChangeRead data."""
        for _ in range(times):
            await self.backend.drain()
            newest = (await self.changes())[0]
            if newest["state"] not in ("INTENDED", "CALLING"):
                return newest
            self.double.advance(minutes=minutes)
        return newest

    async def settle_alone(self) -> dict[str, Any]:
        """The same without a worker: its job is run here each time that it is due, so that nothing else comes between."""
        units = await self.backend.units()
        for _ in range(20):
            newest = (await self.changes())[0]
            if newest["state"] not in ("INTENDED", "CALLING"):
                break
            due = await units.read(_due, newest["id"])
            self.double.advance(seconds=max(0, (due - self.backend.clock.now()).total_seconds()))
            await self.work_once(newest["id"])
        return newest

    async def work_once(
        self, change_id: str, *, dies: Callable[[str], bool] = lambda _: False, job: str = "job"
    ) -> None:
        """A worker's try, as that job, killed (Killed) around the write of the service for whose name `dies` says so."""
        runtime = self.backend.runtime
        business = await business_of(self.owner)
        ctx = Context(runtime.database, runtime.clock, runtime, job, business, "", 1)
        await change_carrying.carry(Dying(ctx, dies), change_id)


class Dying:
    """A job's context in a process that is killed before or after a write: `dies("before settle")`."""

    def __init__(self, ctx: Context, dies: Callable[[str], bool]) -> None:
        self._ctx, self._dies = ctx, dies
        self.runtime, self.business_id, self.job_id = ctx.runtime, ctx.business_id, ctx.job_id
        self.request_id, self.attempt, self.read = ctx.request_id, ctx.attempt, ctx.read

    async def write(self, service: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self._dies(f"before {service.__name__}"):
            raise Killed
        answer = await self._ctx.write(service, *args, **kwargs)
        if self._dies(f"after {service.__name__}"):
            raise Killed
        return answer


Ready = Callable[[World], Awaitable[None]]


def _due(work: Work, change_id: str) -> Any:
    """When the job of a change is due: one that is open always has one."""
    return work.session.scalars(select(PendingJob.due_at).where(PendingJob.key == job_key(change_id))).one()


def _version(work: Work, id: str) -> int:
    return work.get(Subscription, id, "subscription").version


def _id_of(work: Work, stripe_id: str) -> str:
    row = mirror.find(work, stripe_id)
    assert row is not None
    return row.id
