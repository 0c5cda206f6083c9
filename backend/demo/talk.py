"""What customers and agents of the demo say. `{platter}`, `{guests}`, `{date}`, `{name}` and `{agent}` are filled in."""

from dataclasses import dataclass

CUSTOMER, AGENT = "customer", "agent"


@dataclass(frozen=True)
class Topic:
    """A kind of trouble: how it is told, what answers it, and what it comes down to."""

    category: str
    summary: str
    screen: str
    stage: str
    lines: tuple[tuple[str, str], ...]
    """(who, words) in turn; the customer begins."""
    note: str
    root_cause: str
    resolution_type: str
    impact: str | None
    thanks: str = "Perfect, thank you so much!"


C, A = CUSTOMER, AGENT

TOPICS: tuple[Topic, ...] = (
    Topic(
        "portions",
        "How much food for {guests} guests?",
        "guest_count",
        "PRE_ORDER",
        (
            (
                C,
                "Hi, we are expecting about {guests} people but some are small children. How many plates should I order?",
            ),
            (A, "Hello {name}, {agent} here. For children under ten we count half a plate. How many are there?"),
            (C, "Around one fifth of them are kids"),
            (A, "Then take off a tenth of the {guests} and you are safe, with seconds for everybody."),
        ),
        "Counted children as half a plate.",
        "The guest count screen does not ask about children",
        "clarified",
        "PLACED",
        "Great, that makes it clear. Placing it now 🙏",
    ),
    Topic(
        "payment_failed",
        "Payment keeps failing at checkout",
        "payment",
        "PRE_ORDER",
        (
            (C, "Payment failed again!! UPI shows success but the app says failed. This is the third time."),
            (A, "I am sorry, {name}. I can see the tries; nothing was taken that will not come back by tomorrow."),
            (C, "But I need to confirm today for {date}. What now"),
            (A, "I have held your date. Please try the card option once, or the net banking link on the same screen."),
        ),
        "Bank declined UPI collect three times; card went through.",
        "UPI collect times out after 30 seconds",
        "helped_in_app",
        "PLACED",
        "Card worked. Thanks for holding the date",
    ),
    Topic(
        "menu_question",
        "What comes with {platter}?",
        "menu_comparison",
        "PRE_ORDER",
        (
            (C, "What exactly is in the {platter}? Is the dessert included or extra"),
            (A, "Hello {name}! One dessert, two curries, rice, bread, salad and papad are in the {platter}."),
            (C, "And can we have two desserts"),
            (A, "Yes: open Customise and add one of the dessert trays; they are priced for fifty pieces."),
        ),
        "Wanted a second dessert; shown the trays.",
        "Inclusions are hidden behind the photo",
        "clarified",
        "PLACED",
    ),
    Topic(
        "dietary",
        "Jain and nut-free food for {guests} guests",
        "customization",
        "PRE_ORDER",
        (
            (C, "Namaste, kuch guests Jain hain. No onion, garlic, potato. Is it cooked separately?"),
            (A, "Namaste {name} ji. Yes, Jain food has its own kitchen line and sealed boxes with a green band."),
            (C, "And one child is allergic to cashew"),
            (A, "Thank you for saying so. Please mark nut-free on the order; the kitchen calls you the day before."),
        ),
        "Jain line plus one nut-free plate. Kitchen to call the day before.",
        "Allergies cannot be set per guest",
        "helped_in_app",
        "PLACED",
        "Bahut dhanyavaad!",
    ),
    Topic(
        "compare_platters",
        "{platter} or something cheaper?",
        "menu_comparison",
        "PRE_ORDER",
        (
            (
                C,
                "I am confused between {platter} and the one below it. Budget is tight. Which is better for {guests} people?",
            ),
            (
                A,
                "Both feed the same, {name}. The {platter} has one more curry and live bread; the taste is as good in both.",
            ),
            (C, "So the cheaper one is ok for elders?"),
            (A, "Very much so, it is milder too."),
        ),
        "Compared two platters, no push either way.",
        "Comparison shows prices but not courses",
        "compared",
        "PLACED",
        "Ok going with that one",
    ),
    Topic(
        "delivery_time",
        "Where is the food?",
        "order_status",
        "POST_ORDER",
        (
            (C, "Our guests have arrived and the van is not here!!"),
            (A, "I am calling the driver right now, {name}. One minute."),
            (C, "PLEASE HURRY this is very embarrassing"),
            (A, "He is at the signal near your gate, four minutes. Two of our people will set up at once."),
        ),
        "Van stuck behind a procession; 22 minutes late.",
        "Route planning ignores processions",
        "apologised",
        None,
        "It has come. Food is hot at least",
    ),
    Topic(
        "order_change",
        "Change the guests on a placed order",
        "order_status",
        "POST_ORDER",
        (
            (C, "We need to increase from {guests} by twenty more for {date}. Is it too late?"),
            (A, "Not at all, {name}. Open the order and press Change guests; the price per plate stays the same."),
            (C, "It says contact support"),
            (A, "I see, the cut-off is 48 hours. I have asked the kitchen and opened it for you. Please try again."),
        ),
        "Kitchen agreed to twenty more.",
        "Cut-off is not shown before the button is pressed",
        "helped_in_app",
        "MODIFIED",
        "Done, it worked. Thank you {agent}",
    ),
    Topic(
        "quality",
        "Biryani was cold",
        "order_status",
        "POST_ORDER",
        (
            (C, "Very disappointed. Rice was cold and two boxes were leaking."),
            (A, "I am sorry, {name}. May I ask for a photo of the boxes? I will pass it to the kitchen today."),
            (C, "Sent on mail. My mother in law was there, you understand"),
            (
                A,
                "I do. A pre-approved discount for the next order is on your account, and the kitchen head will call you.",
            ),
        ),
        "Photo shows broken seal. Pre-approved discount applied.",
        "Box seal broke in transit",
        "discount_applied",
        None,
        "Thank you for taking it seriously",
    ),
    Topic(
        "invoice",
        "GST invoice for the office lunch",
        "order_status",
        "POST_ORDER",
        (
            (C, "We need the GST invoice with our company name for the lunch on Friday"),
            (
                A,
                "Hello {name}, please add the GSTIN under Account, Billing and the invoice is made again within minutes.",
            ),
            (C, "Added. Not seeing it"),
            (A, "It is there now; please pull the page down once."),
        ),
        "Invoice made again with GSTIN.",
        "Invoices are not made again when billing changes",
        "helped_in_app",
        None,
        "Got it, thanks",
    ),
    Topic(
        "price_surprise",
        "Total jumped at checkout",
        "checkout",
        "PRE_ORDER",
        (
            (C, "Why did the total go up at checkout? Calculator showed less for {guests} guests"),
            (
                A,
                "Hello {name}. The calculator leaves out service staff and GST; both are listed if you open the total.",
            ),
            (C, "That should be told before"),
            (A, "You are right, I am passing it on. You may take the staff off if you serve yourselves."),
        ),
        "Calculator leaves out staff and GST.",
        "Calculator leaves out taxes and staff",
        "clarified",
        "PLACED",
        "Ok removed the staff, ordering",
    ),
    Topic(
        "venue",
        "Can you set up on a terrace?",
        "customization",
        "PRE_ORDER",
        (
            (C, "Our function is on the terrace, third floor, no lift. Will your team carry everything?"),
            (A, "Yes, {name}, up to the fourth floor without a lift. Is there a tap and a power point upstairs?"),
            (C, "Tap yes, power only one socket"),
            (A, "One is enough for the coffee urn; the chafing dishes run on fuel."),
        ),
        "Third floor, no lift, one socket.",
        "Venue questions are asked after payment",
        "clarified",
        "PLACED",
        "Super. Booking it",
    ),
)

WEDDING = Topic(
    "wedding_planning",
    "Wedding for {guests}: tasting, {platter} and the muhurtham time",
    "menu_comparison",
    "PRE_ORDER",
    (
        (C, "We are planning our daughter's wedding on {date}, about {guests} guests. Do you do a tasting?"),
        (A, "Congratulations to the family, {name}! Yes, a tasting for four people is free from 100 guests on."),
        (C, "Muhurtham is at 6:40 am, so breakfast must be ready by 7:30. Is that possible"),
        (A, "It is: the kitchen van comes at four and cooks on site. I will note both times on the order."),
    ),
    "Muhurtham 6:40, breakfast 7:30, van at 4:00. Tasting for four.",
    "The app cannot hold two serving times",
    "helped_in_app",
    "PLACED",
    "Such a relief. We will confirm after the tasting",
)
FRICTION = Topic(
    "friction",
    "Struggling on {screen}",
    "checkout",
    "PRE_ORDER",
    (
        (C, "Oh, I did not know one could chat here. I keep going back and forth and the total changes"),
        (A, "No hurry, {name}. Tell me the number of guests and the date, and I will walk through it with you."),
        (C, "{guests} people on {date}"),
        (A, "Then the {platter} in your cart is right. Press Continue and stay on the chat, I am here."),
    ),
    "Walked through the checkout together.",
    "Total changes when the date is picked last",
    "helped_in_app",
    "PLACED",
    "It went through, thank you!",
)

GRATITUDE = (
    "Thank you, that helps a lot",
    "Ok got it 👍",
    "Dhanyavaad!",
    "Thanks {agent}. Will do that now",
    "Nandri, romba helpful",
    "Perfect. That is all I needed",
)
FOLLOW_UPS = (
    "Ok. And will the total change if I do that?",
    "Is that also true for {date}?",
    "Fine. How long should I wait for it?",
    "One more thing, can the team come half an hour earlier?",
)
SELF_SERVE = ("App asked me to wait, leaving it", "Could not find the coupon box", "Wanted to see the menu as PDF")

HANDED_UP: tuple[tuple[str, str, str, str], ...] = (
    ("POLICY_EXCEPTION", "Asks for the money back after the cut-off.", "I look at it.", "Once, because of the rain."),
    ("EMOTIONAL", "Very upset, it is her father's sixtieth.", "I call her.", "Called; she is calm, and orders again."),
    ("SYSTEM_BUG", "Two invoices for one order.", "With the payments team.", "The second invoice is void."),
)
"""Why cases are handed up: the reason, what the agent says, who takes it on, and how it ends."""
