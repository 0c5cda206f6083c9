"""What the demo's business knows in writing: the documents that the copilot finds answers in."""

import hashlib
from datetime import datetime

from backend.copilot.chunking import chunks_of
from backend.copilot.models import Chunk, Document
from backend.demo.ledger import Ledger
from backend.events.event import Actor

DOCUMENTS: tuple[tuple[str, str], ...] = (
    (
        "Refunds and cancellations",
        """# Cancelling an order
An order can be cancelled free of charge until 48 hours before the event. After that half of its price is kept, and on the
day of the event all of it.

# How long a refund takes
Refunds to cards take five to seven working days. UPI refunds arrive within a day. Cash is never handed back on site.

# Refunds for a bad meal
Up to 10 percent of the order an agent decides; more needs a supervisor. Ask for a photograph first.
""",
    ),
    (
        "Delivery and delays",
        """# Where we deliver
Within 25 km of Pune, Mumbai and Bengaluru. Each kilometre beyond costs 40 rupees.

# When we are late
Call before the customer does. From 30 minutes on they get a voucher of 10 percent for the next order; from 90 minutes on a
supervisor calls.
""",
    ),
    (
        "Guests, menus and allergies",
        """# Changing the number of guests
It can grow until noon of the day before, and shrink until five days before. A platter serves ten; round up.

# Allergies
The kitchen works with nuts, dairy and gluten, and cannot rule out traces. Jain and vegan platters are cooked in separate pans.

# Tastings
A tasting for up to four is free with an order of 100 guests or more. For weddings it is always free.
""",
    ),
    (
        "Payments",
        """# When a card fails
After two failures the bank refuses it for an hour. Offer a UPI link. Never take a card number by chat or on the phone.

# Advance
Half is paid when ordering, the rest on the morning of the event. Companies with a contract pay within 30 days.

# Invoices
An invoice with a GST number is written on the first working day after the event.
""",
    ),
)


def keep(ledger: Ledger, at: datetime, by: Actor) -> None:
    """Hand them to the ledger, as an admin added them."""
    for title, text in DOCUMENTS:
        about = {"title": title, "source": None, "format": "markdown", "size": len(text)}
        digest = hashlib.sha256(text.encode()).hexdigest()
        row = ledger.add(Document, id=ledger.new_id(at), **about, digest=digest, added_by=by.id, created_at=at)
        for place, (heading, words) in enumerate(chunks_of(text, "markdown")):
            piece = {"document_id": row["id"], "place": place, "heading": heading, "text": words}
            ledger.add(Chunk, id=ledger.new_id(at), **piece, vector=None, vector_model=None)
