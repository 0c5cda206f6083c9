"""The saved views of the member, kept on the server; those that earlier consoles kept on this machine go there once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import chain, count
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backend.incidences.view_schemas import Views
    from console.frame.screen import FrameScreen


class Saved:
    """Belongs to the queue; `changed` gets the views (name -> filter) whenever they are other."""

    def __init__(self, screen: FrameScreen, changed: Callable[[Mapping[str, str]], Any]) -> None:
        self.screen, self._changed = screen, changed
        self.filters: dict[str, str] = {}
        self._ids: dict[str, str] = {}

    def read(self) -> None:
        """Read them; what this machine alone knows is kept on the server first."""
        console = self.screen.console
        api, local = console.api, dict(console.preferences.current.views)
        left: dict[str, str] = {}

        async def read() -> Views:
            found = await api.views.list()
            if local:
                left.update(await self._hand_over(local, {one.name: one.filter for one in found.items}))
                found = await api.views.list()
            return found

        def done(found: Views) -> None:
            if local != left:
                with console.guard("take over the saved views"):
                    console.preferences.change(views=left)
            self._take(found)

        console.calls.start("read the saved views", read, done=done, group="views", exclusive=True)

    async def _hand_over(self, local: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
        """Keep on the server what only this machine knows, beside a namesake under another name; what it refused."""
        from backend.client import ApiError
        from backend.incidences.view_schemas import ViewKeep

        left: dict[str, str] = {}
        for name, text in local.items():
            if any(text == other and (one == name or one.startswith(f"{name} ")) for one, other in known.items()):
                continue  # it is there, perhaps since another console of this machine began
            free = next(one for one in chain([name], (f"{name} {number}" for number in count(2))) if one not in known)
            try:
                await self.screen.console.api.views.keep(ViewKeep(name=free, filter=text))
            except (ApiError, ValueError) as error:
                left[name] = text
                self.screen.console.say(f"The view {name} stays on this machine: {error}", "warning")
        return left

    def _take(self, found: Views) -> None:
        filters = {one.name: one.filter for one in found.items}
        self._ids = {one.name: one.view_id for one in found.items}
        if filters != self.filters and self.screen.is_attached:
            self.filters = filters
            self._changed(filters)

    def keep(self, name: str, text: str, then: Callable[[], Any]) -> None:
        """Keep a filter under a name; `then` once it is there."""
        api = self.screen.console.api

        async def keep() -> Views:
            from backend.incidences.view_schemas import ViewKeep

            await api.views.keep(ViewKeep(name=name, filter=text))
            return await api.views.list()

        def done(found: Views) -> None:
            self._take(found)
            then()

        self.screen.console.calls.start(f"keep the view {name}", keep, done=done, group="keep-view")

    def drop(self, name: str) -> None:
        """Take one away."""
        api, id = self.screen.console.api, self._ids[name]

        async def drop() -> Views:
            await api.views.drop(id)
            return await api.views.list()

        self.screen.console.calls.start(f"drop the view {name}", drop, done=self._take, group="keep-view")
