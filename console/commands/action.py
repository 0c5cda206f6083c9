"""`holdfast action …`: what may be done to an incidence, and doing it."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from console import twin
from console.output import fail, show

if TYPE_CHECKING:
    from backend.client import Client

Id = Annotated[str, typer.Argument(help="The incidence's id, or its reference such as INC-1042.")]
HEADINGS = ("action", "may it", "rule", "why")

group = typer.Typer(help="What an agent may do to an incidence, as the rules say, and doing it.", no_args_is_help=True)


@group.command("list")
def listed(id: Id, url: twin.Url = "", json: twin.Json = False) -> None:
    """Every action, with what the rules say of it now and what it takes."""

    async def actions(api: "Client") -> Any:
        return [one.model_dump(mode="json", by_alias=True) for one in (await api.agent.dashboard(id)).actions]

    found = twin.signed_in(url, actions)
    show(twin.table([HEADINGS, *map(_cells, found)]), found, as_json=json)


@group.command()
def run(
    id: Id,
    action: Annotated[str, typer.Argument(help="Its name, such as apply-discount.")],
    params: Annotated[str, typer.Option(help="What it takes, as JSON: '{\"percent\": 5}'.")] = "{}",
    version: Annotated[int | None, typer.Option(help="Refuse unless it is still at this version.", min=1)] = None,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Do it. When a supervisor has to agree they are asked; that, like a block, ends with 1."""
    given = _parsed(params)

    async def acted(api: "Client") -> dict[str, Any]:
        from pydantic import ValidationError

        from backend.agent.schemas import ActionAsk
        from backend.client import ApiError
        from backend.core.ids import new_id

        at = version or (await api.incidences.show(id)).version
        try:
            body = ActionAsk.model_validate({"type": _spelled(action), "version": at, "params": given})
        except ValidationError:
            fail(f"there is no action {action!r}; `holdfast action list` tells them.")
        try:
            answer = await api.agent.act(id, body, idempotency_key=new_id())
        except ApiError as error:
            if error.code not in ("ACTION_BLOCKED", "APPROVAL_REQUIRED"):
                raise
            return {"allowed": False, "code": error.code, "message": error.message, "details": error.details}
        return answer.model_dump(mode="json", by_alias=True)

    answer = twin.signed_in(url, acted)
    if answer["allowed"]:
        row = answer["incidence"]
        show(f"{row['ref']}: {_worded(action)} is done (version {row['version']}).", answer, as_json=json)
        return
    if json:
        show("", answer, as_json=True)
        raise SystemExit(1)
    approval = answer["details"].get("approvalId")
    asked = f" It was asked for, until {answer['details']['expiresAt']} (approval {approval})." if approval else ""
    fail(f"{answer['message']}{asked}")


def _parsed(text: str) -> dict[str, Any]:
    import json

    try:
        given = json.loads(text)
    except ValueError as error:
        fail(f"--params is no JSON: {error}")
    if not isinstance(given, dict):
        fail("--params has to be an object, such as '{\"percent\": 5}'.")
    return given


def _spelled(words: str) -> str:
    return words.upper().replace("-", "_").replace(" ", "_")


def _worded(name: str) -> str:
    return name.replace("_", " ").replace("-", " ").lower()


def _cells(one: dict[str, Any]) -> tuple[str, ...]:
    may = "yes" if one["allowed"] else "approval" if one["needsApproval"] else "no"
    rule = f"{one['rule']} v{one['ruleVersion']}"
    return one["type"].lower().replace("_", "-"), may, rule, one["reason"] or ""


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="action")
