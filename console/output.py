"""How commands answer: a line for people, or JSON for programs; trouble on stderr and a non-zero exit."""

import json
import sys
from typing import Any, NoReturn


def fail(message: str) -> NoReturn:
    """Say what was wrong and what to do, and exit with 1."""
    print(f"holdfast: {message}", file=sys.stderr)
    raise SystemExit(1)


def show(text: str, data: Any, *, as_json: bool) -> None:
    """Print `text`, or `data` as JSON."""
    print(json.dumps(data, ensure_ascii=False, indent=2) if as_json else text)
