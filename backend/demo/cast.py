"""Who is in the demo's world: the people who work at Thali & Tandoor, and its customers."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

BUSINESS = "Thali & Tandoor"
STRIPE_ACCOUNT = "acct_1ThaliTandoor"
PASSWORD = "open-the-kitchen"
"""Everybody's, and shown on purpose: nothing in this world is worth keeping from anybody."""


@dataclass(frozen=True)
class Colleague:
    """Somebody who signs in."""

    email: str
    name: str
    role: str
    languages: tuple[str, ...] = ("en", "hi")
    skills: tuple[str, ...] = ()


OWNER = Colleague("harish.bhat@thali.example", "Harish Bhat", "owner")
ADMIN = Colleague("kavya.menon@thali.example", "Kavya Menon", "admin")
SUPERVISOR = Colleague("farida.sheikh@thali.example", "Farida Sheikh", "supervisor")
AGENTS = (
    Colleague("asha.iyer@thali.example", "Asha Iyer", "agent", ("en", "hi", "ta"), ("wedding",)),
    Colleague("rohan.kulkarni@thali.example", "Rohan Kulkarni", "agent", ("en", "hi", "mr"), ("corporate",)),
    Colleague("meera.dutta@thali.example", "Meera Dutta", "agent", ("bn", "en", "hi"), ("religious",)),
)
STAFF = (OWNER, ADMIN, SUPERVISOR, *AGENTS)

# (language, given names, family names) of a region
_REGIONS: tuple[tuple[str, str, str], ...] = (
    ("hi", "Aarav Ananya Rahul Priya Vikram Neha Suresh Pooja Manish Kiran", "Sharma Gupta Verma Mishra Agarwal Singh"),
    ("ta", "Karthik Lakshmi Senthil Divya Arun Meenakshi Bala Kavitha", "Subramanian Raman Murugan Natarajan Pillai"),
    ("te", "Srinivas Padma Venkat Sirisha Ravi Lavanya Chaitanya", "Reddy Rao Naidu Chowdary Prasad"),
    ("kn", "Girish Shwetha Manjunath Deepa Prakash Roopa", "Gowda Hegde Shetty Kamath Bhat"),
    ("ml", "Anoop Sreeja Biju Remya Vineeth Anju", "Nair Menon Kurian Thomas Varghese"),
    ("mr", "Sachin Snehal Amol Rutuja Nitin Gauri", "Patil Deshmukh Joshi Kulkarni Jadhav"),
    ("gu", "Hardik Hetal Jignesh Bhavna Chirag Falguni", "Patel Shah Mehta Desai Trivedi"),
    ("bn", "Arnab Sohini Debashish Moumita Subrata Rituparna", "Banerjee Chatterjee Ghosh Mukherjee Das"),
    ("pa", "Gurpreet Harleen Manpreet Simran Jaspreet Navjot", "Singh Kaur Gill Sandhu Dhillon"),
    ("or", "Bibhuti Sasmita Pradeep Itishree", "Mohanty Patnaik Sahoo Behera"),
    ("as", "Jyotirmoy Mridula Pranjal Nayanika", "Bora Gogoi Saikia Kalita"),
    ("ur", "Imran Sana Zoya Asif Nadia Salman", "Khan Qureshi Ansari Siddiqui Mirza"),
    ("kok", "Savio Melba Agnelo Delia", "Fernandes D'Souza Pereira Lobo"),
    ("en", "Tara Neil Zara Kabir Leela Cyrus", "Mistry Contractor Lyngdoh Pinto Jacob"),
    ("mni", "Tomba Linthoi Sanathoi Bembem", "Meitei Ningthoujam Devi"),
)

HOSTILE = (
    "[/broken]",
    "[bold red]Asha[/]",
    "[@click=app.quit]tap me[/]",
    "<script>alert('tandoor')</script>",
    "Robert'); DROP TABLE orders;--",
    "{{7*7}} ${HOME} %s %n",
    "\x1b]52;c;cm0gLXJm\x07Clipboard Thief",
    "\x1b[2J\x1b[31mRed Screen",
    "evil\u202egnp.exe",
    "Ζ̴̡a̷l̶g̵o̸ R̶a̵o̴",
    "अदिति 👩‍🍳 वर्मा",
    "محمد عمران",
    "W" * 180,
    '=HYPERLINK("http://x.example")',
    "null",
)
"""Names as people (and their bots) really give them; they pass the same door as everybody's."""


@dataclass(frozen=True)
class Person:
    """A customer, as the world keeps one. Only the columns of Customer, id aside."""

    external_id: str
    name: str
    email: str | None
    phone: str | None
    language: str
    tier: str
    past_order_count: int
    last_order_date: date | None
    created_at: datetime


def customers(rng: Random, now: datetime, count: int) -> list[Person]:
    """`count` customers, the hostile ones among them. More orders make the tier; a few never ordered."""
    from backend.core.text import clean_line  # with it comes Pydantic, which the console paints without

    people = [_ordinary(rng, now, number) for number in range(1, count + 1)]
    places = rng.sample(range(count), len(HOSTILE))
    for place, name in zip(places, HOSTILE, strict=True):
        people[place] = _renamed(people[place], clean_line(name)[:200])
    return people


def _ordinary(rng: Random, now: datetime, number: int) -> Person:
    language, given, family = rng.choice(_REGIONS)
    first, last = rng.choice(given.split()), rng.choice(family.split())
    orders = 0 if rng.random() < 0.22 else 1 + int(rng.expovariate(1 / 6))
    joined = now - timedelta(days=7 + rng.expovariate(1 / 400))
    ordered = now - timedelta(days=rng.uniform(1, 200)) if orders else None
    plain = last.replace("'", "").lower()
    return Person(
        external_id=f"cust-{number:04d}",
        name=f"{first} {last}",
        email=f"{first.lower()}.{plain}{number}@mail.example" if rng.random() < 0.9 else None,
        phone=f"+91 90000 {number:05d}" if rng.random() < 0.95 else None,
        language=language if rng.random() < 0.6 else "en",
        tier="GOLD" if orders > 12 else "SILVER" if orders > 4 else "BRONZE",
        past_order_count=orders,
        last_order_date=max(ordered, joined).date() if ordered else None,
        created_at=joined,
    )


def _renamed(person: Person, name: str) -> Person:
    return Person(**{**vars(person), "name": name, "email": None})
