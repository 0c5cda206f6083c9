"""`holdfast copilot …`: asking, and one's own conversations."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from console import twin
from console.output import fail, show

if TYPE_CHECKING:
    from backend.client import Client

group = typer.Typer(help="Ask about cases, customers, rules, numbers and documents.", no_args_is_help=True)
Id = Annotated[str, typer.Argument(help="The conversation's id, as `list` tells it.")]


@group.command()
def ask(
    question: Annotated[str, typer.Argument(help="What you want to know.")],
    case: Annotated[str, typer.Option(help="The case that “this case” means: its ref or id.")] = "",
    customer: Annotated[str, typer.Option(help="The customer that “this customer” means.")] = "",
    playbook: Annotated[str, typer.Option(help="The playbook that “this playbook” means: its name or id.")] = "",
    rules: Annotated[str, typer.Option(help="The rule set that “these rules” means.")] = "",
    conversation: Annotated[str, typer.Option(help="Go on with a conversation.")] = "",
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Ask, and read the answer with the tools and documents it was made of."""
    from backend.copilot.schemas import ChatAsked

    given = {"incidence_id": case, "customer_id": customer, "playbook_id": playbook, "rule_set": rules}
    given["conversation_id"] = conversation
    body = ChatAsked(message=question, **{name: value for name, value in given.items() if value})

    async def asked(api: "Client") -> list[dict[str, Any]]:
        return [part async for part in api.copilot.chat(body)]

    parts = twin.signed_in(url, asked)
    answer = next((part["message"] for part in parts if part["type"] == "done"), None)
    trouble = next((part["message"] for part in parts if part["type"] == "error"), "")
    if answer is None:
        fail(trouble or "the answer broke off; ask again")
    about = {"conversationId": parts[0]["conversationId"], "model": answer["by"], "trouble": trouble or None}
    show(_told(answer, trouble), about | answer, as_json=json)


def _told(answer: dict[str, Any], trouble: str) -> str:
    from widgets.plain import plain

    lines = ["\n".join(plain(line) for line in answer["text"].split("\n"))]
    lines += [
        plain(f"  tool: {one['tool']} {'' if one['ok'] else '– ' + one['words']}".rstrip()) for one in answer["calls"]
    ]
    lines += [plain(f"  [{one['number']}] {one['title']}, {one['heading']}") for one in answer["citations"]]
    lines += [plain(f"  proposal {one['id']}: {one['words']}") for one in answer["proposals"]]
    if trouble:
        lines.append(f"  {plain(trouble)}")
    return "\n".join(lines)


@group.command("list")
def list_conversations(
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many.")] = 20,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Your conversations, the one you last asked something in first. Nobody else sees them."""
    page = twin.told(twin.signed_in(url, lambda api: api.copilot.conversations(limit=limit)))
    rows = [("id", "when", "about"), *((one["id"], one["updatedAt"][:16], one["title"]) for one in page["items"])]
    show(twin.table(rows) if page["items"] else "You have asked nothing yet.", page, as_json=json)


@group.command("show")
def show_conversation(id: Id, url: twin.Url = "", json: twin.Json = False) -> None:
    """One of your conversations."""
    one = twin.told(twin.signed_in(url, lambda api: api.copilot.conversation(id)))
    text = "\n\n".join(("> " if said["role"] == "member" else "") + _told(said, "") for said in one["messages"])
    show(text, one, as_json=json)


@group.command()
def rename(
    id: Id,
    title: Annotated[str, typer.Argument(help="Its new name.")],
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Give one of your conversations another name."""
    one = twin.told(twin.signed_in(url, lambda api: api.copilot.rename(id, title)))
    show(f"It is called {one['title']} now.", one, as_json=json)


@group.command()
def forget(id: Id, url: twin.Url = "") -> None:
    """Erase one of your conversations."""
    twin.signed_in(url, lambda api: api.copilot.forget(id))
    typer.echo("It is erased.")


@group.command("do")
def carry_out(
    conversation: Id,
    proposal: Annotated[str, typer.Argument(help="The proposal's id, as the answer tells it.")],
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Do what was proposed, by your own rights."""
    done = twin.told(twin.signed_in(url, lambda api: api.copilot.carry_out(conversation, proposal)))
    show(done["words"], done, as_json=json)


@group.command()
def tools(url: twin.Url = "", json: twin.Json = False) -> None:
    """What the copilot can look up for you, and which model answers."""
    found = twin.told(twin.signed_in(url, lambda api: api.copilot.tools()))
    rows = [("tool", "what it tells"), *((one["name"], one["description"]) for one in found["items"])]
    model = found["model"] or "no model: questions are answered by the tools alone"
    show(f"{model}\n\n{twin.table(rows)}", found, as_json=json)


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="copilot")
