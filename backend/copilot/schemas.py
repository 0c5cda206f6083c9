"""Wire types of the copilot and of knowledge."""

from typing import Annotated, Any, Literal

from pydantic import Field

from backend.core.text import Body, JsonObject, Key, Line
from backend.core.wire import UtcInstant, Wire

Format = Literal["markdown", "html", "text"]


class ChatAsked(Wire):
    """A question. Without a conversation a new one begins; all else is what is on the member's screen."""

    message: Annotated[Body, Field(max_length=4_000)]
    conversation_id: Key | None = None
    incidence_id: Key | None = None
    customer_id: Key | None = None
    playbook_id: Key | None = None
    rule_set: Key | None = None


class CitationRead(Wire):
    """A piece of a document that an answer rests on. `number` is how the answer names it: [1]."""

    number: int
    chunk_id: str
    document_id: str
    title: str
    heading: str
    quote: str


class ProposalRead(Wire):
    """What a person may do by a key press: `draft` is a text for the draft of a case, which never sends by itself; all else
    is a tool that changes something."""

    id: str
    kind: str
    words: str
    arguments: dict[str, Any]
    state: Literal["OPEN", "DONE"] = "OPEN"


class CallRead(Wire):
    """A tool that was called, and how that went."""

    tool: str
    arguments: dict[str, Any]
    ok: bool
    words: str
    """Of a refusal, why."""


class MessageRead(Wire):
    """A question or an answer. `by` is the model that answered; none when it was answered without one."""

    id: str
    place: int
    role: Literal["member", "copilot"]
    text: str
    by: str | None
    calls: list[CallRead]
    citations: list[CitationRead]
    proposals: list[ProposalRead]
    is_whole: bool
    created_at: UtcInstant


class ConversationBrief(Wire):
    id: str
    title: str
    created_at: UtcInstant
    updated_at: UtcInstant


class ConversationName(Wire):
    """Another name of a conversation; its first question is the name it begins with."""

    title: Annotated[Line, Field(max_length=80)]


class ConversationRead(ConversationBrief):
    """A conversation with its messages, the oldest first."""

    messages: list[MessageRead]


class ToolRead(Wire):
    """A tool that the caller may use. `changes`: it is only proposed, and a person carries it out."""

    name: str
    description: str
    schema_: dict[str, Any] = Field(alias="schema")
    changes: bool


class ToolList(Wire):
    items: list[ToolRead]
    model: str | None
    """The model that answers questions; none when they are answered without one."""


class ToolAsked(Wire):
    arguments: JsonObject = {}


class ToolAnswer(Wire):
    """What a tool answers: data, and the same in words (Markdown)."""

    data: dict[str, Any]
    text: str
    citations: list[CitationRead]
    proposals: list[ProposalRead]


class Carried(Wire):
    """A proposal that was carried out."""

    words: str
    proposal: ProposalRead


class DocumentAdd(Wire):
    """A document to know. The same title again replaces the one before."""

    title: Line
    text: Annotated[str, Field(min_length=1, max_length=900_000)]
    format: Format = "markdown"
    source: Annotated[Line, Field(max_length=500)] | None = None


class DocumentRead(Wire):
    id: str
    title: str
    source: str | None
    format: Format
    size: int
    chunks: int
    embedded: int
    """Chunks that can be found by meaning as well as by words."""
    created_at: UtcInstant


class ChunkRead(Wire):
    """A piece of a document."""

    chunk_id: str
    document_id: str
    title: str
    heading: str
    text: str
    place: int


class DocumentShown(DocumentRead):
    """The same with its pieces."""

    pieces: list[ChunkRead]


class Hit(ChunkRead):
    """A piece that was found, and by what: words, meaning or both. `score` only orders."""

    score: float
    by: list[Literal["words", "meaning"]]


class HitList(Wire):
    items: list[Hit]
