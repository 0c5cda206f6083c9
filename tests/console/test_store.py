"""The mirror: one upsert per frame, counts that are right, and cheap at 10,000 incidences."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.store import RESET, Gap, Store, Update
from console.views import VIEWS, Moment, membership, queue_order

ME, NOW, SOON = "m-1", "2026-03-02T09:00:00.000000Z", "2026-03-02T09:05:00.000000Z"


def incidence(id: str, version: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "incidenceId": id,
        "ref": f"INC-{id}",
        "version": version,
        "status": "OPEN",
        "priority": 3,
        "agentId": None,
        "agentName": None,
        "customer": {"id": "c-1", "userId": "u-1", "name": "Meera", "tier": "GOLD", "language": "en"},
        "slaRiskAt": None,
        "frictionScore": None,
        "waitingSince": None,
        "createdAt": NOW,
    } | changes


def frame(
    seq: int, state: dict[str, Any] | None, kind: str = "incidence", type: str = "incidence.changed"
) -> dict[str, Any]:
    id = (state or {}).get("incidenceId") or (state or {}).get("id") or "gone"
    incidence_id = id if kind == "incidence" else None
    subject = {"type": kind, "id": id}
    return {"kind": "event", "seq": seq, "type": type, "subject": subject, "incidenceId": incidence_id, "state": state}


def loaded(*rows: dict[str, Any], seq: int = 0) -> Store:
    store = Store(ME)
    store.at(SOON)
    store.install({"incidence": {row["incidenceId"]: row for row in rows}}, seq)
    return store


def test_frames_are_taken_once_and_in_order() -> None:
    store = loaded(incidence("1"))
    assert store.apply(frame(1, incidence("1", 2, priority=1)))
    assert not store.apply(frame(1, incidence("1", 3, priority=4))), "seen before"
    assert store.incidences["1"]["priority"] == 1
    with pytest.raises(Gap):
        store.apply(frame(3, incidence("1", 3)))
    assert store.seq == 1


def test_a_replayed_older_state_does_not_undo_a_newer_page() -> None:
    store = loaded(incidence("1", 5, status="CLOSED"))
    store.apply(frame(1, incidence("1", 4)))
    assert store.incidences["1"]["status"] == "CLOSED"
    assert store.seq == 1


def test_withheld_and_unknown_frames_move_the_cursor() -> None:
    store = loaded()
    store.apply({"kind": "event", "seq": 1, "type": "withheld", "subject": None, "state": None})
    store.apply(frame(2, {"id": "x"}, "signin", "signin.started"))
    assert store.seq == 2
    assert all(not table for table in store.tables.values())


def test_names_inside_incidences_follow() -> None:
    store = loaded(incidence("1", agentId="m-2", agentName="Ravi"))
    told: list[Update] = []
    store.listen("incidence", told.append)
    shown = store.incidences["1"]
    store.apply(frame(1, {"id": "m-2", "name": "Ravi Kumar", "version": 1}, "member", "member.changed"))
    store.apply(frame(2, {"id": "c-1", "name": "", "tier": "SILVER", "version": 2}, "customer", "customer.erased"))
    assert store.incidences["1"]["agentName"] == "Ravi Kumar"
    assert store.incidences["1"]["customer"] == shown["customer"] | {"name": "", "tier": "SILVER"}
    assert shown["agentName"] == "Ravi", "a row that a screen holds stays as it was"
    assert [update.id for update in told] == ["1", "1"]


def test_the_risk_of_a_customer_is_in_all_their_cases_and_an_older_one_in_an_event_does_not_undo_it() -> None:
    store = loaded(incidence("1", churnScore=20), incidence("2", customer={**incidence("2")["customer"], "id": "c-2"}))
    assert store.counts["high_churn"] == 0
    store.apply(frame(1, {"id": "c-1", "score": 95}, "risk", "risk.moved"))
    assert store.incidences["1"]["churnScore"] == 95
    assert "churnScore" not in store.incidences["2"]
    assert store.counts["high_churn"] == 1
    store.apply(frame(2, incidence("1", 2, churnScore=20, priority=1)))
    assert (store.incidences["1"]["priority"], store.incidences["1"]["churnScore"]) == (1, 95)


def test_an_erased_customer_has_no_risk_any_more() -> None:
    other = incidence("2", customer={"id": "c-2", "userId": "u", "name": "Arjun", "tier": "GOLD", "language": "en"})
    store = loaded(incidence("1"), other | {"churnScore": 40})
    store.apply(frame(1, {"id": "c-1", "score": 95}, "risk", "risk.changed"))
    assert store.incidences["1"]["churnScore"] == 95
    gone = frame(2, None, "customer", "customer.erased")
    store.apply(gone | {"subject": {"type": "customer", "id": "c-1"}})
    assert [store.incidences[id]["churnScore"] for id in ("1", "2")] == [None, 40]
    store.apply(frame(3, incidence("1", 2, churnScore=95)))
    assert store.incidences["1"]["churnScore"] is None, "nor by an event that was made before"


def test_a_removed_member_goes() -> None:
    store = loaded()
    store.apply(frame(1, {"id": "m-2", "name": "Ravi"}, "member", "member.added"))
    gone = frame(2, None, "member", "member.removed")
    gone["subject"]["id"] = "m-2"
    store.apply(gone)
    assert store.members == {}


def test_pausing_stops_telling_not_knowing() -> None:
    store = loaded(incidence("1"))
    told: list[str] = []
    store.listen("incidence", lambda update: told.append(update.id))
    store.listen(RESET, lambda update: told.append(RESET))
    store.pause()
    store.apply(frame(1, incidence("1", 2, status="CLOSED")))
    assert (told, store.held, store.counts["closed"]) == ([], 1, 1)
    store.resume()
    assert (told, store.held) == ([RESET], 0)


def test_listening_can_be_ended() -> None:
    store = loaded(incidence("1"))
    told: list[str] = []
    stop = store.listen("timeline:1", lambda update: told.append(update.kind))
    store.apply(frame(1, incidence("1", 2)))
    stop()
    store.apply(frame(2, incidence("1", 3)))
    assert told == ["timeline:1"]


rows = st.builds(
    incidence,
    st.sampled_from([str(n) for n in range(6)]),
    st.integers(1, 5),
    status=st.sampled_from(["OPEN", "WAITING", "SNOOZED", "CLOSED"]),
    agentId=st.sampled_from([None, ME, "m-2"]),
    frictionScore=st.sampled_from([None, 50, 51, 99]),
    slaRiskAt=st.sampled_from([None, NOW, SOON, "2026-03-02T10:00:00.000000Z"]),
    priority=st.integers(1, 4),
    waitingSince=st.sampled_from([None, NOW]),
)


@settings(max_examples=200)
@given(st.lists(rows, max_size=20), st.integers(0, 19))
def test_counts_are_what_the_views_hold(states: list[dict[str, Any]], half: int) -> None:
    store = loaded()
    for seq, state in enumerate(states, 1):
        store.apply(frame(seq, state))
        if seq == half:
            store.at(NOW)
    moment = Moment(ME, NOW if 0 < half <= len(states) else SOON)
    for place, view in enumerate(VIEWS):
        held = [row for row in store.incidences.values() if membership(row, moment) >> place & 1]
        assert store.counts[view.key] == len(held) == len(store.in_view(view.key))
        assert all(store.is_in_view(row["incidenceId"], view.key) for row in held)


def test_the_queue_puts_those_first_who_wait_longest() -> None:
    late = incidence("1", waitingSince="2026-03-02T08:00:00.000000Z")
    later = incidence("2", waitingSince=NOW)
    ours = incidence("3")
    urgent = incidence("4", priority=1)
    assert [row["incidenceId"] for row in sorted([ours, later, urgent, late], key=queue_order)] == ["4", "1", "2", "3"]
