"""What happens to a customer."""

from backend.events.event import Event


class CustomerChanged(Event, type="customer.changed"):
    """State: the CustomerRead, masked. data: version, changes {field: [before, after]}, masked too."""


class CustomerRevealed(Event, type="customer.revealed"):
    """Somebody asked to see e-mail and phone in full."""


class CustomerExported(Event, type="customer.exported"):
    """Somebody took away everything that is held of the customer. data: rows {table: how many}."""


class CustomerErased(Event, type="customer.erased", erases=True):
    """The personal fields are gone, and so are the words of every event before this one."""
