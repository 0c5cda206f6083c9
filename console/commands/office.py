"""`holdfast keys …` and `holdfast audit …`: what admins and supervisors look after."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from console import twin
from console.output import show

if TYPE_CHECKING:
    from backend.client import Client

Id = Annotated[str, typer.Argument(help="The key's id.")]
keys = typer.Typer(help="API keys.", no_args_is_help=True)
audit = typer.Typer(help="The audit.", no_args_is_help=True)


@keys.command("list")
def list_keys(url: twin.Url = "", json: twin.Json = False) -> None:
    """All keys, without their secrets."""

    async def found(api: "Client") -> Any:
        return await api.keys.list()

    page = twin.told(twin.signed_in(url, found))
    rows = [
        (
            one["id"],
            one["hint"],
            "revoked" if one["revokedAt"] else "in use" if one["lastUsedAt"] else "unused",
            one["name"] + (f" · pages of {', '.join(one['origins'])}" if one.get("origins") else ""),
        )
        for one in page["items"]
    ]
    show(twin.table(rows) if rows else "There is no key.", page, as_json=json)


@keys.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="What it is for.")],
    scope: Annotated[list[str] | None, typer.Option(help="What it may do; again for more. All when left out.")] = None,
    origin: Annotated[
        list[str] | None,
        typer.Option(
            help="For pages there, such as https://app.example.com; again for more. Then everybody can read it."
        ),
    ] = None,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """A new key. It is shown this once."""
    from pydantic import ValidationError

    from backend.identity.schemas import KeyCreate
    from console.output import fail

    try:
        body = KeyCreate.model_validate({"name": name, "origins": origin} | ({"scopes": scope} if scope else {}))
    except ValidationError as error:
        fail(str(error.errors()[0]["msg"]).removeprefix("Value error, "))

    async def created(api: "Client") -> Any:
        return await api.keys.create(body)

    _shown_once(twin.told(twin.signed_in(url, created)), json)


@keys.command("rotate")
def rotate_key(id: Id, url: twin.Url = "", json: twin.Json = False) -> None:
    """Another secret for a key; the old one stops at once."""

    async def rotated(api: "Client") -> Any:
        return await api.keys.rotate(id)

    _shown_once(twin.told(twin.signed_in(url, rotated)), json)


@keys.command("revoke")
def revoke_key(id: Id, url: twin.Url = "", json: twin.Json = False) -> None:
    """End a key for good."""

    async def revoked(api: "Client") -> None:
        await api.keys.revoke(id)

    twin.signed_in(url, revoked)
    show(f"{id} is revoked.", {"id": id, "revoked": True}, as_json=json)


def _shown_once(key: dict[str, Any], json: bool) -> None:
    words = f"{key['key']}\nThis is shown once. Id {key['id']}; may: {', '.join(key['scopes'])}."
    if secret := key.get("customerSecret"):
        words += f"\n{secret}\nSo is this: keep it on your server, to sign customer ids with it (customerToken)."
    show(words, key, as_json=json)


@audit.command("list")
def list_audit(
    type: Annotated[str, typer.Option(help="Only events of this type.")] = "",
    subject: Annotated[str, typer.Option(help="Only events about this id.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """What happened, newest first."""

    async def found(api: "Client") -> dict[str, Any]:
        return await api.audit.list(type=type or None, subject=subject or None, limit=limit)

    page = twin.signed_in(url, found)
    rows = [
        (str(one["seq"]), str(one["at"])[:19], str((one.get("actor") or {}).get("name") or ""), str(one["type"]))
        for one in page["items"]
    ]
    show(twin.table(rows) if rows else "Nothing happened.", page, as_json=json)


@audit.command()
def verify(url: twin.Url = "", json: twin.Json = False) -> None:
    """Prove that nobody changed the past. Exit code 1 when somebody did."""

    async def proven(api: "Client") -> dict[str, Any]:
        return await api.audit.verify()

    verdict = twin.signed_in(url, proven)
    whole = f"The chain is whole: {verdict.get('events')} events."
    broken = f"The chain is BROKEN at event {verdict.get('firstBroken')}: it {verdict.get('reason')}."
    show(whole if verdict["isWhole"] else broken, verdict, as_json=json)
    if not verdict["isWhole"]:
        raise SystemExit(1)


def register(app: typer.Typer) -> None:
    app.add_typer(keys, name="keys")
    app.add_typer(audit, name="audit")
