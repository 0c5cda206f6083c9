"""A tool: what the copilot can look up or propose. Declared once, offered to the model, over MCP and to the planner."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from backend.core.errors import Failure, Forbidden, Invalid, NotFound
from backend.core.text import clean_json
from backend.identity.permissions import TABLE, Access
from backend.work import Work


class Arguments(BaseModel):
    """What a tool takes. A name nobody knows is refused: a model that invents one should hear of it."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, populate_by_name=True)


class Nothing(Arguments):
    """A tool that takes nothing."""


@dataclass(frozen=True)
class Citation:
    """A piece of a document that an answer rests on."""

    chunk_id: str
    document_id: str
    title: str
    heading: str
    quote: str


@dataclass(frozen=True)
class Proposal:
    """Something that a person may do with a key press: put `text` into the draft of a case, or run `tool`."""

    kind: str
    """draft, or the name of the tool that changes something."""
    words: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Told:
    """What a tool answers: `data` for a model, `text` (Markdown) for a person, and of whom it speaks."""

    data: Mapping[str, Any]
    text: str
    customer_ids: frozenset[str] = frozenset()
    citations: tuple[Citation, ...] = ()
    proposals: tuple[Proposal, ...] = ()


class Does(Protocol):
    """Runs a tool in one unit, with the caller's own permissions."""

    def __call__(self, work: Work, asked: Any, /) -> Told: ...


@dataclass(frozen=True)
class Tool:
    """`path` is the line of the permission table whose callers may use it."""

    name: str
    description: str
    arguments: type[Arguments]
    path: tuple[str, str]
    does: Does
    changes: bool = False
    """Never run for a model: it becomes a proposal."""
    words: str = ""
    """Of a tool that changes something, what a key press would do; arguments stand in braces."""
    embeds: str = ""
    """The argument whose meaning is looked for: `does` then also takes `vector`, its embedding or None."""

    @property
    def access(self) -> Access:
        return TABLE[self.path]

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON schema of its arguments."""
        return {key: value for key, value in self.arguments.model_json_schema().items() if key != "description"}

    def read(self, arguments: Any) -> Arguments:
        """Arguments as a model sent them, checked and cleaned. Invalid, with every problem in words, otherwise."""
        if not isinstance(arguments, dict):
            raise Invalid(f"{self.name}: the arguments are no JSON object.", code="ARGUMENTS_INVALID")
        try:
            return self.arguments.model_validate(clean_json(arguments))
        except ValidationError as error:
            problems = [
                f"{'.'.join(str(part) for part in one['loc']) or 'arguments'}: {one['msg']}" for one in error.errors()
            ]
            raise Invalid(f"{self.name}: {'; '.join(problems[:5])}", code="ARGUMENTS_INVALID") from None


@dataclass
class Toolbox:
    """Every tool by its name."""

    tools: dict[str, Tool] = field(default_factory=dict)

    def add(
        self,
        path: tuple[str, str],
        arguments: type[Arguments] = Nothing,
        *,
        changes: bool = False,
        words: str = "",
        embeds: str = "",
    ) -> Callable[[Any], Any]:
        """Offer a function as a tool under its own name; its docstring is what a model reads."""

        def added(does: Any) -> Any:
            description = " ".join((does.__doc__ or "").split())
            tool = Tool(does.__name__, description, arguments, path, does, changes, words, embeds)
            self.tools[tool.name] = tool
            return does

        return added

    def allowed(self, role: str | None) -> list[Tool]:
        """The tools that a role may use."""
        return [tool for tool in self.tools.values() if role in tool.access.roles]

    def named(self, name: str, role: str | None) -> Tool:
        """The tool called `name`. NotFound for none, Forbidden for one that the role may not use."""
        tool = self.tools.get(name)
        if tool is None:
            raise NotFound(f"There is no tool {name[:60]!r}.", code="NO_SUCH_TOOL")
        if role not in tool.access.roles:
            needed = tool.access.role
            raise Forbidden(f"{name} needs the role {needed} or higher; yours is {role}.", code="ROLE_MISSING")
        return tool


TOOLS = Toolbox()


def refused(failure: Failure) -> Told:
    """A refusal as an answer: the model reads why, and may do better."""
    return Told({"error": failure.error_code, "message": failure.message}, failure.message)
