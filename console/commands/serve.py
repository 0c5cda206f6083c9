"""`holdfast serve` and `holdfast worker`."""

import gc
from typing import Annotated

import typer

from console.options import DatabaseUrl, DataDir, settings
from console.output import fail


def serve(
    database_url: DatabaseUrl = "",
    host: Annotated[str, typer.Option(help="The address to answer on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to answer on; 0 takes a free one.", min=0, max=65_535)] = 8000,
    data_dir: DataDir = None,
    trusted_proxies: Annotated[
        str,
        typer.Option(
            help="Proxies in front, whose X-Forwarded-For and -Proto are believed: addresses or networks with commas "
            "between, such as 10.0.0.7,172.16.0.0/12. Without them every limit counts the proxy as the one who asks."
        ),
    ] = "",
    jobs: Annotated[bool, typer.Option(help="Run jobs and timers in this process too.")] = True,
) -> None:
    """Run the backend: HTTP, the live feed and jobs."""
    gc.disable()  # nothing made at start-up is garbage; `create_app` freezes it and turns the collector on
    from backend import server
    from backend.migrations.run import Unusable

    try:
        found = settings(database_url, data_dir, trusted_proxies=trusted_proxies)
        server.serve(found, host, port, run_jobs=jobs)
    except Unusable as error:
        fail(str(error))
    except OSError as error:
        fail(f"cannot answer on {host}:{port}: {error.strerror or error}. Give another --port.")


def worker(database_url: DatabaseUrl = "", data_dir: DataDir = None) -> None:
    """Run jobs and timers only, beside servers on the same database."""
    from backend import server
    from backend.migrations.run import Unusable

    try:
        server.work(settings(database_url, data_dir))
    except Unusable as error:
        fail(str(error))


def register(app: typer.Typer) -> None:
    app.command()(serve)
    app.command()(worker)
