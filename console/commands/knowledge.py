"""`holdfast knowledge …`: the documents that answers are found in."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console import twin
from console.output import fail, show

if TYPE_CHECKING:
    from backend.client import Client

group = typer.Typer(help="Documents that the copilot knows.", no_args_is_help=True)
_FORMATS = {".md": "markdown", ".markdown": "markdown", ".html": "html", ".htm": "html", ".txt": "text"}


@group.command()
def add(
    files: Annotated[list[Path], typer.Argument(help="Markdown, HTML or text; a folder for all of those in it.")],
    title: Annotated[str, typer.Option(help="Of one file; the file's name when left out.")] = "",
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Add documents. One of the same title is replaced."""
    from backend.copilot.schemas import DocumentAdd

    found = [one for file in files for one in (sorted(file.rglob("*")) if file.is_dir() else [file])]
    found = [one for one in found if one.suffix.lower() in _FORMATS]
    if not found:
        fail(f"there is no file to add; they end with {', '.join(_FORMATS)}")
    if title and len(found) > 1:
        fail("--title is for one file")
    try:
        bodies = [
            DocumentAdd(
                title=title or one.stem.replace("_", " ").replace("-", " "),
                text=one.read_text(errors="replace"),
                format=_FORMATS[one.suffix.lower()],
                source=one.name,
            )
            for one in found
        ]
    except (OSError, ValueError) as error:
        fail(str(error))

    async def added(api: "Client") -> list[Any]:
        return [twin.told(await api.knowledge.add(body)) for body in bodies]

    told = twin.signed_in(url, added)
    show("\n".join(f"{one['title']}: {one['chunks']} pieces, {one['id']}" for one in told), told, as_json=json)


@group.command("list")
def list_documents(url: twin.Url = "", json: twin.Json = False) -> None:
    """Every document."""
    page = twin.told(twin.signed_in(url, lambda api: api.knowledge.list()))
    rows = [("id", "title", "pieces", "by meaning", "added")]
    rows += [
        (one["id"], one["title"], str(one["chunks"]), str(one["embedded"]), one["createdAt"][:10])
        for one in page["items"]
    ]
    show(twin.table(rows) if page["items"] else "There is no document.", page, as_json=json)


@group.command()
def remove(
    id: Annotated[str, typer.Argument(help="The document's id, as `list` tells it.")], url: twin.Url = ""
) -> None:
    """Forget a document."""
    twin.signed_in(url, lambda api: api.knowledge.remove(id))
    typer.echo("It is removed.")


@group.command()
def search(
    words: Annotated[str, typer.Argument(help="What to look for.")],
    limit: Annotated[int, typer.Option(min=1, max=20, help="How many pieces.")] = 5,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """The pieces that say most about it."""
    from widgets.plain import plain

    found = twin.told(twin.signed_in(url, lambda api: api.knowledge.search(words, limit)))
    text = "\n\n".join(
        plain(f"[{number}] {one['title']} – {one['heading']} ({' and '.join(one['by'])})") + f"\n{plain(one['text'])}"
        for number, one in enumerate(found["items"], 1)
    )
    show(text or "Nothing says anything about it.", found, as_json=json)


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="knowledge")
