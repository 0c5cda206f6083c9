"""Another business's ids, real ones of every kind, on every path by every role and key: each answers as the table says, and
nothing of that business is told, changed or heard.
"""

from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from backend.client import ApiError, Client
from backend.copilot.schemas import ChatAsked
from backend.identity.permissions import ROLES, SCOPES
from backend.identity.schemas import KeyCreate
from backend.integrations.schemas import IntegrationAdd
from backend.interventions.schemas import InterventionCreate
from backend.signals.schemas import SignalPost
from tests.contract.asking import NOWHERE, Asking, askings, wrong_envelope
from tests.contract.elsewhere import MARKER, ORDER, USER, Elsewhere
from tests.support.backend import Backend, business_of
from tests.support.incidences import open_case
from tests.support.socket import Socket

pytestmark = pytest.mark.alike

OF_ALL = {
    "kind": "each business has its own rules of every kind",
    "version": "and its own versions of them",
    "metric": "metrics are the same for all",
    "target": "so is what the models predict",
    "name": "and so are the copilot's tools",
    "user_id": "a business's app names its customers as it likes: the same text is another customer in each",
    "order_id": "the same with orders",
    "token": "it is mailed to one customer, and is the permission itself",
}
"""Parameters by which nothing of another business can be named, and why."""


class Walk:
    """Asks for everything that is elsewhere, as somebody of another business."""

    def __init__(self, backend: Backend, elsewhere: Elsewhere) -> None:
        self.backend, self.elsewhere = backend, elsewhere
        self.document = backend.app.openapi()
        self.secrets = {MARKER, *elsewhere.ids.values()} - {USER, ORDER}

    async def through(self, client: Client, *, role: str = "", scope: str = "") -> list[Any]:
        """Every path, with ids from elsewhere alone: what is wrong with the answers."""
        wrong = []
        for one in self._asked({}):
            may = role in one.access.roles or (scope != "" and one.access.scope == scope)
            status, answer = await self._tried(client, one)
            if one.access.is_open:  # what it needs is in the request itself
                fits = status < 500 or one.path.startswith("/webhooks/")
            elif not may:
                fits = status == 403
            elif one.named - OF_ALL.keys():
                fits = status == 404
            else:
                fits = status not in (401, 403) and status < 500
            if not fits or answer:
                wrong.append((role or scope, one.method, one.path, status, answer))
        return wrong

    async def beside(self, client: Client, own: dict[str, str]) -> list[Any]:
        """What can be named beside something of one's own: what is wrong with the answers, and how many there were."""
        wrong, count = [], 0
        for one in self._asked(own):
            foreign = {id for name, id in self.elsewhere.ids.items() if name not in OF_ALL and id in one.said}
            if not one.named & own.keys() or not foreign:
                continue
            count += 1
            status, answer = await self._tried(client, one)
            if status not in (404, 422) or answer:
                wrong.append((one.method, one.path, one.body, status, answer))
        return [*wrong, count]

    async def by_copilot(self, client: Client) -> list[Any]:
        """What its tools and answers tell that is not theirs to know, asked with ids and without."""
        ids, answers = self.elsewhere.ids, []
        given = {"incidence": ids["incidence_id"], "customer": ids["customer_id"], "playbook": ids["playbook_id"]}
        for tool in (await client.copilot.tools()).items:
            names = {*tool.schema_.get("required", ()), *(given.keys() & tool.schema_.get("properties", {}).keys())}
            asked = {name: given.get(name, "what") for name in names}
            try:
                answer = (await client.copilot.call_tool(tool.name, asked)).model_dump_json()
            except ApiError as refused:
                answer = f"{refused.status} {refused.message}"
            answers.append((f"{tool.name} {asked}", answer))
            assert answer.startswith("404") or not given.keys() & names, (tool.name, answer)
        for question in ("Which cases are open?", "Which playbooks are there?", "Who is likely to leave?"):
            parts = [part async for part in client.copilot.chat(ChatAsked(message=question))]
            answers.append((question, str(parts)))
        return [one for one in answers for secret in self.secrets if secret in one[1] and secret not in one[0]]

    def _asked(self, own: dict[str, str]) -> Iterator[Asking]:
        ids = self.elsewhere.ids
        return askings(self.document, {name: NOWHERE[name] for name in OF_ALL} | ids | own, ids)

    async def _tried(self, client: Client, one: Asking) -> tuple[int, str]:
        """The status, and the answer if it tells what is not theirs to know or is no answer of ours."""
        answer = await one.send(self.backend, client)
        told = [secret for secret in self.secrets if secret in answer.text and secret not in one.said]
        return answer.status_code, f"{told} in {answer.text}" if told else wrong_envelope(one.method, answer)


async def own_things(owner: Client) -> dict[str, str]:
    """Ids of what a business has itself, by the names that paths have for them."""
    case = await open_case(owner, USER, orderId=ORDER)
    hook = IntegrationAdd(platform="webhook", name="own", base_url="https://127.0.0.1:9")
    act = InterventionCreate.model_validate({"customerId": USER, "type": "call", "description": "own"})
    talk = [part async for part in owner.copilot.chat(ChatAsked(message="Which cases are open?"))]
    return {
        "business_id": await business_of(owner),
        "incidence_id": case.incidence_id,
        "integration_id": (await owner.integrations.add(hook)).id,
        "intervention_id": (await owner.interventions.create(act)).id,
        "conversation_id": talk[0]["conversationId"],
    }


async def heard(line: Socket, until: str) -> list[dict[str, Any]]:
    """The frames up to the one that says so."""
    frames = [await line.next()]
    while until not in str(frames[-1]):
        frames.append(await line.next())
    return frames


async def test_of_another_business_nothing_is_told_changed_or_heard(backend: Backend) -> None:
    await backend.owner()
    stranger = await backend.another_owner()
    members = {role: await backend.member(role, of=stranger) for role in ROLES}
    own, app = await own_things(stranger), await backend.key(of=stranger)
    async with AsyncExitStack() as stack:

        async def listen(path: str, client: Client) -> Socket:
            by = {"token": client.transport.access_token, "key": client.transport.api_key}
            return await stack.enter_async_context(Socket(backend.app, path, **by))

        lines = [await listen("/live", client) for client in members.values()]
        lines.append(await listen(f"/notifications/{USER}/live", app))
        elsewhere = await Elsewhere.build(backend)
        walk = Walk(backend, elsewhere)
        await nothing_is_heard(walk, stranger, app, lines)
        await nothing_is_seen_of_who_is_where(walk, stranger, lines[0], await listen("/live", elsewhere.owner))
        head = (await (await listen("/live", elsewhere.owner)).next("hello"))["head"]
        ahead = await listen(f"/live?after={head}", members["owner"])
        told = [await ahead.next("hello"), await ahead.next("resync")]
        assert {frame["head"] for frame in told} < {*range(head)}, "a place in another history is none in one's own"
    assert NOWHERE.keys() == elsewhere.ids.keys() | OF_ALL.keys(), "each kind of id is real, or it is said why not"
    before = await elsewhere.rows()
    path = f"/notifications/{elsewhere.ids['customer_id']}/live"
    async with Socket(backend.app, path, key=app.transport.api_key) as line:
        assert line.status == 404
    assert await walk.beside(stranger, own) == [12]
    for role, client in members.items():
        assert await walk.by_copilot(client) == []
        assert await walk.through(client, role=role) == []
    for scope in SCOPES:
        assert await walk.through(await backend.key(scope, of=stranger), scope=scope) == []
    after = await elsewhere.rows()
    assert {name for name in before if after[name] != before[name]} == set()
    assert (await elsewhere.owner.audit.verify())["isWhole"]


async def nothing_is_heard(walk: Walk, stranger: Client, app: Client, lines: list[Socket]) -> None:
    """All of what happened elsewhere was told by now to whom it concerns: on these lines comes what is their own, at once."""
    key = await stranger.keys.create(KeyCreate(name="own"))
    for _ in range(4):
        told = await app.context.signal(USER, SignalPost(signal_type="platter_view"))
    assert told.prompt is not None
    (seq,) = {entry["seq"] for entry in (await stranger.audit.list(type="key.created"))["items"][:1]}
    for line in lines:
        frames = await heard(line, told.prompt.id if line is lines[-1] else f"'seq': {seq},")
        assert not [(secret, one) for one in frames for secret in walk.secrets if secret in str(one)]
        may_know = [one for one in frames if key.id in str(one)]
        assert bool(may_know) == (line in lines[2:4]), "keys are for admins"


async def nothing_is_seen_of_who_is_where(walk: Walk, stranger: Client, here: Socket, there: Socket) -> None:
    """Who looks at a case is told to their own business, wherever they say that they are."""
    place = {"kind": "presence", "incidenceId": walk.elsewhere.ids["incidence_id"], "doing": "viewing"}
    of = {here: stranger, there: walk.elsewhere.owner}
    for line in of:
        line.say(place)
    for line, client in of.items():
        seen = (await line.next("presence"))["members"]
        known = {one.id for one in (await client.businesses.members(await business_of(client))).items}
        assert {one["id"] for one in seen} <= known
