"""What every noun of the client is made of."""

from backend.client.transport import Transport


class Noun:
    """Operations on one kind of thing."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
