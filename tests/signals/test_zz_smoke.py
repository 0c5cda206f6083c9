from backend.signals.schemas import *


async def test_smoke(backend):
    owner = await backend.owner()
    key = await backend.key()
    for n in range(5):
        a = await key.context.signal("u1", SignalPost(signal_type="back_navigation"))
        print(a)
    a = await key.friction.signal(UserSignalPost(user_id="u1", signal_type="inactivity", value=61, screen="checkout"))
    print(a)
    print(await key.context.set_cart("u1", CartPut(cart_items=[{"n": 1}], estimated_value=30000, event_type="wedding")))
    print(await key.context.show("u1"))
    print(await key.friction.detect(FrictionJudge(user_id="u1")))
    print(
        await key.tracking.track(
            TrackEvent(customer_id="u2", event="login", properties={"feature": "x", "q": "y"}),
            TrackEvent(customer_id="u2", event="login", properties={"feature": "a@b.co"}),
        )
    )
    p = await owner.customers.list(sort="last_activity", limit=1)
    print(p)
    p = await owner.customers.list(sort="last_activity", limit=1, cursor=p.next_cursor)
    print(p)
    print((await owner.customers.timeline("u1")).items)
    print(await owner.customers.show("u1", reveal=True))
    await owner.customers.erase("u1")
    print(await owner.audit.verify())
