"""What a process counts of its own work, for /metrics and for the view of how every part does."""

import time
from collections import Counter as Tally
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

QUANTILES = (0.5, 0.95, 0.99)
KEPT = 4_096
"""The newest measurements of a kind, from which quantiles are told: exact ones, not those of buckets."""
MINUTE = 60.0
_JOB_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


def quantiles(values: Sequence[float]) -> dict[float, float]:
    """The quantiles of QUANTILES by nearest rank; {} of nothing."""
    ordered = sorted(values)
    return {q: ordered[min(len(ordered) - 1, int(q * len(ordered)))] for q in QUANTILES} if ordered else {}


class Recent:
    """The newest seconds that something took."""

    def __init__(self) -> None:
        self._seconds: deque[float] = deque(maxlen=KEPT)
        self.note = self._seconds.append

    def quantiles(self) -> dict[float, float]:
        """See :func:`quantiles`."""
        return quantiles(tuple(self._seconds))


class Pace:
    """How many there were in the last minute, counted by the second."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic, self.total = monotonic, 0
        self._seconds: deque[list[float]] = deque()

    def note(self, count: int = 1) -> None:
        """So many more."""
        now = self._monotonic()
        self.total += count
        if self._seconds and now - self._seconds[-1][0] < 1:
            self._seconds[-1][1] += count
        else:
            self._seconds.append([now, count])
        self._forget(now)

    def per_minute(self) -> int:
        """Those of the last sixty seconds."""
        self._forget(self._monotonic())
        return int(sum(count for _, count in self._seconds))

    def _forget(self, now: float) -> None:
        while self._seconds and now - self._seconds[0][0] > MINUTE:
            self._seconds.popleft()


class Meters(Collector):
    """One per process. The parts note what they do; nobody else's work is counted here."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.responses, self.webhooks = Recent(), Recent()
        self.risk = Pace()
        self.letters: Tally[tuple[str, str]] = Tally()
        """By kind of channel and outcome."""
        self._jobs = Histogram(
            "holdfast_job_seconds", "Time of one try of a job", ["job"], registry=registry, buckets=_JOB_BUCKETS
        )
        self._failures = Counter("holdfast_job_failures", "Tries of jobs that failed", ["job"], registry=registry)
        self._letters = Counter("holdfast_letters", "Tries to send to staff", ["kind", "outcome"], registry=registry)
        registry.register(self)

    def job(self, name: str, seconds: float, *, is_webhook: bool, has_failed: bool) -> None:
        """A try of a job is over."""
        self._jobs.labels(name).observe(seconds)
        if is_webhook:
            self.webhooks.note(seconds)
        if has_failed:
            self._failures.labels(name).inc()

    def letter(self, kind: str, outcome: str) -> None:
        """A try to send to staff is over."""
        self.letters[kind, outcome] += 1
        self._letters.labels(kind, outcome).inc()

    def delivery_rate(self) -> float | None:
        """Of the letters that are over, the share that was sent; None of none."""
        sent = sum(count for (_, outcome), count in self.letters.items() if outcome == "sent")
        lost = sum(count for (_, outcome), count in self.letters.items() if outcome == "refused")
        return sent / (sent + lost) if sent + lost else None

    def collect(self) -> Iterator[Metric]:
        """What is told when it is asked for."""
        yield _quantiles("holdfast_response_seconds", "Time to answer, of the newest requests", self.responses)
        yield _quantiles("holdfast_webhook_seconds", "Time to process a webhook, of the newest", self.webhooks)
        yield _one(
            "holdfast_risk_calculations_per_minute", "Risk scores made in the last minute", self.risk.per_minute()
        )
        yield _one("holdfast_risk_calculations", "Risk scores made since the start", self.risk.total)
        rate = self.delivery_rate()
        if rate is not None:
            yield _one("holdfast_delivery_success", "Share of letters to staff that were sent", rate)


def _one(name: str, help: str, value: float) -> Metric:
    family = GaugeMetricFamily(name, help)
    family.add_metric([], value)
    return family


def _quantiles(name: str, help: str, recent: Recent) -> Metric:
    family = GaugeMetricFamily(name, help, labels=["quantile"])
    told: Mapping[float, float] = recent.quantiles()
    for quantile, seconds in told.items():
        family.add_metric([str(quantile)], seconds)
    return family
