"""What customers of the running demo live through. A story is a coroutine; it ends, or the customer gives up."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from random import Random

from backend.demo import menu
from backend.demo.shopper import Shopper

Story = Callable[[Shopper, Random, datetime], Awaitable[None]]


async def lost_at_checkout(one: Shopper, rng: Random, now: datetime) -> None:
    """Struggles until the app offers help, and the house opens a case by itself."""
    await one.see("menu_comparison")
    order = menu.order(rng, now, band=2, occasion=rng.choice(("WEDDING", "CORPORATE", None)))
    await one.fill_cart(order)
    await one.see("checkout")
    await one.do("price_check", 6, screen="price_calculator")
    await one.do("back_navigation", 4, screen="checkout")
    await one.do("inactivity", value=75, screen="checkout")
    await one.pace.wait(8)
    await one.say("Yes please help, I keep going round in circles. The total is different each time")
    await one.answer()
    await one.say("Ah, it is the date. I picked it last. It works now, thank you!")
    await one.do("order_placed", value=order["value"], screen="checkout")


async def wedding(one: Shopper, rng: Random, now: datetime) -> None:
    """Needs two answers before the family can decide."""
    guests = rng.randint(250, 600)
    await one.see("guest_count")
    await one.fill_cart(menu.order(rng, now, band=3, occasion="WEDDING"))
    await one.say(
        f"Namaste. We are planning our son's wedding for {guests} guests. Is a tasting possible before we book?"
    )
    await one.answer()
    await one.say("Very good. And the muhurtham is at 6:40 in the morning, can breakfast be ready by 7:30?")
    await one.answer()
    await one.say("That settles it. I will talk to my wife and confirm tonight 🙏")


async def payment_fails(one: Shopper, rng: Random, now: datetime) -> None:
    """Three failed payments; takes the call that the app offers."""
    order = menu.order(rng, now, band=2, occasion=None)
    await one.fill_cart(order)
    await one.see("payment")
    offered = await one.do("payment_failure", 3, screen="payment")
    await one.pace.wait(5)
    if offered is not None:
        await one.answer_offer(offered, is_wanted=True)
    else:
        await one.ask_for_help(order, channel="CALL", summary="Call me back: payment failed", screen="payment")


async def short_lines(one: Shopper, _rng: Random, _now: datetime) -> None:
    """Writes as people do on their phones: many short messages at once."""
    for line in ("hi", "u there?", "order for 40 ppl sunday", "veg only", "kitna hoga?"):
        await one.say(line)
        await one.pace.wait(4)
    await one.answer()
    for line in ("ok", "and can u deliver to sector 62", "gate no 3"):
        await one.say(line)
        await one.pace.wait(3)
    await one.answer()
    await one.say("👍👍")


async def hostile(one: Shopper, _rng: Random, _now: datetime) -> None:
    """Sends what breaks careless terminals: escapes, markup, bidirectional tricks, a wall of letters."""
    for line in (
        "Hello \x1b[2J\x1b[1;1H\x1b[31myour screen is mine\x1b[0m",
        "\x1b]52;c;cm0gLXJmIH4=\x07 did I write your clipboard?",
        "[bold red]markup[/bold red] [/broken] [@click=app.quit]click me[/]",
        "Invoice \u202egpj.exe\u202c \u2066hidden\u2069 \x9b31m",
        "Z̷̢̛a̸l̵g̶o̷ " + "A" * 1_500,
    ):
        await one.say(line)
        await one.pace.wait(6)
    await one.answer()
    await one.say("ok \x07\x07 worth a try. Do you cater on boats?")


async def comes_back(one: Shopper, rng: Random, now: datetime) -> None:
    """Waves away what the app offers, asks, is helped, says thanks, and returns after the case was closed."""
    order = menu.order(rng, now, band=1, occasion=None)
    await one.see("menu_comparison")
    if (offered := await one.do("platter_view", 4, screen="menu_comparison")) is not None:
        await one.answer_offer(offered, is_wanted=False)
    await one.fill_cart(order)
    await one.say(f"Can I change {order['platter']} to {order['guests'] + 10} plates after paying?")
    await one.answer()
    await one.say("Ok great, thanks!")
    await one.farewell()
    await one.pace.wait(45)
    await one.say("Sorry, me again. The change button is grey now")
    await one.answer()
    await one.say("Working now. Thank you for your patience!")


STORIES: tuple[Story, ...] = (lost_at_checkout, wedding, payment_fails, short_lines, hostile, comes_back)
