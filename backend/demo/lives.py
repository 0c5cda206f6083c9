"""How cases of the world go. A life is a generator: it yields the instant of its next step, and does it when resumed,
so that a heap of lives writes one history in the order of time.
"""

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from backend.demo import menu, talk, visits
from backend.demo.casebook import PLATFORM, Case, Casebook
from backend.demo.ledger import Ledger
from backend.demo.prompts import Prompts, Row
from backend.demo.talk import Topic
from backend.events.event import Actor
from backend.signals import friction

Life = Iterator[datetime]
PRE_APPROVED = 500_000
"""Minor units of a discount that an agent may give by the shipped rules."""


@dataclass
class Stage:
    """What every life plays on."""

    book: Casebook
    prompts: Prompts
    ledger: Ledger
    rng: Random
    agents: list[Actor]
    supervisor: Actor
    now: datetime

    def minutes(self, mean: float, least: float = 0.3) -> timedelta:
        """A believable time to wait: around `mean` minutes, sometimes much longer."""
        return timedelta(minutes=least + self.rng.expovariate(1 / mean))


class Scene:
    """One customer, one order, one topic."""

    def __init__(self, stage: Stage, customer: Mapping[str, Any], topic: Topic, *, band: int | None = None) -> None:
        occasion = "WEDDING" if topic is talk.WEDDING else stage.rng.choice(menu.OCCASIONS)
        band = 3 if topic is talk.WEDDING else band
        self.stage, self.customer, self.topic = stage, customer, topic
        self.order = menu.order(stage.rng, stage.now, band=band, occasion=occasion)
        self.agent = stage.rng.choice(stage.agents)
        self.case: Case | None = None

    def fill(self, words: str) -> str:
        """`words` with what is known of the order put in."""
        name = str(self.customer["name"]).split(" ")[0][:30]
        date = f"{self.order['date']:%d %b}"
        return words.format(
            name=name,
            guests=self.order["guests"],
            platter=self.order["platter"],
            date=date,
            agent=self.agent.name.split(" ")[0],
            screen=self.topic.screen,
        )

    def begin(self, at: datetime, *, channel: str = "IN_APP_CHAT", **more: Any) -> Case:
        """The case, opened by the platform (chats), the app (calls) or the house (friction)."""
        by_platform = channel != "CALL" and more.get("trigger", "USER_INITIATED") == "USER_INITIATED"
        is_placed = self.topic.stage == "POST_ORDER"
        given = {
            "stage": self.topic.stage,
            "channel": channel,
            "platform": PLATFORM if by_platform else None,
            "value": self.order["value"],
            "occasion": self.order["occasion"],
            "order_id": f"TT-{self.stage.rng.randint(10_000, 99_999)}" if is_placed else None,
            "summary": self.fill(self.topic.summary)[:200],
            "app_screen": self.topic.screen,
            "user_inputs": visits.inputs_of(self.order),
            "selected_items": self.order["items"],
            "issue_category": self.topic.category,
        }
        self.case = self.stage.book.open(self.customer, at, **(given | more))
        return self.case

    def place_order(self, at: datetime) -> None:
        """The customer orders, with the case open."""
        assert self.case is not None
        visits.place_order(self.stage.ledger, self.customer, f"order-{self.case.number}", self.order["value"], at)

    def until(self, at: datetime) -> Life:
        """Let the time pass to `at`; on the way the timers of the case do what they are there for."""
        book = self.stage.book
        while self.case and (due := book.next_timer(self.case)) and due <= at:
            yield due
            book.ring(self.case)
        yield at

    def talk(self, at: datetime, turns: int) -> Life:
        """The first `turns` lines of the topic from `at` on; the agent takes the case before their first."""
        assert self.case is not None
        for who, words in self.topic.lines[:turns]:
            yield from self.until(at)
            if who == talk.CUSTOMER:
                if self.case.platform:
                    self.stage.book.receive(self.case, at, self.fill(words))
            else:
                if self.case.agent_id is None:
                    self.stage.book.take(self.case, at, self.agent)
                    at += timedelta(seconds=self.stage.rng.randint(15, 70))
                    yield from self.until(at)
                self.stage.book.send(self.case, at, self.agent, self.fill(words))
            at += self.stage.minutes(2.2)
        self.at = at


def solved(scene: Scene, at: datetime, *, channel: str, is_reopened: bool, help: str | None = None) -> Life:
    """Told, answered, closed; a few are opened once more. `help` is what became of that which the app offered before."""
    stage, topic = scene.stage, scene.topic
    yield at
    offered: Row | None = None
    if help is not None:
        offered = yield from _offered(scene, at, help)
        at += timedelta(seconds=60)
        yield at
    case = scene.begin(at, channel=channel)
    if offered is not None and help == "ACCEPTED":
        offered["incidence_id"] = case.id
    yield from scene.talk(at + timedelta(seconds=2), len(topic.lines))
    if stage.rng.random() < 0.45:
        yield from scene.until(scene.at)
        stage.book.note(case, scene.at, scene.agent, scene.fill(topic.note))
        scene.at += timedelta(seconds=40)
    is_dropped = stage.rng.random() < 0.12
    if case.platform and not is_dropped:
        yield from scene.until(scene.at)
        stage.book.receive(case, scene.at, scene.fill(topic.thanks))
        scene.at += stage.minutes(1.5)
    yield from scene.until(scene.at)
    yield from _handed_up(scene)
    if percent := _goodwill(case):
        stage.book.give(case, scene.at, scene.agent, percent)
        scene.at += timedelta(seconds=30)
        yield from scene.until(scene.at)
    _close(scene, scene.at, is_dropped)
    if is_reopened and case.platform:
        at = scene.at + stage.minutes(90, 20)
        yield at
        stage.book.receive(case, at, "Sorry, it is not solved. Same thing again.")
        at += stage.minutes(6)
        yield from scene.until(at)
        stage.book.send(case, at, scene.agent, scene.fill("I am sorry, {name}. I have done it for you this time."))
        at += stage.minutes(20)
        yield from scene.until(at)
        _close(scene, at, False)


def _offered(scene: Scene, at: datetime, becomes: str) -> Generator[datetime, None, Row]:
    """The app offers help, and within a minute it is as it `becomes`; the row."""
    prompts, customer, score = scene.stage.prompts, scene.customer, 52 + 7 * (at.minute % 6)
    row = prompts.offer(customer, at, score, at - timedelta(minutes=4))
    if becomes != "OFFERED":
        yield at + timedelta(seconds=5)
        prompts.see(row, customer, at + timedelta(seconds=5))
    if becomes in ("ACCEPTED", "DISMISSED"):
        yield at + timedelta(seconds=30)
        prompts.decide(row, customer, at + timedelta(seconds=30), is_wanted=becomes == "ACCEPTED")
    return row


def _handed_up(scene: Scene) -> Life:
    """Every fourteenth goes to the supervisor, who takes it on, and settles it or hands it back."""
    case, book, rng, supervisor = scene.case, scene.stage.book, scene.stage.rng, scene.stage.supervisor
    assert case is not None
    if case.number % 14 or case.agent_id is None:
        return
    reason, asked, taken, settled = talk.HANDED_UP[case.number // 14 % len(talk.HANDED_UP)]
    book.hand_up(case, scene.at, scene.agent, reason, asked)
    scene.at += timedelta(minutes=rng.randint(1, 11))
    yield from scene.until(scene.at)
    book.acknowledge(case, scene.at, supervisor, taken)
    scene.at += timedelta(minutes=rng.randint(3, 18))
    yield from scene.until(scene.at)
    book.settle(case, scene.at, supervisor, settled, is_returned=case.number % 3 == 0)
    scene.at += timedelta(minutes=rng.randint(1, 4))
    yield from scene.until(scene.at)


def _goodwill(case: Case) -> int:
    """What percent is given in every ninth case: within what is pre-approved, 0 for nothing."""
    if case.number % 9 or not case.order_value:
        return 0
    return int(min(5 + case.number % 6, PRE_APPROVED * 100 // case.order_value))


def _close(scene: Scene, at: datetime, is_dropped: bool) -> None:
    topic, case = scene.topic, scene.case
    assert case is not None
    if case.agent_id is None:
        scene.stage.book.take(case, at, scene.agent)
    won = topic.stage == "PRE_ORDER" and topic.impact == "PLACED"
    outcome = "DROPPED" if is_dropped else "CONVERTED" if won else "RESOLVED"
    impact = ("LOST" if won else None) if is_dropped else topic.impact
    if outcome == "CONVERTED" and not case.reopen_count:
        scene.place_order(at)
    scene.stage.book.close(
        case,
        at,
        scene.agent,
        outcome=outcome,
        root_cause=topic.root_cause,
        resolution_type="no_answer" if is_dropped else topic.resolution_type,
        order_impact=impact,
    )


def waiting(scene: Scene, at: datetime, *, channel: str, lines: int = 1, is_urgent: bool = False) -> Life:
    """New: the customer has written (or asked for a call), and nobody has answered. Urgent: the supervisor said so."""
    yield at
    case = scene.begin(at, channel=channel, friction_score=_browse(scene, at))
    yield from scene.talk(at + timedelta(seconds=2), 1)
    for nudge in ("Hello? Anyone there", "Please reply, it is a bit urgent")[: lines - 1]:
        yield from scene.until(scene.at)
        if case.platform:
            scene.stage.book.receive(case, scene.at, nudge)
        scene.at += scene.stage.minutes(3)
    if is_urgent:
        yield from scene.until(scene.at)
        scene.stage.book.prioritise(case, scene.at, scene.stage.supervisor, 1)
        scene.stage.book.label(case, scene.at, scene.stage.supervisor, "at-risk")
    yield from scene.until(scene.stage.now)


def answered(
    scene: Scene, at: datetime, *, channel: str, turns: int, by: Actor, has_note: bool, asks: int | None = None
) -> Life:
    """Somebody's: after `turns` lines it waits for the customer (even) or for the agent (odd). With `asks` it is handed
    up for that one of `talk.HANDED_UP`: what is policy is on the board, the rest is taken on by the supervisor."""
    scene.agent, stage = by, scene.stage
    yield at
    case = scene.begin(at, channel=channel, friction_score=_browse(scene, at))
    yield from scene.talk(at + timedelta(seconds=2), turns)
    if case.agent_id is None:
        yield from scene.until(scene.at)
        stage.book.assign(case, scene.at, stage.supervisor, by)
    if has_note:
        yield from scene.until(scene.at)
        stage.book.note(case, scene.at, by, scene.fill(scene.topic.note))
        stage.book.label(case, scene.at, by, scene.topic.category.replace("_", "-"))
    if asks is not None:
        reason, asked, taken, _ = talk.HANDED_UP[asks]
        at = max(scene.at, stage.now - timedelta(minutes=11 - asks))
        yield from scene.until(at)
        stage.book.hand_up(case, at, by, reason, asked)
        if reason != "POLICY_EXCEPTION":
            yield from scene.until(at + timedelta(minutes=3))
            stage.book.acknowledge(case, at + timedelta(minutes=3), stage.supervisor, taken)
    yield from scene.until(stage.now)


def snoozed(scene: Scene, at: datetime, *, until: datetime, by: Actor) -> Life:
    """Answered, then put away until somebody calls back."""
    scene.agent = by
    yield at
    case = scene.begin(at)
    yield from scene.talk(at + timedelta(seconds=2), 2)
    yield from scene.until(scene.at)
    scene.stage.book.note(case, scene.at, by, scene.fill("Family decides tonight; look again then."))
    scene.at += timedelta(seconds=30)
    yield from scene.until(scene.at)
    scene.stage.book.snooze(case, scene.at, by, until)
    yield from scene.until(scene.stage.now)


def struggling(scene: Scene, at: datetime, path: str) -> Life:
    """The app noticed that the customer struggles, and opened the case."""
    stage = scene.stage
    yield at
    went, judgement = visits.visit(stage.ledger, scene.customer, path, scene.order, at)
    reasons = visits.offer_help(stage.ledger, scene.customer, went, judgement, scene.order, at)
    id, began = went.prompts[friction.SCORE_CAUSE]["id"], at - timedelta(minutes=3)
    row = stage.prompts.offer(scene.customer, at, judgement.score, began, id)
    case = scene.begin(
        at,
        trigger="SYSTEM_INITIATED",
        summary=f"Struggling on {went.screen}: {reasons[0]['text']}",
        app_screen=went.screen,
        friction_score=judgement.score,
    )
    yield from scene.until(at + timedelta(seconds=5))
    stage.prompts.see(row, scene.customer, at + timedelta(seconds=5), case.id)
    yield from scene.until(stage.now)


def _browse(scene: Scene, at: datetime) -> int | None:
    """What the customer did in the app before writing; the friction score, if there was any."""
    path = "paying" if scene.topic.screen == "payment" else "calm"
    _, judgement = visits.visit(scene.stage.ledger, scene.customer, path, scene.order, at)
    return judgement.score or None
