"""The floor in words: loads at the edges, countdowns to the second, columns that give way, what one says of oneself."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backend.core.clock import instant
from console.desk.until import Unclear
from console.floor import attendance, claims, words
from console.idle import Idle
from console.incidences import happenings

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
Spans = list[tuple[str, str]]


def text(spans: Spans) -> str:
    return "".join(part for part, _ in spans)


def member(name: str = "Ben", **fields: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"id": name.lower(), "name": name, "email": f"{name}@feast.co", "languages": ["en"]}
    told |= {"availabilitySince": instant(NOW - timedelta(minutes=5))}
    return told | {"availability": "ONLINE", "awayReason": None, "backAt": None} | fields


def one(name: str = "Ben", load: int = 0, capacity: int = 12, **fields: Any) -> dict[str, Any]:
    counted = {"load": load, "capacity": capacity, "waiting": 0, "oldestWaitingSince": None, "closedLastHour": 0}
    return counted | {"member": member(name, **fields)}


@pytest.mark.parametrize(
    ("has", "can", "says"),
    [
        (0, 12, "░░░░░░ 0/12"),
        (6, 12, "███░░░ 6/12"),
        (11, 12, "██████ 11/12"),
        (12, 12, "██████ 12/12 full"),
        (13, 12, "██████ 13/12 over"),
        (0, 0, "██████ 0/0"),
        (1, 0, "██████ 1/0 over"),
    ],
)
def test_loads(has: int, can: int, says: str) -> None:
    assert text(words.load({"load": has, "capacity": can})) == says


@pytest.mark.parametrize(
    ("seconds", "says"),
    [
        (7_500, "2h05"),
        (3_600, "1h00"),
        (3_599, "59:59"),
        (301, "5:01"),
        (300, "5:00 ·"),
        (0, "0:00 ·"),
        (-1, "0:01 late !"),
        (-3_700, "1h01 late !"),
    ],
)
def test_countdowns(seconds: int, says: str) -> None:
    assert text(words.countdown(instant(NOW + timedelta(seconds=seconds)), NOW)) == says


def test_those_who_are_there_come_first_and_columns_give_way() -> None:
    away = one("Devi", 2, 2, availability="AWAY", awayReason="lunch", backAt=instant(NOW + timedelta(minutes=30)))
    people = [one("Asha", availability="OFFLINE"), away, one("Ben", 3)]
    wide = [text(line) for line in words.staff(people, NOW, 120)]
    assert [line.split()[0] for line in wide] == ["Who", "Ben", "Devi", "Asha"]
    assert "◐ away (lunch) until 09:30 5m" in wide[2]
    assert wide[2].rstrip().endswith("en")
    narrow = [text(line) for line in words.staff(people, NOW, 40)]
    assert all(len(line) <= 40 for line in narrow)
    assert "2/2 full" in narrow[2]


def test_names_from_outside_are_cleaned() -> None:
    line = text(words.staff([one("\x1b[31mRed\u202e")], NOW, 100)[1])
    assert "\x1b" not in line
    assert "\u202e" not in line


def test_the_first_line_says_whether_work_may_come() -> None:
    assert text(words.mark(None, NOW)) == ""
    assert text(words.mark(member(availability="OFFLINE"), NOW)) == ""
    assert text(words.mark(member(), NOW)) == " ● available"
    assert text(words.mark(member(availability="AWAY", awayReason="lunch"), NOW)) == " ◐ away (lunch)"


@pytest.mark.parametrize(
    ("said", "body"),
    [
        ("ONLINE", {"availability": "ONLINE"}),
        ("back", {"availability": "ONLINE"}),
        ("away", {"availability": "AWAY"}),
        ("AWAY end of shift", {"availability": "AWAY", "reason": "end of shift"}),
        ("lunch", {"availability": "AWAY", "reason": "lunch"}),
        ("away lunch back 45m", {"availability": "AWAY", "reason": "lunch", "backAt": NOW + timedelta(minutes=45)}),
        ("until 10:30", {"availability": "AWAY", "backAt": NOW + timedelta(minutes=90)}),
    ],
)
def test_what_one_says_of_oneself(said: str, body: dict[str, Any]) -> None:
    assert attendance.read(said, NOW) == body


def test_a_time_that_is_none_is_refused() -> None:
    with pytest.raises(Unclear):
        attendance.read("away lunch back someday", NOW)


def test_whom_to_give_it_to() -> None:
    floor = {
        "refusesUnavailable": False,
        "members": [one("Asha", availability="OFFLINE"), one("Ben", 5), one("Devi", 2, 2), one("Cara", 1)],
    }
    row = {"customer": {"language": "en"}}
    found = claims.options(floor, row, "asha", NOW)
    assert [option.label for option in found] == ["Asha (me)", "Cara", "Ben", "Devi", "Nobody"]
    assert found[3].detail == "2/2 full · speaks en · ● online"
    assert not any(option.refusal for option in found)
    strict = claims.options(floor | {"refusesUnavailable": True}, row, "asha", NOW)
    assert [bool(option.refusal) for option in strict] == [True, False, False, True, False]


@pytest.mark.parametrize(
    ("kind", "data", "says"),
    [
        ("incidence.offered_again", {"reason": "Ben is away"}, "offered it to everybody again: Ben is away"),
        ("incidence.taken", {"overCapacity": {"load": 3, "capacity": 2}}, "took it · past capacity, 3 of 2"),
        (
            "incidence.assigned",
            {"changes": {"agent_id": [None, "m"]}, "reason": "fair routing"},
            "gave it to Ben (fair routing)",
        ),
        ("notification.offered", {"text": "Need help?", "why": "idle"}, "offered help in the app: “Need help?”"),
        ("notification.seen", {"text": "Need help?"}, "tells that the customer saw the offer: “Need help?”"),
        ("notification.dismissed", {"text": "Need help?"}, "tells that the customer dismissed the offer: “Need help?”"),
        ("notification.accepted", {}, "tells that the customer accepted the offer: “”"),
        (
            "incidence.help_wanted",
            {"prompt": "Need help?", "cause": "payment_retries"},
            "noted that the customer accepted help: “Need help?”",
        ),
    ],
)
def test_the_timeline_tells_of_it(kind: str, data: dict[str, Any], says: str) -> None:
    assert happenings.told(kind, data, lambda _: "Ben", NOW) == says


def test_a_wall_is_never_idle() -> None:
    now = [0.0]
    desk, wall = Idle(lambda: now[0]), Idle(lambda: now[0], is_watched=True)
    now[0] = 3_600.0
    assert (desk.is_over(15), wall.is_over(15)) == (True, False)
