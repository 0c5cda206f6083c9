"""Sending one letter by Apprise, in a thread of its own. Nothing else in the house imports Apprise.

Apprise makes the message as each service wants it and judges the answer, but answers yes or no. So we listen: to its
log for what went wrong, and to the answer's status and Retry-After. It also takes addresses apart and knows only those
of the services' own hosts; the address is called as the admin gave it, at the addresses that its name was judged by, and
no redirect is followed from there.
"""

import logging
import re
import threading
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from backend.core.outside import is_private
from backend.core.text import clean_line
from backend.delivery.address import mail_server
from backend.delivery.carrier import Outcome, Step
from backend.delivery.way_out import headers_of

if TYPE_CHECKING:
    from apprise import NotifyBase

CONNECT_SECONDS = 10.0
READ_SECONDS = 15.0
_MOST_BYTES = 65_536
_RETRY_AFTER = 30.0
_RETRY_AFTER_AT_MOST = 3_600.0
_WORDS = 300
_UNREACHED = ("Connection refused", "Name or service not known", "No address associated", "Network is unreachable")
_SMTP_CODE = re.compile(r"\((\d{3}), (b?['\"].*?['\"])")
_TITLES = {"EMAIL": "the mail server", "SLACK": "Slack", "TEAMS": "Teams"}


class _Heard(threading.local):
    """What this thread has heard of its letter."""

    def __init__(self) -> None:
        self.address = ""
        self.is_judged = False
        self.lines: list[str] = []
        self.status = 0
        self.retry_after = ""


_heard = _Heard()


class _Ear(logging.Handler):
    """Keeps what Apprise says of the letter of its thread; nothing of it reaches the log, which has no place for words."""

    def emit(self, record: logging.LogRecord) -> None:
        _heard.lines.append(record.getMessage()[:2_000])


class _Requests:
    """Stands in for `requests` in Apprise's plugins: calls the address as it was given, and reads no endless answer."""

    def __init__(self, requests: Any) -> None:
        self._requests = requests

    def __getattr__(self, name: str) -> Any:
        return getattr(self._requests, name)

    def post(self, url: str, **more: Any) -> Any:
        return self.request("post", url, **more)

    def request(self, method: str, _url: str, **more: Any) -> Any:
        from backend.delivery.dialing import Adapter

        with self._requests.Session() as session:
            session.mount("https://", Adapter())
            # What is on this machine is called past any proxy, and what was judged is what is connected to.
            session.trust_env = not _heard.is_judged and not is_private(_host(_heard.address))
            more |= {
                "allow_redirects": False,
                "stream": True,
                "params": None,
                "timeout": (CONNECT_SECONDS, READ_SECONDS),
            }
            response = session.request(method, _heard.address, **more)
            response._content = response.raw.read(_MOST_BYTES, decode_content=True)
        _heard.status, _heard.retry_after = response.status_code, response.headers.get("retry-after", "")
        return response


def _host(address: str) -> str:
    from urllib.parse import urlsplit

    return urlsplit(address).hostname or ""


@cache
def _library() -> Any:
    """Apprise, listened to."""
    import apprise
    from apprise.plugins import slack, workflows
    from apprise.plugins.email import smtp

    from backend.delivery.dialing import Mail

    logger = logging.getLogger("apprise")
    logger.handlers, logger.propagate = [_Ear()], False
    logger.setLevel(logging.DEBUG)
    plugins: list[Any] = [slack, workflows]
    for plugin in plugins:
        plugin.requests = _Requests(plugin.requests)
    setattr(smtp, "smtplib", Mail())  # noqa: B010  # mypy: it is none of its exports
    return apprise


def send(step: Step, addresses: Sequence[str] = ()) -> Outcome:
    """What came of sending it. Blocks until it is known. `addresses`: where to connect; none is wherever the name leads."""
    from backend.delivery.dialing import only_to

    _heard.__init__()  # type: ignore[misc]  # begin anew: threads are used again
    _heard.address, _heard.is_judged = step.address, bool(addresses)
    only_to(addresses)
    try:
        plugin = _plugin(step)
        text = step.text if step.kind == "EMAIL" else _plain(step.text)
        subject = step.subject if step.kind == "EMAIL" else _plain(step.subject)
        is_sent = plugin.notify(body=text, title=subject, body_format="text", notify_type="info")
    except (TypeError, ValueError) as error:
        return Outcome("refused", f"{_TITLES[step.kind]} cannot be addressed: {clean_line(str(error))[:_WORDS]}")
    return Outcome("sent") if is_sent else _failed(step)


def _plugin(step: Step) -> "NotifyBase":
    apprise = _library()
    asset = apprise.AppriseAsset(app_id="Holdfast", app_desc="Holdfast", storage_mode="memory", async_mode=False)
    quiet = {"asset": asset, "include_image": False}
    if step.kind == "SLACK":
        from apprise.plugins.slack import NotifySlack

        return NotifySlack(token_a="T0", token_b="B0", token_c="X0", include_footer=False, **quiet)  # type: ignore[no-untyped-call]
    if step.kind == "TEAMS":
        from apprise.plugins.workflows import NotifyWorkflows

        return NotifyWorkflows(host="teams.invalid", workflow="w0", signature="s0", **quiet)  # type: ignore[no-untyped-call]
    from apprise.plugins.email import NotifyEmail

    server = mail_server(step.address)
    plugin = NotifyEmail(  # type: ignore[no-untyped-call]
        asset=asset,
        host=server.sender.partition("@")[2],
        user=server.user or None,
        password=server.password or None,
        port=server.port,
        secure=server.security != "none",
        smtp_host=server.host,
        secure_mode={"tls": "ssl", "starttls": "starttls", "none": "insecure"}[server.security],
        from_addr=server.sender,
        targets=[step.recipient],
        headers={"X-Holdfast-Letter": step.letter_id, "Auto-Submitted": "auto-generated", **headers_of(step.link)},
        format="text",
        cto=CONNECT_SECONDS,
        rto=READ_SECONDS,
    )
    plugin.from_addr = [step.sender or "Holdfast", server.sender]  # as a pair: a name such as Mum's is no address to it
    return plugin


def _plain(text: str) -> str:
    """Words that no chat takes for a mention or a link of its own: `<!channel>` in a name would wake everybody."""
    return text.replace("<", "‹").replace(">", "›").replace("](", "] (").replace("@", "@\u200b")


def _failed(step: Step) -> Outcome:
    title, status = _TITLES[step.kind], _heard.status
    if step.kind == "EMAIL":
        return _mail_failed(title)
    if status == 0:
        return Outcome("failed", f"{title} cannot be reached{_because()}")
    if status == 429:
        return Outcome("wait", f"{title} answered 429: too many messages", _retry_after())
    words = f"{title} answered {status}{_because()}"
    is_hopeless = 300 <= status < 500 and status not in (408, 409, 425)
    return Outcome("refused" if is_hopeless else "failed", words)


def _mail_failed(title: str) -> Outcome:
    told = " ".join(line for line in _heard.lines if "Exception" in line)
    if found := _SMTP_CODE.search(told):
        code, said = int(found[1]), clean_line(found[2].lstrip("b").strip("'\""))[:_WORDS]
        words = f"{title} answered {code}: {said}"
        return Outcome("refused" if code >= 500 else "failed", words)
    # Who could not even be reached has nothing of it; who went silent in the midst may have it.
    is_unknown = not any(sign in told for sign in _UNREACHED)
    return Outcome("failed", f"{title} did not take it{_because()}", is_unknown=is_unknown)


def _because() -> str:
    """What the library said went wrong, without its own words around it; nothing that holds what was sent."""
    for line in reversed(_heard.lines):
        kind, sign, said = line.partition("Exception: ")
        if sign and kind.strip() in ("Socket", "I/O", ""):
            return f" ({clean_line(_without_secret(said))[:_WORDS]})"
        if line.startswith("Response Details:"):
            said = clean_line(line.removeprefix("Response Details:").strip().lstrip("b").strip("'\""))
            return f": {said[:_WORDS]}" if said else ""
    return ""


def _without_secret(said: str) -> str:
    """Words of the library that may name the address, without all of it that opens the channel."""
    from urllib.parse import urlsplit

    parts = urlsplit(_heard.address)
    for secret in (f"{parts.path}?{parts.query}", parts.query, parts.path):
        said = said.replace(secret, "…") if len(secret) > 1 else said
    return said


def _retry_after() -> float:
    try:
        return min(max(float(_heard.retry_after), 1.0), _RETRY_AFTER_AT_MOST)
    except ValueError:
        return _RETRY_AFTER
