"""A process of the backend: `serve` answers over HTTP (and runs jobs), `work` only runs jobs."""

import asyncio
import contextlib
import ctypes
import signal
import socket
import sys
from collections.abc import Callable
from urllib.parse import urlsplit

from backend.core.log import configure
from backend.core.reporting import report_errors
from backend.migrations.run import is_current, migrate
from backend.settings import VERSION, Settings

_GRACE_SECONDS = 10
_M_ARENA_MAX = -8  # malloc.h
KEEP_ALIVE_SECONDS = 65
"""How long a connection may be idle. Longer than clients keep theirs (5 s in httpx, 60 s in many proxies): who hangs up
first must be the one who asks, or a question now and then meets a connection that is just being closed."""
_LARGEST_FRAME = 65_536  # what a client says on /live, in bytes


def prepare(settings: Settings) -> Callable[[], list[str]]:
    """Set up logs and begin to bring the database up to date; what is returned waits for that.

    It answers the revisions applied. Both raise Unusable when the database cannot be used.
    """
    configure(settings.log_level, settings.log_format)
    report_errors(settings.sentry_dsn.get_secret_value(), VERSION)
    url = settings.resolved_database_url()
    if is_current(url):
        return list
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    # In a process of its own: what migrating imports would stay in a server's memory for good, and a new database has
    # its tables by the time that a server has been imported.
    apart = ProcessPoolExecutor(1, get_context("spawn"))
    migrating = apart.submit(migrate, url)
    apart.shutdown(wait=False)
    return migrating.result


def _share_heaps() -> None:
    """Let the threads share two heaps. glibc gives each its own, and what they free is kept apart: 10 to 20 MB."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)


def shown_url(settings: Settings) -> str:
    """The database's URL as people may see it: without a password."""
    url = settings.resolved_database_url()
    password = urlsplit(url).password
    return url.replace(f":{password}@", ":…@") if password else url


def _say_ready(address: str) -> None:
    print(f"Holdfast is ready at {address}", flush=True)


def serve(
    settings: Settings,
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    run_jobs: bool = True,
    on_ready: Callable[[str], None] = _say_ready,
) -> None:
    """Answer on `host`:`port` (0: any free one) until SIGTERM or SIGINT, then finish what was begun.

    `on_ready` is called on the event loop with the URL once it answers; by default it prints a line. Unusable when
    the database cannot be used; OSError when the port is taken.
    """
    _share_heaps()
    is_ready = prepare(settings)
    listening = _listen(host, port)
    import uvicorn

    from backend.app import create_app
    from backend.core.packets import Protocol, SocketProtocol
    from backend.runtime import Runtime

    address = f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}"

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                on_ready(address)

    config = uvicorn.Config(
        create_app(Runtime.build(settings), run_jobs=run_jobs),
        http=Protocol,
        ws=SocketProtocol,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.proxies()),  # from anybody else, X-Forwarded-For would slip past the limits
        forwarded_allow_ips=settings.proxies(),
        ws_max_size=_LARGEST_FRAME,
        ws_per_message_deflate=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    is_ready()
    for number in (signal.SIGINT, signal.SIGTERM):  # uvicorn raises them once more after its own graceful stop
        signal.signal(number, lambda *_: None)
    server = Server(config)
    server.run([listening])
    if not server.started:
        raise SystemExit(1)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen()  # who comes while the rest is imported waits, and need not ask again
    except OSError:
        listening.close()
        raise
    return listening


def work(settings: Settings) -> None:
    """Run jobs and timers, and answer nothing, until SIGTERM or SIGINT."""
    is_ready = prepare(settings)
    from backend.runtime import Runtime

    async def run() -> None:
        stopping = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
        runtime = Runtime.build(settings)
        await runtime.start(run_jobs=False)
        try:
            runtime.worker = runtime.make_worker()
            await runtime.worker.start()
            print("Holdfast runs jobs", flush=True)
            await stopping.wait()
        finally:
            await runtime.close()

    is_ready()
    asyncio.run(run())
