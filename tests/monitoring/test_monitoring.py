"""How every part does: in words and figures, in /metrics, and what runs by itself with its last result."""

from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from backend.client import ApiError
from backend.core.meters import Meters, Pace, Recent, quantiles
from backend.delivery import service as delivery
from backend.delivery.schemas import ChannelAdd
from backend.integrations import webhooks
from backend.integrations.models import Integration, WebhookPost
from backend.integrations.schemas import IntegrationAdd, IntegrationChange
from backend.jobs.models import PendingJob
from backend.monitoring.schemas import Monitored
from backend.work import Work
from tests.support.backend import Backend

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_quantiles_are_exact_and_of_the_newest(database_url: str) -> None:
    assert quantiles([]) == {}
    assert quantiles([5.0]) == {0.5: 5.0, 0.95: 5.0, 0.99: 5.0}
    assert quantiles([float(number) for number in range(1, 101)]) == {0.5: 51.0, 0.95: 96.0, 0.99: 100.0}
    recent = Recent()
    for number in range(10_000):
        recent.note(float(number >= 5_904))
    assert recent.quantiles() == {0.5: 1.0, 0.95: 1.0, 0.99: 1.0}, "what is long ago counts no more"


def test_a_pace_forgets_what_is_over_a_minute_ago(database_url: str) -> None:
    now = [0.0]
    pace = Pace(lambda: now[0])
    for second in range(90):
        now[0] = float(second)
        pace.note(2)
    assert (pace.per_minute(), pace.total) == (122, 180)
    now[0] = 500.0
    assert pace.per_minute() == 0


def test_metrics_tell_them(database_url: str) -> None:
    registry = CollectorRegistry()
    meters = Meters(registry)
    for seconds in (0.1, 0.2, 0.3):
        meters.responses.note(seconds)
    meters.job("integrations.process_delivery", 0.02, is_webhook=True, has_failed=False)
    meters.job("risk.score_all", 2.0, is_webhook=False, has_failed=True)
    meters.risk.note(40)
    for outcome in ("sent", "sent", "sent", "wait", "failed", "refused"):
        meters.letter("SLACK", outcome)
    told = generate_latest(registry).decode()
    for line in (
        'holdfast_response_seconds{quantile="0.5"} 0.2',
        'holdfast_response_seconds{quantile="0.99"} 0.3',
        'holdfast_webhook_seconds{quantile="0.95"} 0.02',
        "holdfast_risk_calculations_per_minute 40.0",
        "holdfast_delivery_success 0.75",
        'holdfast_job_failures_total{job="risk.score_all"} 1.0',
        'holdfast_letters_total{kind="SLACK",outcome="sent"} 3.0',
    ):
        assert line in told, line


def part(whole: Monitored, name: str) -> tuple[str, str]:
    found = next(one for one in whole.parts if one.name == name)
    return found.state, found.words


async def test_every_part_says_how_it_does(backend: Backend) -> None:
    owner = await backend.owner()
    await backend.drain()
    whole = await owner.system.monitoring()
    names = [one.name for one in whole.parts]
    assert names == ["database", "jobs", "feed", "stripe", "chats", "delivery", "backup", "process"]
    assert part(whole, "jobs") == ("ok", "run on time")
    assert part(whole, "stripe")[0] == part(whole, "chats")[0] == part(whole, "delivery")[0] == "off"
    assert part(whole, "backup")[0] == "warning"
    assert whole.state == "warning"
    slack = {"kind": "SLACK", "name": "ops", "address": "http://127.0.0.1:9/services/T0/B0/X0"}
    await owner.delivery.add(ChannelAdd.model_validate(slack))
    await owner.integrations.add(IntegrationAdd(platform="intercom", base_url="https://api.intercom.io"))
    units = await backend.units()
    hook = {"platform": "webhook", "base_url": "http://127.0.0.1:9/hooks"}
    crm, still = [await owner.integrations.add(IntegrationAdd(name=name, **hook)) for name in ("crm", "still")]
    await owner.integrations.change(still.id, IntegrationChange(is_stopped=True))

    def happened(work: Work) -> None:
        delivery.post(work, to="", subject="s", text="t", cause="c", kind="SLACK")
        id = webhooks.post(work, "crm", "t", {}, cause="c")
        work.session.flush()
        post, endpoint = work.get(WebhookPost, id), work.get(Integration, crm.id)
        post.state, endpoint.answered_at = "DEAD", work.now

    def stuck(work: Work) -> None:
        work.add(
            PendingJob(id="stuck", job="gone.nowhere", args={}, due_at=work.now - timedelta(minutes=20), attempt=1)
        )

    await units.write(happened)
    await backend.drain()
    await units.write(stuck)
    whole = await owner.system.monitoring()
    assert part(whole, "jobs") == ("danger", "are 20 min late: is a server or worker running that takes them?")
    assert part(whole, "delivery")[0] == "danger"
    assert "ops: Slack cannot be reached" in part(whole, "delivery")[1]
    assert part(whole, "intercom")[0] == "warning"
    hooks = {one.title: (one.state, one.words) for one in whole.parts if one.name == "webhook"}
    assert hooks == {
        "Webhook crm": ("warning", "answers, but something did not get through: look at g i"),
        "Webhook still": ("off", "is stopped: nothing is told or read until an admin lets it go on"),
    }
    assert whole.state == "danger"
    figures = {one.label: one.value for one in next(one for one in whole.parts if one.name == "process").figures}
    assert figures["response p95"] > 0
    metrics = await owner.system.metrics()
    assert 'holdfast_letters_total{kind="SLACK",outcome="failed"} 1.0' in metrics
    with pytest.raises(ApiError) as refused:
        await (await backend.member("supervisor")).system.monitoring()
    assert refused.value.status == 403


async def test_what_runs_by_itself_tells_its_last_result(backend: Backend) -> None:
    owner = await backend.owner()
    await backend.drain()
    first = {one.name: one for one in (await owner.jobs.schedules()).items}
    assert first["rules.forget"].status is None
    assert first["rules.forget"].next_at.isoformat() == "2026-03-02T21:10:00+00:00"
    assert first["rules.forget"].doc == "Everything in turn, some rows in each transaction; then it is told how many."
    backend.clock.advance(hours=13)
    await backend.drain()
    after = {one.name: one for one in (await owner.jobs.schedules()).items}["rules.forget"]
    assert (after.status, after.error) == ("succeeded", None)
    assert after.last_at is not None
    assert after.last_at.isoformat() == "2026-03-02T21:10:00+00:00"
