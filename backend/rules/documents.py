"""Rule-set documents: the rules of one kind as data, in the shape they are stored, edited and sent."""

from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Strategy: TypeAlias = Literal["first", "all", "sum"]

MOST_RULES = 200


class Wire(BaseModel):
    """camelCase in JSON, snake_case in Python, nothing unknown, never changed after reading."""

    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, validate_by_alias=True, extra="forbid", frozen=True
    )


class Rule(Wire):
    """When the condition `when` holds, `then` is what follows and `text` says why, with `{fact}` placeholders.

    `then` has the shape its kind declares for `group`; in a group that sums it holds `points`. An empty `text`
    means the label says enough.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")
    label: str = Field(min_length=1, max_length=120)
    group: str
    when: dict[str, Any]
    then: dict[str, Any]
    text: str = Field(default="", max_length=300)
    enabled: bool = True


class RuleSetDocument(Wire):
    """The rules of one kind. `groups` names each group with its strategy; rules of a group are tried in order.

    first: the first rule that holds decides. all: every rule that holds follows. sum: the points of all rules that
    hold are added to the setting `base` (0 when absent) and kept within the settings `floor` and `cap` when present.
    """

    kind: str
    groups: dict[str, Strategy]
    settings: dict[str, Any] = Field(default_factory=dict)
    rules: list[Rule] = Field(max_length=MOST_RULES)

    def rules_in(self, group: str) -> list[Rule]:
        """The enabled rules of `group`, in order."""
        return [rule for rule in self.rules if rule.group == group and rule.enabled]
