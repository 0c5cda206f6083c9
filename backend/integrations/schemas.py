"""Wire types of webhooks."""

from backend.core.wire import Wire


class Received(Wire):
    """What a platform is answered: whether the webhook was taken, or known already."""

    accepted: bool
    duplicate: bool
