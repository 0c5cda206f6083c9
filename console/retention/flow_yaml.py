"""A flow's document as YAML."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, ClassVar

from console.frame.yaml_screen import YamlScreen
from console.retention.words import Row


class FlowYamlScreen(YamlScreen):
    """`FlowYamlScreen(flow)`, a flow as it was read, with its `yaml`."""

    family: ClassVar[str] = "flow_yaml"
    noun = "flow"
    after = "Customers meet it once it is activated."

    def refused(self) -> str:
        """Agents read."""
        return "" if self.console.role in ("admin", "owner") else "changing flows needs the role admin."

    def check(self, text: str) -> Awaitable[Any]:
        """A dry run tells what is wrong with it."""
        from backend.retention.flow_schemas import FlowTrial

        return self.console.api.flows.dry_run(self.subject["flowId"], FlowTrial(yaml=text, days=1, limit=1))

    def keep(self, text: str, reason: str, version: int) -> Awaitable[Any]:
        """The next document."""
        from backend.retention.flow_schemas import FlowChange

        body = FlowChange(version=version, yaml=text, reason=reason)
        return self.console.api.flows.change(self.subject["flowId"], body)

    def kept(self, answer: Row) -> str:
        """How customers come to meet it."""
        key = self.console.key_of("flow_activate")
        return f"Kept as document {answer['number']}. {key} puts it before customers."

    def verdicts(self) -> dict[str, str]:
        """What is wrong is not tried either."""
        refused = super().verdicts()
        return refused | ({"flow_try": refused["yaml_keep"]} if self.problems else {})

    def action_flow_try(self) -> None:
        """What is written, on the last month's runs."""
        from console.retention.flow_trial import FlowTrialScreen

        self.app.push_screen(FlowTrialScreen(self.subject, self.text))
