"""Labels, watching and mentions: what they do, who hears of it, what is refused, and many at once."""

import asyncio
from typing import Any

import pytest

from backend.client import ApiError, Client
from backend.client.query import label_of
from backend.identity.schemas import MemberAdd
from backend.incidences import watching
from backend.incidences.schemas import IncidenceChange, IncidenceRead, LabelsChange, NoteAdd
from tests.support.backend import PASSWORD, Backend, business_of
from tests.support.incidences import open_case

pytestmark = pytest.mark.alike


def labels(*add: str, remove: tuple[str, ...] = (), version: int | None = None) -> LabelsChange:
    return LabelsChange(add=list(add), remove=list(remove), version=version)


async def last(client: Client, case: IncidenceRead) -> tuple[str, dict[str, Any]]:
    entry = (await client.incidences.timeline(case.incidence_id)).items[-1]
    return entry.type.removeprefix("incidence."), entry.data or {}


async def listed(client: Client, q: str) -> list[str]:
    return sorted(case.ref for case in (await client.incidences.list(q=q)).items)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("VIP", "vip"),
        ("#vip", "vip"),
        ("  Needs a refund! ", "needs-a-refund"),
        ("Größe/XL", "grösse/xl"),
        ("a" * 32, "a" * 32),
        ("a_b", "a_b"),
        ("a" * 33, None),
        ("42", None),
        ("#1042", None),
        ("INC-7", None),
        ("\x1b[31m", "31m"),
        ('"', None),
        ("\u202eevil\\", "evil"),
    ],
)
def test_labels_are_normalised(text: str, label: str | None) -> None:
    if label is None:
        with pytest.raises(ValueError, match="label"):
            label_of(text)
    else:
        assert label_of(text) == label
        assert label_of(label) == label


async def test_labels_are_put_on_taken_off_counted_and_found(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    one, two, three = [await open_case(key, f"u-{number}") for number in range(3)]
    changed = await agent.incidences.label(one.incidence_id, labels("VIP", "refund", "50%_off x"))
    assert changed.labels == ["50-_off-x", "refund", "vip"]
    assert await last(agent, one) == ("labels_changed", {"added": changed.labels, "removed": []})
    again = await agent.incidences.label(one.incidence_id, labels("vip", remove=("never",)))
    assert again.version == changed.version, "what changes nothing is no event"
    await agent.incidences.label(two.ref, labels("vip"))
    await agent.incidences.label(three.ref, labels("vipassana", "50-xoff-x"))
    assert await listed(agent, "#vip") == await listed(agent, "label:VIP") == [one.ref, two.ref]
    assert await listed(agent, "-#vip") == [three.ref]
    assert await listed(agent, "#50-_off-x") == [one.ref], "no letter of a label is a wildcard"
    assert await listed(agent, f"#{one.ref}") == [one.ref]
    found = {one.label: one.count for one in (await agent.incidences.labels()).items}
    assert found == {"vip": 2, "refund": 1, "50-_off-x": 1, "vipassana": 1, "50-xoff-x": 1}
    assert (await agent.incidences.labels()).items[0].label == "vip", "the most used first"
    await agent.incidences.change(two.incidence_id, IncidenceChange(version=2, outcome="RESOLVED", labels=["b", "a"]))
    closed = await agent.incidences.label(two.incidence_id, labels("late", remove=("b",), version=3))
    assert closed.labels == ["a", "late"]
    assert (await agent.incidences.labels()).items[0].count == 1, "closed cases are not counted"


async def test_labels_that_cannot_be(backend: Backend) -> None:
    agent, case = await backend.member("agent"), await open_case(await backend.key())
    await agent.incidences.label(case.incidence_id, labels(*(f"l{number}x" for number in range(30))))
    for body, status, code in (
        ({}, 400, "VALIDATION_ERROR"),
        ({"add": ["42"]}, 400, "VALIDATION_ERROR"),
        ({"add": ["one more"]}, 422, "TOO_MANY_LABELS"),
        ({"add": ["x"], "version": 1}, 409, "STALE_VERSION"),
    ):
        path = f"/incidences/{case.incidence_id}/labels"
        answer = await agent.transport._http.post(path, json=body, headers=agent.transport.headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert (await agent.incidences.show(case.incidence_id)).version == 2


async def test_many_label_one_case_at_once(backend: Backend) -> None:
    agents = [await backend.member("agent") for _ in range(6)]
    case = await open_case(await backend.key())
    names = [f"{letter}-label" for letter in "abcdef"]
    told = zip(agents, names, strict=True)
    await asyncio.gather(*(one.incidences.label(case.incidence_id, labels(name)) for one, name in told))
    await asyncio.gather(*(one.incidences.watch(case.incidence_id) for one in agents))
    now = await agents[0].incidences.show(case.incidence_id)
    assert now.labels == names
    assert len(now.watcher_ids) == 6
    assert now.version == 13


async def test_watching(backend: Backend) -> None:
    agent, other, case = (
        await backend.member("agent"),
        await backend.member("agent"),
        await open_case(await backend.key()),
    )
    me = (await agent.identity.me()).member_id
    watched = await agent.incidences.watch(case.incidence_id)
    assert watched.watcher_ids == [me]
    assert await last(agent, case) == ("watchers_changed", {"added": [me], "removed": []})
    assert (await agent.incidences.watch(case.incidence_id)).version == watched.version
    assert await listed(agent, "watching") == await listed(agent, "watcher:me") == [case.ref]
    assert await listed(other, "watching") == await listed(agent, "watcher:none") == []
    assert (await agent.agent.dashboard(case.incidence_id)).incidence.watcher_ids == [me]
    units = await backend.units()
    assert await units.read(watching.watchers_of, case.incidence_id) == [me]
    owner = await backend.owner()
    await owner.businesses.remove_member(await business_of(owner), me)
    assert await units.read(watching.watchers_of, case.incidence_id) == [], "who has gone is not told"
    assert (await other.incidences.unwatch(case.incidence_id)).version == watched.version
    with pytest.raises(ApiError) as refused:
        await (await backend.key()).incidences.watch(case.incidence_id)
    assert refused.value.status == 403


async def test_unwatching(backend: Backend) -> None:
    agent, case = await backend.member("agent"), await open_case(await backend.key())
    me = (await agent.identity.me()).member_id
    await agent.incidences.watch(case.incidence_id)
    assert (await agent.incidences.unwatch(case.incidence_id)).watcher_ids == []
    assert await last(agent, case) == ("watchers_changed", {"added": [], "removed": [me]})


async def test_mentions_are_resolved_when_the_note_is_written(backend: Backend) -> None:
    owner, agent = await backend.owner(), await backend.member("agent")
    business = await business_of(owner)
    ids = {}
    for email, name in (
        ("asha.iyer@feast.co", "Asha Iyer"),
        ("ravi@feast.co", "Ravi Kumar"),
        ("ravi@other.co", "Ravi Shah"),
        ("gone@feast.co", "Gone Girl"),
    ):
        body = MemberAdd(email=email, name=name, role="agent", password=PASSWORD)
        added = await owner.businesses.add_member(business, body)
        ids[name] = added.id
    await owner.businesses.remove_member(business, ids["Gone Girl"])
    case = await open_case(await backend.key())

    async def noted(text: str) -> tuple[list[str], list[str]]:
        posted = await agent.agent.note(case.incidence_id, NoteAdd(text=text))
        kind, data = await last(agent, case)
        assert (kind, data["text"]) == ("note_added", text)
        return data.get("mentions", []), posted.unknown_mentions

    assert await noted("no names, mail to a.b@feast.co or @ home") == ([], [])
    assert (await agent.incidences.show(case.incidence_id)).watcher_ids == []
    assert await noted("@Asha.Iyer, and @ravikumar. (@AshaIyer)") == ([ids["Asha Iyer"], ids["Ravi Kumar"]], [])
    assert (await agent.incidences.show(case.incidence_id)).watcher_ids == [ids["Asha Iyer"], ids["Ravi Kumar"]]
    assert await noted("@ravi @gone @nobody @ravishah") == ([ids["Ravi Shah"]], ["ravi", "gone", "nobody"])
    assert len((await agent.incidences.show(case.incidence_id)).watcher_ids) == 3
