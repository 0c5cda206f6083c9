"""`TeamScreen`: what is done to cases together: labels and watching, the same in the queue and in the workspace."""

from __future__ import annotations

from functools import partial

from console.actions import Action
from console.background import in_background
from console.frame.menus import titled
from console.incidences import verbs
from console.incidences.bulk_results import Results
from console.incidences.deeds import CaseScreen
from console.permission import Context
from widgets.prompt import Choice, Option

_ANOTHER = "+"
"""The choice of a label that nobody has used yet."""


class TeamScreen(CaseScreen):
    """Verbs on cases that colleagues share."""

    def action_label(self, labels: str = "") -> None:
        """`vip -old`: put labels on, take others off."""
        try:
            add, remove = verbs.labels_of(labels)
        except ValueError as problem:
            self.console.say(f"{str(problem).capitalize()}.", "warning")
            return
        has = (self.selected() or {}).get("labels", ())
        back = verbs.label([name for name in remove if name in has], [name for name in add if name not in has])
        self.do("label", verbs.label(add, remove), back)

    def action_watch(self) -> None:
        """Watch it, or no more when one does; several marked are watched."""
        row = self.selected() or {}
        is_watched = len(self.targets()) < 2 and self.store.member_id in row.get("watcherIds", ())
        watch, unwatch = verbs.watch(), verbs.unwatch()
        self.do("watch", *((unwatch, watch) if is_watched else (watch, unwatch)))

    def action_bulks(self) -> None:
        """What was done to many at once."""
        Results(self.console).choose()

    def _agree(self, action: Action, value: str, context: Context) -> None:
        """With all that match chosen, the verb asks itself, once it has counted them."""
        if self.matching() is None or action.dangerous:
            super()._agree(action, value, context)
        else:
            in_background(self, partial(self.perform, action, value, is_agreed=True))

    def _ask(self, action: Action, choice: Choice) -> None:
        if action.id != "label":
            super()._ask(action, choice)
            return
        has = set((self.selected() or {}).get("labels", ())) if len(self.targets()) < 2 else set()
        options = [
            Option(f"-{option.key}" if option.key in has else option.key, f"#{option.key}", detail)
            for option in self.values().of("label")
            for detail in (("it has it: take it off" if option.key in has else option.detail),)
        ]

        async def answered(value: str | None) -> None:
            if value == _ANOTHER:
                self.action_command("label ")
            elif value is not None:
                await self.perform(action, value)

        options.append(Option(_ANOTHER, "Another …", "type it; -name takes one off"))
        self.app.push_screen(Choice(titled(action, self.context()), options), answered)
