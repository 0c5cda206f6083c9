"""A customer's app: pages on a port of their own, under as strict a policy as a page can have."""

from html import escape

from starlette.responses import HTMLResponse
from starlette.types import Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self' {api}; connect-src {api}; style-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)


class Host:
    """An ASGI app whose one page, wherever it is asked for, is `body`, with `scripts` (path and data) of `api`."""

    def __init__(self, api: str = "", body: str = "<main><h1>Shop</h1></main>") -> None:
        self.api, self.body = api, body
        self.scripts: dict[str, dict[str, str]] = {}
        self.attributes = 'lang="en"'

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        tags = [
            f'<script defer src="{self.api}{path}" {" ".join(f"data-{name}={chr(34)}{escape(value)}{chr(34)}" for name, value in data.items())}></script>'
            for path, data in self.scripts.items()
        ]
        page = (
            f"<!doctype html><html {self.attributes}><head><meta charset=utf-8><title>Shop</title><meta name=viewport "
        )
        page += f'content="width=device-width,initial-scale=1">{"".join(tags)}</head><body>{self.body}</body></html>'
        headers = {"content-security-policy": POLICY.format(api=self.api)}
        await HTMLResponse(page, headers=headers)(scope, receive, send)
