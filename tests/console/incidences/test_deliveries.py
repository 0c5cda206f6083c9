"""An answer that a chat platform carries: on its way, there, or not delivered, why, and once more by a key."""

from backend.demo.outside.freshchat import FreshchatDouble
from backend.demo.outside.freshchat_rest import FreshchatRest
from backend.demo.outside.serve import served
from backend.demo.outside.talks import Mishap
from backend.integrations.schemas import IntegrationAdd
from console.incidences.deliveries import Deliveries, told
from tests.console.desk.floor import Floor, until
from tests.console.incidences.test_workspace import composer, opened
from tests.widgets.stage import said, text_of


async def test_what_became_of_an_answer_stands_beside_it_and_R_delivers_what_failed(floor: Floor) -> None:
    webhooks = FreshchatDouble()
    double = FreshchatRest(floor.clock, webhooks)
    async with served(double) as url:
        body = {"platform": "freshchat", "baseUrl": url, "token": double.token, "agentId": double.agent_id}
        body |= {"webhookSecret": webhooks.public_key, "sends": ["messages"]}
        await floor.api.integrations.add(IntegrationAdd.model_validate(body))
        double.customer_says("c1", "Is it vegan?", external_id="CUST-1", name="Priya")
        await floor.api.webhooks.freshchat(*double.told[0])
        await floor.backend.drain()
        row = (await floor.api.incidences.list()).items[0].model_dump(mode="json", by_alias=True)
        async with floor.console() as (app, pilot):
            await opened(app, pilot, row)
            await pilot.press("R")
            await until(lambda: "Nothing failed" in str(said(app)))
            double.mishaps.append(Mishap("throttle", "POST", seconds=60))
            await pilot.press("r", *"Yes", "f9")
            await until(lambda: "sending…" in text_of(app))
            await floor.backend.drain()  # the first try, which is put off
            floor.clock.advance(seconds=60)
            await floor.backend.drain()
            await until(lambda: " sent " in text_of(app))
            assert composer(app).text == ""
            double.mishaps.append(Mishap("refuse", "POST"))
            await pilot.press("r", *"Truly", "f9")
            await until(lambda: text_of(app).count("Truly") == 1 and "sending…" in text_of(app))
            for _ in range(3):
                floor.clock.advance(seconds=30)
                await floor.backend.drain()
            await until(lambda: "not delivered · R tries again" in text_of(app))
            assert "could not deliver the answer by Freshchat: Freshchat answered 400" in text_of(app)
            await pilot.press("R")
            await until(lambda: "not delivered" not in text_of(app))
            await floor.backend.drain()
            await until(lambda: text_of(app).count(" sent ") == 2)
        assert double.talks["c1"].answers == ["Yes", "Truly"]


def test_the_newest_that_is_known_of_an_answer_counts_whatever_the_order() -> None:
    def frame(seq: int, what: str) -> dict[str, object]:
        data = {"outgoingId": "o1", "messageSeq": 3, "kind": "MESSAGE", "platform": "chatwoot", "error": "gone"}
        return {"seq": seq, "type": f"outgoing.{what}", "data": data}

    message = {"seq": 3, "type": "incidence.message_sent", "data": {"text": "Hi", "via": "chatwoot"}}
    deliveries = Deliveries()
    assert deliveries.state_of(message, "R") == ("sending…", "warning")
    assert deliveries.take([frame(9, "sent")]) == [3]
    assert deliveries.take([frame(5, "failed"), frame(7, "retried")]) == []
    assert (deliveries.state_of(message, "R"), deliveries.failed) == (("sent", "muted"), [])
    assert deliveries.take([frame(11, "failed")]) == [3]
    assert (deliveries.state_of(message, "R")[1], deliveries.failed) == ("danger", ["o1"])
    assert deliveries.state_of(message | {"data": {"text": "Hi"}}, "R")[0] == ""
    assert told("outgoing.failed", {"kind": "STATUS", "platform": "intercom", "error": "no"}) == (
        "could not close or open the conversation by Intercom: no"
    )
