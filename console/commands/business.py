"""`holdfast business …`: the businesses that one works at."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from console import twin
from console.output import fail, show

if TYPE_CHECKING:
    from backend.client import Client

group = typer.Typer(help="The businesses that you work at.", no_args_is_help=True)


@group.command("list")
def list_businesses(url: twin.Url = "", json: twin.Json = False) -> None:
    """All of them, and at which you are."""

    async def asked(api: "Client") -> Any:
        here = (await api.identity.me()).business.id
        items = [twin.told(one) for one in (await api.businesses.list()).items]
        return {"items": [one | {"isCurrent": one["id"] == here} for one in items]}

    page = twin.signed_in(url, asked)
    rows = [
        ("→" if one["isCurrent"] else " ", one["name"], one["currency"], one["timeZone"], one["id"])
        for one in page["items"]
    ]
    show(twin.table(rows), page, as_json=json)


@group.command()
def create(
    name: Annotated[str, typer.Argument(help="What it is called.")],
    currency: Annotated[str, typer.Option(help="ISO code.")] = "INR",
    time_zone: Annotated[str, typer.Option(help="IANA zone.")] = "Asia/Kolkata",
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Another one, whose owner you are. `holdfast business switch` goes there."""
    from pydantic import ValidationError

    from backend.identity.schemas import BusinessCreate

    try:
        body = BusinessCreate(name=name, currency=currency.upper(), time_zone=time_zone)
    except ValidationError as error:
        first = error.errors()[0]
        fail(f"{first['loc'][0]}: {first['msg'].removeprefix('Value error, ')}")
    one = twin.told(twin.signed_in(url, lambda api: api.businesses.create(body)))
    show(f"{one['name']} is there. Go: holdfast business switch {one['id']}", one, as_json=json)


@group.command()
def switch(
    business: Annotated[str, typer.Argument(help="Its name, the start of it, or its id.")],
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Go to another one. A console that is open with this sign-in asks to sign in again."""

    async def go(api: "Client") -> Any:
        word = business.casefold()
        items = (await api.businesses.list()).items
        found = [one for one in items if business == one.id or one.name.casefold() == word]
        found = found or [one for one in items if one.name.casefold().startswith(word)]
        if len(found) != 1:
            fail(
                f"{'several' if found else 'none'} of your businesses: {business!r}. Look at `holdfast business list`."
            )
        answer = await api.identity.switch(found[0].id)
        return {"business": twin.told(answer.business), "role": answer.role}

    answer = twin.signed_in(url, go)
    show(f"You are at {answer['business']['name']} now, as {answer['role']}.", answer, as_json=json)


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="business")
