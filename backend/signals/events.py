"""What of a customer's behaviour matters to a person."""

from backend.events.event import Event


class HelpOffered(Event, type="customer.help_offered"):
    """Help was offered, once for each cause in a visit; the cause of the score is `score`.

    data: score, reasons [{rule, points, text}], cause, prompt {id, cause, action, text}, by {kind, rule, version},
    context {orderValue, eventType, screen, cartItems, userInputs}.
    """


class HelpSuppressed(Event, type="customer.help_suppressed"):
    """Nothing is offered to the customer until an instant. data: until, seconds."""


class OrderPlaced(Event, type="customer.order_placed"):
    """The customer placed an order, when it says so: as the signal told it, once. data: orderId?, value?."""


class FrictionChanged(Event, type="context.friction_changed"):
    """The friction score entered another band. State: the ContextRead. data: score [before, after]."""
