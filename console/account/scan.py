"""The secret for an authenticator, to be scanned or typed."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content

from widgets.panel import Panel
from widgets.prompt import Confirm
from widgets.qr import Qr


class Scan(Confirm):
    """Shows a secret as a code beside the words; answers whether it was added."""

    CSS_PATH: ClassVar[str] = "scan.tcss"

    def __init__(self, uri: str, secret: str, account: str) -> None:
        grouped = " ".join(secret[place : place + 4] for place in range(0, len(secret), 4))
        lines = ["Scan the code with your authenticator, or type the secret:", "", grouped, "", account, "", uri]
        super().__init__("", (), lines=lines, yes="I have added it", no="Not now", role="ok")
        self._uri = uri

    def compose(self) -> ComposeResult:
        with Horizontal() as box:
            box.border_title = Content("Your authenticator")
            yield Qr(self._uri)
            with Vertical():
                yield Panel()
                yield self._answers
