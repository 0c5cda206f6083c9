"""`holdfast demo`: the whole product on a world of its own, without setting anything up."""

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from console.output import fail
from console.splash import splash

if TYPE_CHECKING:
    from backend.demo.place import Place

Role = Literal["agent", "supervisor", "admin", "owner"]
SEED = 7


def demo(
    role: Annotated[Role, typer.Option(help="As whom the console signs in.")] = "agent",
    seed: Annotated[int, typer.Option(help="Another number is another world.")] = SEED,
    speed: Annotated[float, typer.Option(help="How fast customers act; 1 is as in life.", min=0.1, max=100)] = 1.0,
    console: Annotated[bool, typer.Option(help="Open the console; without it, print where and how to sign in.")] = True,
    keep: Annotated[Path | None, typer.Option(help="Keep the world in this folder and go on there next time.")] = None,
    port: Annotated[int, typer.Option(help="The port to answer on; 0 takes a free one.", min=0, max=65_535)] = 0,
) -> None:
    """Try the product: a real backend with a seeded world and customers who act. Nothing is left behind.

    With --no-console, one line of JSON says where everything is; `page` is a customer's account page, to cancel in.
    """
    if console and not (sys.stdin.isatty() and sys.stdout.isatty()):
        from console.tour.guide import guide

        raise SystemExit(guide(None, seed=seed))
    try:
        with _folder(keep) as folder:
            if console:
                _open_console(folder, role, seed, speed, port, is_kept=keep is not None)
            else:
                _serve(folder, seed, speed, port)
    except OSError as error:
        fail(f"the demo cannot be kept or answer there: {error.strerror or error}. Try another --keep or --port.")


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        yield keep.expanduser().absolute()
        return
    with tempfile.TemporaryDirectory(prefix="holdfast-demo-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def command(folder: Path, *flags: str, port: int, seed: int, speed: float = 1.0) -> list[str]:
    """What starts the demo's backend as a child that answers on `port`; for `flags` see `backend.demo.__main__`."""
    line = [sys.executable, "-m", "backend.demo", "--folder", str(folder), "--port", str(port)]
    return [*line, "--seed", str(seed), "--speed", str(speed), *flags]


def _open_console(folder: Path, role: str, seed: int, speed: float, port: int, *, is_kept: bool) -> None:
    # Drafts, logs and settings of the demo stay with the demo.
    os.environ.setdefault("HOLDFAST_HOME", str(folder / "console"))
    with splash("opening a world of its own …"):
        from console.connection import Target, begin, free_port, log_file

        port = port or free_port()
        started = command(folder, *([] if is_kept else ["--throw-away"]), port=port, seed=seed, speed=speed)
        child = begin(started, log_file())
        from backend.demo.cast import PASSWORD, STAFF  # while the child starts: it takes as long as all of this
        from console.app import run

    email, url = next(one.email for one in STAFF if one.role == role), f"http://127.0.0.1:{port}"
    run(Target(url, command=started, child=child, email=email, password=PASSWORD, is_passing=True))


def _serve(folder: Path, seed: int, speed: float, port: int) -> None:
    from backend.demo.serve import serve

    def ready(place: "Place", url: str) -> None:
        print(json.dumps(_about(place, url), ensure_ascii=False), flush=True)

    serve(folder, seed=seed, speed=speed, port=port, on_ready=ready)


def _about(place: "Place", url: str) -> dict[str, Any]:
    from backend.demo.cast import BUSINESS, PASSWORD, STAFF

    people = [{"role": one.role, "email": one.email, "password": PASSWORD, "name": one.name} for one in STAFF]
    return {
        "url": url,
        "page": place.page,
        "business": BUSINESS,
        "seed": place.seed,
        "signIns": people,
        "apiKey": place.api_key,
        "freshchatPublicKey": place.settings.freshchat_public_key,
        "freshchatPrivateKey": str(place.private_key_path),
        "folder": str(place.folder),
    }


def register(app: typer.Typer) -> None:
    app.command()(demo)
