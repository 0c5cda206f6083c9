"""Why they leave (`w` among customers): the causes among who is at risk, and the models that say so, each with its card."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar

from console.customers import causes_words as words
from console.frame.overview import Detail, Overview
from console.rules.reason_prompt import ReasonPrompt
from console.twin import told
from widgets.outline import Line

Row = Mapping[str, Any]


class CausesScreen(Overview):
    """Admins have it learned anew, and let an earlier version predict again."""

    family: ClassVar[str] = "causes"
    heading: ClassVar[str] = "Why they leave"
    what: ClassVar[str] = "causes"
    topics: ClassVar[tuple[str, ...]] = ("churn_model",)

    def __init__(self) -> None:
        super().__init__()
        self._causes: Row = {}
        self._models: list[Row] = []

    def asking(self) -> Callable[[], Awaitable[Any]]:
        api = self.console.api.churn

        async def ask() -> Any:
            return await api.causes(), (await api.models()).items

        return ask

    def keep(self, answer: Any) -> None:
        causes, models = answer
        self._causes, self._models = told(causes), [told(one) for one in models]

    def lines(self) -> list[Line]:
        return words.of_all(self._causes, self._models, self.console.now())

    def detail(self, key: str) -> Detail:
        if (model := self.model()) is not None:
            how = words.TARGETS[model["target"]]
            return *words.of_model(model, self.console.now()), f"Version {model['number']}: who leaves {how}"
        feature = self.key_after(words.CAUSE)
        cause = next((one for one in self._causes.get("items", ()) if one["feature"] == feature), None)
        return (*words.of_cause(cause), cause["cause"]) if cause is not None else ((), (), "")

    def model(self) -> Row | None:
        """The version under the cursor."""
        id = self.key_after(words.MODEL)
        return next((one for one in self._models if one["id"] == id), None)

    def verdicts(self) -> Mapping[str, str]:
        """What predicts, and what holds no model, need no putting back."""
        model = self.model()
        if model is None:
            return {"model_back": "There is no version under the cursor."}
        if model["kind"] == "rules":
            return {"model_back": f"Version {model['number']} holds no model: {model['why']}."}
        return {"model_back": f"Version {model['number']} predicts now."} if model["isActive"] else {}

    # -- the verbs

    def action_model_learn(self) -> None:
        """Learn now; the better of old and new predicts afterwards."""
        api, said = self.console.api.churn, "It is learned; the better of old and new predicts afterwards."

        async def learn() -> bool:
            await api.train()
            return True

        self.console.calls.start("have it learned", learn, done=lambda _: self.console.say(said))

    def action_model_back(self) -> None:
        """Ask why, and let the version under the cursor predict again."""
        model, api = self.model(), self.console.api.churn
        if model is None:
            return
        same = [one for one in self._models if one["target"] == model["target"] and one["isActive"]]
        now = same[0]["number"] if same else 0
        title = f"Let version {model['number']} predict again who leaves {words.TARGETS[model['target']]}"
        lines = [
            [(f"Version {now} predicts now." if now else "Rules speak now.", "")],
            *words.of_model(model, self.console.now())[1],
        ]

        def put_back(reason: str | None) -> None:
            if reason is None:
                return
            from backend.risk.schemas import ModelPut

            body = ModelPut(version=now, to=model["number"], reason=reason)
            said = f"Version {model['number']} predicts again."

            def done(_: Any) -> None:
                self.console.say(said)
                self.read()

            self.console.calls.start("put the version back", lambda: api.put_back(model["target"], body), done=done)

        hint = "enter with a reason has it predict at once · esc leaves everything as it is"
        self.app.push_screen(ReasonPrompt(title, lines, hint=hint), put_back)
