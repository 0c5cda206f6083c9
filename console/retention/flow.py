"""One flow: its steps, how it does, and the verbs of admins on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from console.frame.screen import FrameScreen
from console.retention import difference, words
from console.retention.flow_trial import FlowTrialScreen
from console.retention.flow_versions import FlowVersionsScreen
from console.retention.flow_yaml import FlowYamlScreen
from console.retention.words import Row
from console.rules.reason_prompt import ReasonPrompt
from console.twin import told
from widgets.outline import Line, Outline
from widgets.paint import Cell
from widgets.panel import Panel
from widgets.plain import plain

_VERBS = ("flow_edit", "flow_try", "flow_activate", "flow_archive", "flow_versions", "flow_new")


class FlowScreen(FrameScreen):
    """`FlowScreen(id, name)`."""

    family: ClassVar[str] = "flow"
    CSS_PATH = "flow.tcss"

    def __init__(self, id: str, name: str) -> None:
        super().__init__()
        self.flow_id, self._called = id, name
        self.flow: Row | None = None

    @property
    def heading(self) -> str:  # type: ignore[override]
        """What the header calls it."""
        return f"Flow {self._called}"

    def compose_body(self) -> ComposeResult:
        yield Static(id="head", markup=False)
        yield Outline(id="main")
        with VerticalScroll(id="step", can_focus=False):
            yield Panel(id="says")

    def on_mount(self) -> None:
        """Read it, and again whenever it is other."""
        super().on_mount()
        self.listen("flow", lambda update: self.read() if update.id == self.flow_id else None)
        self.query_one("#head", Static).update("Reading the flow …")
        self.read()

    def on_screen_resume(self) -> None:
        """In front again."""
        super().on_screen_resume()
        if self.is_mounted:
            self.hand_to(self.query_one(Outline))

    def read(self) -> None:
        """Ask for it."""
        api = self.console.api

        def done(answer: Any) -> None:
            if self.is_attached:
                self.flow = told(answer)
                self._show()

        def failed(error: Exception) -> None:
            if self.is_attached and self.flow is None:
                self.query_one("#head", Static).update(Content(plain(f"✗ The flow could not be read: {error}")))

        self.console.calls.start(
            "read the flow",
            lambda: api.flows.show(self.flow_id),
            done=done,
            failed=failed,
            group="flow",
            exclusive=True,
        )

    def _show(self) -> None:
        flow = self.flow
        assert flow is not None, "shown after it was read"
        self._called = flow["name"]
        self.console.show_header()
        sign, role, word = words.STATUSES.get(flow["status"], ("?", "warning", flow["status"].lower()))
        led = ", ".join(flow["segments"]) or "no rule leads to it"
        reads = (
            "" if self.console.role in ("admin", "owner") else "  ·  reading only: changing flows needs the role admin"
        )
        head = Content.assemble(
            (plain(flow["name"]), "bold"),
            (f"  {sign} {word}", f"$role-{role}"),
            (f" · {words.met(flow)}", "$role-muted"),
            (f"\nLed to by: {plain(led)}{reads}", "$role-muted"),
        )
        self.query_one("#head", Static).update(head)
        steps = flow["document"]["steps"]
        width = max(len(step["id"]) for step in steps) + 3
        self.query_one(Outline).show(
            [
                Line(str(place), f"{place:>2} {step['id']}", [(said, "")], width=width)
                for place, (step, said) in enumerate(zip(steps, flow["words"], strict=True), 1)
            ]
        )
        self._show_step()
        self.recheck()

    def on_option_list_option_highlighted(self) -> None:
        """The step under the cursor in full."""
        self.query_one("#step").scroll_home(animate=False)
        self._show_step()

    def on_option_list_option_selected(self) -> None:
        """Enter on a step: change it."""
        self.action_flow_edit()

    def _show_step(self) -> None:
        panel, key = self.query_one("#says", Panel), self.query_one(Outline).key
        if self.flow is None or not key:
            return
        step = self.flow["document"]["steps"][int(key) - 1]
        panel.show(*_told(step, self.flow["words"][int(key) - 1]), title=f"{key} {step['id']}")

    def action_preview_down(self) -> None:
        """More of the step."""
        self._scroll(1)

    def action_preview_up(self) -> None:
        """Back in it."""
        self._scroll(-1)

    def _scroll(self, by: int) -> None:
        step = self.query_one("#step")
        step.scroll_relative(y=by * max(1, step.size.height // 2), animate=False)

    # -- what can be done

    def verdicts(self) -> Mapping[str, str]:
        """Nothing before it is read; what is met already needs no activating."""
        if self.flow is None:
            return dict.fromkeys(_VERBS, "The flow is not here yet.")
        flow, refused = self.flow, {}
        if flow["status"] == "ARCHIVED":
            refused["flow_archive"] = f"{flow['name']} is archived."
        if flow["status"] == "ACTIVE" and flow["activeNumber"] == flow["number"]:
            refused["flow_activate"] = f"Customers meet document {flow['number']} already."
        return refused

    def action_flow_edit(self) -> None:
        """Its YAML; agents read it."""
        if self.flow is not None:
            self.app.push_screen(FlowYamlScreen(self.flow))

    def action_flow_try(self) -> None:
        """The newest document on the last month's runs."""
        if self.flow is not None:
            self.app.push_screen(FlowTrialScreen(self.flow, None))

    def action_flow_versions(self) -> None:
        """Its documents."""
        if self.flow is not None:
            self.app.push_screen(FlowVersionsScreen(self.flow_id, self._called))

    def action_flow_activate(self) -> None:
        """Show what customers will meet otherwise, ask why, and put it before them."""
        flow = self.flow
        if flow is not None:
            activate(self, flow, flow["number"])

    def action_flow_archive(self) -> None:
        """Ask why; then nobody meets it any more."""
        flow, api = self.flow, self.console.api
        if flow is None:
            return
        led = ", ".join(flow["segments"])
        lines: list[Cell] = [
            [(f"{flow['name']} is {flow['status'].lower()}; {words.met(flow)}.", "bold")],
            "Nobody meets it any more. Its versions stay, and it can be activated again.",
        ]
        if led:
            lines.append(
                [(f"▲ Rules lead to it: {led}. Their customers will be asked only why, and get no offers.", "warning")]
            )

        def archive(reason: str | None) -> None:
            if reason is None:
                return
            from backend.retention.flow_schemas import FlowChange

            body = FlowChange(version=flow["version"], status="ARCHIVED", reason=reason)
            said = lambda _: self.console.say(f"{flow['name']} is archived: nobody meets it.")  # noqa: E731
            self.console.calls.start("archive the flow", lambda: api.flows.change(flow["flowId"], body), done=said)

        prompt = ReasonPrompt(
            f"Archive {flow['name']}", lines, hint="enter with a reason archives it at once · esc leaves it as it is"
        )
        self.app.push_screen(prompt, archive)

    def action_flow_new(self, name: str) -> None:
        """A draft with another name and these steps."""
        flow, api = self.flow, self.console.api
        if flow is None:
            return
        from backend.retention.flow_schemas import FlowDocument, FlowMake

        document = FlowDocument.model_validate(flow["document"])

        def done(answer: Any) -> None:
            made = told(answer)
            self.console.say(f"{made['name']} is a draft; nobody meets it until it is activated.")
            self.app.push_screen(FlowScreen(made["flowId"], made["name"]))

        self.console.calls.start(
            "make the flow",
            lambda: api.flows.make(FlowMake(name=name, document=document, reason=f"from {flow['name']}")),
            done=done,
        )


def activate(screen: FrameScreen, flow: Row, number: int) -> None:
    """Show what customers will meet otherwise with document `number`, ask why, and put it before them."""
    console, api, before = screen.console, screen.console.api, flow["activeNumber"]

    async def looked() -> Any:
        if before is None or before == number:
            return {"changes": [], "text": ""}
        return told(await api.flows.diff(flow["flowId"], before, number))

    def ask(found: Any) -> None:
        led = ", ".join(flow["segments"])
        lines: list[Cell] = [
            [(f"Customers led by: {led or 'no rule, so none'}", "bold")],
            f"They meet document {number}" + (f" instead of {before}." if before else "; now they meet none."),
        ]
        lines += [[("· ", "muted"), (one, "")] for one in found["changes"]]
        lines += ["", *difference.lines_of(found["text"])] if found["text"] else []
        hint = "enter with a reason puts it before customers at once · esc leaves it as it is"
        console.push_screen(ReasonPrompt(f"Activate {flow['name']}, document {number}", lines, hint=hint), put)

    def put(reason: str | None) -> None:
        if reason is None:
            return
        from backend.retention.flow_schemas import FlowActivate

        body = FlowActivate(version=flow["version"], number=number, reason=reason)
        said = lambda _: console.say(f"Customers meet document {number} of {flow['name']} now.")  # noqa: E731
        console.calls.start("activate the flow", lambda: api.flows.activate(flow["flowId"], body), done=said)

    console.calls.start("compare the documents", looked, done=ask, group="activate", exclusive=True)


def _told(step: Row, said: str) -> tuple[list[tuple[str, Cell]], list[Cell]]:
    """A step in full: what it does, and the words that customers read."""
    kind = f"{step['kind']} · {words.KINDS[step['offerType']]}" if step["kind"] == "offer" else step["kind"]
    pairs: list[tuple[str, Cell]] = [("kind", kind), ("does", said)]
    pairs += [("title", [(step["title"], "note")])] if step["title"] else []
    pairs += [("text", [(step["text"], "note")])] if step["text"] else []
    lines: list[Cell] = []
    for reason in step.get("reasons", ()):
        lines.append([("· ", "muted"), (reason["label"], ""), (f"  {reason['code']}", "muted")])
        lines += [[(f"    {one['label']}  {one['code']}", "muted")] for one in reason["followUps"]]
    return pairs, ["", *lines] if lines else []
