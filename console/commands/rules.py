"""`holdfast rules …`: the rule sets in force, trying a draft on the real past, publishing it, and taking it back."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from console import twin
from console.output import fail, show

if TYPE_CHECKING:
    from backend.client import Client

Kind = Annotated[str, typer.Argument(help="A rule set, such as friction.")]
File = Annotated[
    Path,
    typer.Option("--file", help="JSON with `rules`, `settings` or both, such as `holdfast rules KIND --json` prints."),
]
Reason = Annotated[str, typer.Option(help="Why; kept with the version.")]
Seen = Annotated[
    int | None, typer.Option(help="The version that you saw; that in the file, or else the one in force now.", min=1)
]
_PARTS = ("settings", "rules")
_MOST_CHANGES = 20


class _ShowsByDefault(TyperGroup):
    """`holdfast rules friction` and `holdfast rules` mean `show`, as no rule set is called like a verb."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        is_verb = bool(args) and (args[0] in self.commands or args[0] == "--help")
        return super().parse_args(ctx, args if is_verb else ["show", *args])


group = typer.Typer(cls=_ShowsByDefault, help="The rule sets: show, try, publish, take back.")


@group.command("show")
def show_rules(
    kind: Annotated[str, typer.Argument(help="A rule set, such as friction; none for the list.")] = "",
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """The rule sets in force, or the rules of one in plain words."""

    async def found(api: "Client") -> dict[str, Any]:
        return await (api.rules.show(kind) if kind else api.rules.list())

    answer = twin.signed_in(url, found)
    if not kind:
        rows = [(one["kind"], f"version {one['version']}", f"{one['rules']} rules") for one in _items(answer)]
        show(twin.table(rows), answer, as_json=json)
        return
    head = (f"{answer['label']}, version {answer['version']}", "", "")
    sentences = zip(answer["rules"], answer["words"], strict=True)
    rows = [(rule["id"], rule["group"], words) for rule, words in sentences]
    show(_text(twin.table([head, *rows]), answer["warnings"]), answer, as_json=json)


@group.command()
def versions(kind: Kind, url: twin.Url = "", json: twin.Json = False) -> None:
    """What was published, newest first."""

    async def found(api: "Client") -> dict[str, Any]:
        return await api.rules.versions(kind)

    answer = twin.signed_in(url, found)
    rows = [(str(one["version"]), one["publishedAt"] or "", one["reason"]) for one in _items(answer)]
    show(twin.table(rows), answer, as_json=json)


@group.command("version")
def one_version(
    kind: Kind, version: Annotated[int, typer.Argument(min=1)], url: twin.Url = "", json: twin.Json = False
) -> None:
    """The rules as they were in a version, in plain words."""

    async def found(api: "Client") -> dict[str, Any]:
        return await api.rules.version(kind, version)

    answer = twin.signed_in(url, found)
    head = f"{answer['label']}, version {version}: {answer['reason']}"
    show(
        _text(twin.table([(head,), *((words,) for words in answer["words"])]), answer["warnings"]), answer, as_json=json
    )


@group.command()
def diff(
    kind: Kind,
    before: Annotated[int, typer.Argument(min=1, help="A version.")],
    after: Annotated[int, typer.Argument(min=1, help="Another one.")],
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """What one version changed of another, rule by rule."""

    async def found(api: "Client") -> dict[str, Any]:
        return await api.rules.diff(kind, before, after)

    answer = twin.signed_in(url, found)
    show(_changes_in_words(answer["changes"]), answer, as_json=json)


@group.command()
def vocabulary(kind: Kind, url: twin.Url = "", json: twin.Json = False) -> None:
    """What conditions may ask about: the facts, with their types and operators."""

    async def found(api: "Client") -> dict[str, Any]:
        return await api.rules.vocabulary(kind)

    answer = twin.signed_in(url, found)
    rows = [(fact["name"], fact["type"], " ".join(fact["operators"]), fact["doc"]) for fact in answer["facts"]]
    show(twin.table(rows), answer, as_json=json)


@group.command()
def check(kind: Kind, file: File, url: twin.Url = "", json: twin.Json = False) -> None:
    """What is wrong with the rules in a file, and what they would change. Exits with 1 when they could not run."""
    draft = {part: value for part, value in _read(file).items() if part in _PARTS}

    async def checked(api: "Client") -> dict[str, Any]:
        return await api.rules.check(kind, draft)

    answer = twin.signed_in(url, checked)
    problems = [(one["field"], one["reason"], one["hint"]) for one in answer["problems"]]
    text = twin.table(problems) if problems else _changes_in_words(answer["changes"])
    show(_text(text, answer["warnings"]), answer, as_json=json)
    if problems:
        raise SystemExit(1)


@group.command("dry-run")
def dry_run(
    kind: Kind,
    file: File,
    days: Annotated[int, typer.Option(help="How far back.", min=1, max=90)] = 7,
    limit: Annotated[int, typer.Option(help="How many changed decisions to answer.", min=1, max=500)] = 100,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """What the rules in a file would have decided of the last days. Changes nothing."""
    draft = {part: value for part, value in _read(file).items() if part in _PARTS}

    async def tried(api: "Client") -> dict[str, Any]:
        return await api.rules.dry_run(kind, {**draft, "days": days, "limit": limit})

    answer = twin.signed_in(url, tried)
    show(_diff_in_words(answer), answer, as_json=json)


@group.command()
def publish(
    kind: Kind, file: File, reason: Reason, version: Seen = None, url: twin.Url = "", json: twin.Json = False
) -> None:
    """Put the rules in a file in force, at once."""
    document = _read(file)
    draft = {part: value for part, value in document.items() if part in _PARTS}
    seen = version or document.get("version")

    async def published(api: "Client") -> dict[str, Any]:
        body = {"version": seen or await _in_force(api, kind), "reason": reason}
        return await api.rules.publish(kind, body | draft)

    _told(twin.signed_in(url, published), json)


@group.command()
def rollback(
    kind: Kind,
    to: Annotated[int, typer.Argument(help="The version to put in force again.", min=1)],
    reason: Reason,
    version: Seen = None,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Put an old version in force again, as a new one."""

    async def restored(api: "Client") -> dict[str, Any]:
        return await api.rules.rollback(kind, version or await _in_force(api, kind), to, reason)

    _told(twin.signed_in(url, restored), json)


def _told(answer: dict[str, Any], as_json: bool) -> None:
    line = twin.table([(f"{answer['label']} is at version {answer['version']} now.",)])
    show(_text(line, answer["warnings"]), answer, as_json=as_json)


async def _in_force(api: "Client", kind: str) -> int:
    return int((await api.rules.show(kind))["version"])


def _read(file: Path) -> dict[str, Any]:
    """The document in `file`; exits with words when it holds nothing to try."""
    from json import loads

    try:
        document = loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}.")
    except (ValueError, RecursionError) as error:
        fail(f"{file} is not JSON: {error}.")
    if not isinstance(document, dict) or not any(part in document for part in _PARTS):
        fail(f"{file} holds neither `rules` nor `settings`.")
    return document


def _diff_in_words(answer: dict[str, Any]) -> str:
    whole = "" if answer["isComplete"] else " (the past is longer; these were looked at)"
    counted = f"{answer['cases']:,} cases in {answer['days']} days{whole}: {answer['changed']:,} would have changed."
    outcomes = [(f"{row['count']:,}", f"{row['before']}  →  {row['after']}") for row in answer["byOutcome"]]
    shown = answer["changes"][:_MOST_CHANGES]
    changes = [(row["ref"], f"{_rules(row['rulesBefore'])} → {_rules(row['rulesAfter'])}", row["why"]) for row in shown]
    parts = [twin.table([(counted,), (answer["source"],)])]
    parts += [twin.table(rows) for rows in (outcomes, changes) if rows]
    return _text("\n\n".join(parts), answer["warnings"])


def _changes_in_words(changes: Sequence[dict[str, Any]]) -> str:
    if not changes:
        return "Nothing is different."
    rows = []
    for one in changes:
        rows += [(one["what"] if at == 0 else "", sign, text) for at, (sign, text) in enumerate(_signed(one))]
    return twin.table(rows)


def _signed(one: dict[str, Any]) -> list[tuple[str, str]]:
    if one["before"] == one["after"]:
        return [("~", one["after"])]
    return [(sign, text) for sign, text in (("-", one["before"]), ("+", one["after"])) if text is not None]


def _rules(ids: Sequence[str]) -> str:
    return ", ".join(ids) or "no rule"


def _text(text: str, warnings: Sequence[str]) -> str:
    return f"{text}\n\n{twin.table([(warning,) for warning in warnings])}" if warnings else text


def _items(answer: dict[str, Any]) -> list[dict[str, Any]]:
    found = answer.get("items")
    if not isinstance(found, list):
        fail("the server's answer has no list; it may be of another version.")
    return found


@group.command()
def keeping(url: twin.Url = "", json: twin.Json = False) -> None:
    """For how many days what is kept, and how much of it was forgotten (admins); `publish keeping` changes the days."""
    told = twin.told(twin.signed_in(url, lambda api: api.rules.keeping()))
    rows = [("days", "last night", "in all", "when", "what")]
    for one in told["items"]:
        counts = (str(one[name]) for name in ("days", "lastCount", "total"))
        rows.append((*counts, (one["lastAt"] or "never")[:16].replace("T", " "), one["label"]))
    show(twin.table(rows), told, as_json=json)


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="rules")
