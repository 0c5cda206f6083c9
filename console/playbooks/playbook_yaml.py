"""A playbook's document as YAML."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, ClassVar

from console.frame.yaml_screen import YamlScreen
from console.playbooks.words import Row


class PlaybookYamlScreen(YamlScreen):
    """`PlaybookYamlScreen(playbook)`, a playbook as it was read, with its `yaml`."""

    family: ClassVar[str] = "playbook_yaml"
    noun = "playbook"
    after = "What is under way goes by the document that it began with."

    def refused(self) -> str:
        """One's own, or everybody's for a supervisor."""
        is_own = self.subject["createdBy"] == self.store.member_id
        return "" if is_own or self.console.role != "agent" else "changing others' playbooks needs the role supervisor."

    def check(self, text: str) -> Awaitable[Any]:
        """Whom its trigger would fit tells what is wrong with it."""
        from backend.playbooks.schemas import Candidates

        return self.console.api.playbooks.candidates(self.subject["playbookId"], Candidates(yaml=text, limit=1))

    def keep(self, text: str, reason: str, version: int) -> Awaitable[Any]:
        """The next document."""
        from backend.playbooks.schemas import PlaybookChange

        body = PlaybookChange(version=version, yaml=text, reason=reason)
        return self.console.api.playbooks.change(self.subject["playbookId"], body)

    def kept(self, answer: Row) -> str:
        """Whoever comes next meets it."""
        return f"Kept as document {answer['number']}: whoever is started from now on goes by it."
