"""Wire types of saved views."""

from typing import Annotated

from pydantic import Field

from backend.core.text import Line
from backend.core.wire import UtcInstant, Wire


class ViewKeep(Wire):
    """A filter of the queue under a name, as whoever looks types it: `p1 value>25k @me`."""

    name: Annotated[Line, Field(max_length=60)]
    filter: Line


class ViewRead(Wire):
    view_id: str
    name: str
    filter: str
    updated_at: UtcInstant


class Views(Wire):
    items: list[ViewRead]
