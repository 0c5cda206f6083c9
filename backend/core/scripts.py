"""Scripts that pages load from here: kept in memory, packed once, and asked for again only when they changed."""

import gzip
import hashlib
from collections.abc import Mapping
from pathlib import Path

from starlette.responses import Response

_FRESH = "public, max-age=300, stale-while-revalidate=86400"
"""Five minutes: a mended script is everywhere within that, and a page that loads meanwhile does not wait for it."""


class Script:
    """One file, for pages of any origin."""

    def __init__(self, path: Path) -> None:
        self._plain = path.read_bytes()
        self._packed = gzip.compress(self._plain, 9, mtime=0)
        self._tag = f'"{hashlib.sha256(self._plain).hexdigest()[:20]}"'

    def answer(self, asked: Mapping[str, str]) -> Response:
        """200 with the script, packed for whoever reads that; 304 for whoever has it."""
        headers = {
            "cache-control": _FRESH,
            "etag": self._tag,
            "vary": "Accept-Encoding",
            "access-control-allow-origin": "*",
            "cross-origin-resource-policy": "cross-origin",
            "x-content-type-options": "nosniff",
        }
        known = {tag.strip().removeprefix("W/") for tag in asked.get("if-none-match", "").split(",")}
        if self._tag in known:
            return Response(status_code=304, headers=headers)
        if _reads_gzip(asked.get("accept-encoding", "")):
            headers["content-encoding"] = "gzip"
            return Response(self._packed, media_type="text/javascript", headers=headers)
        return Response(self._plain, media_type="text/javascript", headers=headers)


def _reads_gzip(accepted: str) -> bool:
    for part in accepted.lower().split(","):
        name, _, quality = part.strip().partition(";")
        if name.strip() == "gzip":
            return quality.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
