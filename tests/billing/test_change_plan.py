"""What is sent for each change, one call after the other, and what must stand afterwards. Pure."""

from typing import Any

import pytest

from backend.billing.change_plan import Asked, Call, next_call, wanted_of
from backend.billing.standing import in_words, standing_of, unlike

START, END = 1_772_442_000, 1_775_120_400
WHEN = "2026-06-01T09:00:00.000000Z"
UNIX = 1_780_304_400


def shown(**more: Any) -> dict[str, Any]:
    price = {"id": "price_pro"}
    item = {"id": "si_1", "price": price, "quantity": 2, "current_period_start": START, "current_period_end": END}
    body = {"id": "sub_1", "status": "active", "items": {"data": [item]}, "discounts": [], "schedule": None}
    return body | {"cancel_at_period_end": False, "cancel_at": None, "pause_collection": None} | more


def schedule(id: str = "sub_sched_2", **more: Any) -> dict[str, Any]:
    items = [{"price": "price_pro", "quantity": 2}]
    phase = {"start_date": START, "end_date": END, "items": items, "discounts": [{"discount": "di_1"}]}
    running = {"start_date": START, "end_date": END}
    return {"id": id, "phases": [phase], "current_phase": running, "end_behavior": "release"} | more


def asked(kind: str, **params: Any) -> Asked:
    return Asked("0198-77", kind, params, "sub_1", "k", redeem_by=UNIX)


def steps(what: Asked, *looks: dict[str, Any]) -> list[Call]:
    """The calls, when Stripe shows these one after the other."""
    before, done, calls = standing_of(looks[0]), list[str](), list[Call]()
    for look in looks:
        call = next_call(what, before, look, standing_of(look), done)
        if call is not None:
            calls.append(call)
            done.append(call.step)
    return calls


def test_a_pause_is_one_call_that_voids_until_an_instant() -> None:
    (call,) = steps(asked("PAUSE", resumesAt=WHEN), shown())
    assert (call.verb, call.id) == ("update_subscription", "sub_1")
    assert call.params == {"pause_collection": {"behavior": "void", "resumes_at": UNIX}}
    before = standing_of(shown())
    wanted = wanted_of(asked("PAUSE", resumesAt=WHEN), before)
    assert unlike(wanted, before) == ["pausedBehavior", "resumesAt"]
    assert unlike(wanted, standing_of(shown(pause_collection={"behavior": "void", "resumes_at": UNIX}))) == []
    other = standing_of(shown(pause_collection={"behavior": "keep_as_draft", "resumes_at": UNIX}))
    assert in_words(unlike(wanted, other), wanted, other) == "pausedBehavior is keep_as_draft instead of void"


def test_a_discount_keeps_those_that_are_there() -> None:
    old = {"id": "di_1", "source": {"coupon": {"id": "old", "percent_off": 10.0}}, "end": None}
    what = asked("DISCOUNT", percent=25, months=3)
    coupon, apply = steps(what, shown(discounts=[old]), shown(discounts=[old]))
    assert coupon.params["id"] == "holdfast_019877"
    assert coupon.params | {"metadata": 0, "name": 0} == {
        "id": "holdfast_019877",
        "name": 0,
        "percent_off": 25,
        "duration": "repeating",
        "duration_in_months": 3,
        "max_redemptions": 1,
        "redeem_by": UNIX,
        "metadata": 0,
    }
    assert apply.params == {"discounts": [{"discount": "di_1"}, {"coupon": "holdfast_019877"}]}
    wanted = wanted_of(what, standing_of(shown(discounts=[old])))
    new = {"id": "di_2", "source": {"coupon": "holdfast_019877"}, "end": UNIX}
    assert unlike(wanted, standing_of(shown(discounts=[new, old]))) == []
    assert unlike(wanted, standing_of(shown(discounts=[new]))) == ["coupons"]


def test_a_downgrade_later_makes_a_schedule_of_two_phases() -> None:
    what = asked("DOWNGRADE", when="period_end", stripePriceId="price_basic", interval="month", intervalCount=1)
    made = shown(schedule=schedule())
    create, update = steps(what, shown(), made)
    assert (create.verb, create.params) == ("create_schedule", {"from_subscription": "sub_1"})
    assert (update.verb, update.id) == ("update_schedule", "sub_sched_2")
    first, second = update.params["phases"]
    assert (first["start_date"], first["end_date"]) == (START, END)
    assert first["items"] == [{"price": "price_pro", "quantity": 2}]
    assert second["items"] == [{"price": "price_basic", "quantity": 2}]
    assert first["discounts"] == second["discounts"] == [{"discount": "di_1"}]
    assert (second["proration_behavior"], update.params["end_behavior"]) == ("none", "release")
    then = {"start_date": END, "end_date": END + 100, "items": [{"price": "price_basic", "quantity": 2}]}
    whole = schedule(phases=[schedule()["phases"][0], then])
    wanted = wanted_of(what, standing_of(shown()))
    assert unlike(wanted, standing_of(shown(schedule=whole))) == []
    assert unlike(wanted, standing_of(made)) == ["scheduled"]


def test_a_schedule_of_before_is_released_and_one_of_somebody_else_is_left() -> None:
    what = asked("DOWNGRADE", when="period_end", stripePriceId="price_basic", interval="month", intervalCount=1)
    old = shown(schedule=schedule("sub_sched_1"))
    calls = steps(what, old, shown(), shown(schedule=schedule()))
    assert [(call.verb, call.id) for call in calls] == [
        ("release_schedule", "sub_sched_1"),
        ("create_schedule", None),
        ("update_schedule", "sub_sched_2"),
    ]
    foreign = schedule("sub_sched_3", phases=[schedule()["phases"][0]] * 2)
    assert (
        next_call(what, standing_of(shown()), shown(schedule=foreign), standing_of(shown(schedule=foreign)), []) is None
    )


@pytest.mark.parametrize("kind", ["CANCEL", "KEEP"])
def test_what_a_schedule_forbids_is_done_after_its_release(kind: str) -> None:
    params = {"when": "period_end", "feedback": "unused", "comment": "bye"} if kind == "CANCEL" else {}
    old = shown(schedule=schedule("sub_sched_1"))
    calls = steps(asked(kind, **params), old, shown(cancel_at=END))
    assert [call.step for call in calls] == ["release", kind.lower()]
    if kind == "CANCEL":
        details = {"feedback": "unused", "comment": "bye"}
        assert calls[1].params == {"cancel_at_period_end": True, "cancellation_details": details}
    else:
        assert calls[1].params == {"cancel_at": ""}


def test_flexible_billing_shows_the_end_as_an_instant() -> None:
    ends = standing_of(shown(cancel_at=END, cancellation_details={"feedback": "other"}))
    assert ends["cancelAtPeriodEnd"] is True
    assert unlike(wanted_of(asked("CANCEL", when="period_end", feedback="other"), standing_of(shown())), ends) == []
    assert standing_of(shown(cancel_at=END - 1))["cancelAtPeriodEnd"] is False
