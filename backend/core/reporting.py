"""Errors told to Sentry, when an installation says where. Nothing that could be anybody's leaves: no words, no variables.

What goes is the kind of the error, where in our code it was raised, and what was being done (the line of the log, the
job, the request's id), by which the full story is found in the log of this machine.
"""

from typing import TYPE_CHECKING, Any

from backend.core.log import REQUEST_ID, logger

if TYPE_CHECKING:
    import sentry_sdk

_TAGS = ("job", "attempt", "route", "method")
"""Fields of log lines that are names of ours."""
_KEPT = (
    "event_id",
    "timestamp",
    "level",
    "logger",
    "platform",
    "release",
    "environment",
    "exception",
    "message",
    "tags",
    "sdk",
)
_FRAME = ("filename", "abs_path", "module", "function", "lineno", "in_app")


def report_errors(dsn: str, release: str) -> "sentry_sdk.Client | None":
    """Tell Sentry at `dsn` of every error that is logged from now on. None, and nothing is loaded, without one."""
    if not dsn:
        return None
    import sentry_sdk
    from sentry_sdk.utils import event_from_exception

    client = sentry_sdk.Client(
        dsn,
        release=f"holdfast@{release}",
        default_integrations=False,
        auto_enabling_integrations=False,
        include_local_variables=False,
        include_source_context=False,
        send_default_pii=False,
        server_name="",
        max_breadcrumbs=0,
        send_client_reports=False,
        before_send=scrub,  # type: ignore[arg-type]
    )

    def tell(event: str, error: BaseException | None, fields: dict[str, Any]) -> None:
        told: Any = event_from_exception(error, client_options=client.options)[0] if error is not None else {}
        told |= {"level": "error", "message": event, "logger": "holdfast"}
        told["tags"] = {name: str(fields[name])[:100] for name in _TAGS if name in fields}
        if request_id := REQUEST_ID.get():
            told["tags"]["request_id"] = request_id
        client.capture_event(told)

    logger.on_error = tell
    return client


def scrub(event: dict[str, Any], _hint: Any = None) -> dict[str, Any]:
    """The event with nothing in it but what is listed here: what a library adds one day stays here too."""
    kept = {name: value for name, value in event.items() if name in _KEPT}
    values = (event.get("exception") or {}).get("values") or []
    if values:
        kept["exception"] = {"values": [_exception(one) for one in values]}
    return kept


def _exception(one: dict[str, Any]) -> dict[str, Any]:
    frames = (one.get("stacktrace") or {}).get("frames") or []
    told = [{name: frame[name] for name in _FRAME if name in frame} for frame in frames]
    return {"type": one.get("type"), "module": one.get("module"), "value": "", "stacktrace": {"frames": told}}
