"""The few pages that the server itself shows in a browser: plain text, perhaps a button, and nothing from elsewhere."""

from html import escape

from fastapi import Request
from fastapi.responses import HTMLResponse

from backend.core.errors import Failure

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
_STYLE = "font:16px system-ui;margin:4em auto;max-width:34em"


def page(title: str, words: str, status: int = 200, form: str = "") -> HTMLResponse:
    """A page of ours; `form` is HTML, everything else is text."""
    body = f"<!doctype html><meta charset=utf-8><title>{escape(title)}</title>"
    body += f"<body style='{_STYLE}'><h1>{escape(title)}</h1><p>{escape(words)}</p>{form}"
    headers = {"referrer-policy": "no-referrer", "cache-control": "no-store", "content-security-policy": _POLICY}
    return HTMLResponse(body, status, headers)


def is_browser(request: Request) -> bool:
    """Whether a person looks at the answer."""
    return "text/html" in request.headers.get("accept", "")


def failed(request: Request, failure: Failure, title: str) -> HTMLResponse:
    """Why it did not work, as a page; raised for programs."""
    if not is_browser(request):
        raise failure
    return page(title, failure.message, failure.status)
