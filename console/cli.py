"""The `holdfast` command. Each file of `console.commands` named here adds its own by `register(app)`.

Commands import what they need when they run, so that `holdfast --help` costs nothing of the rest.
"""

from importlib import import_module

import typer

COMMANDS = {
    "demo": "demo",
    "tour": "tour",
    "console": "console",
    "doctor": "doctor",
    "sign_in": "sign-in",
    "account": "join account password",
    "business": "business",
    "members": "members",
    "queue": "queue next",
    "incidence": "incidence",
    "teamwork": "incidence",
    "bulk": "bulk",
    "macro": "macro",
    "views": "views",
    "escalation": "escalation",
    "action": "action",
    "approval": "approval",
    "floor": "floor availability capacity",
    "alerts": "alerts",
    "delivery": "delivery",
    "jobs": "monitoring jobs",
    "notifications": "notifications",
    "customer": "customer",
    "risk": "risk",
    "subscription": "subscription",
    "subscriptions": "subscription",
    "stripe": "stripe",
    "finance": "finance",
    "copilot": "copilot",
    "knowledge": "knowledge",
    "mcp": "mcp",
    "analytics": "analytics",
    "dashboard": "dashboard",
    "engine": "route friction",
    "rules": "rules",
    "integration": "integrations",
    "intervention": "intervention",
    "import_customers": "import",
    "flow": "flow",
    "playbook": "playbook",
    "retention": "retention",
    "office": "keys audit",
    "serve": "serve worker",
    "init": "init",
    "migrate": "migrate",
    "backup": "backup backups restore",
    "openapi": "openapi",
    "bench": "bench",
}
"""File -> the names of the commands and groups that it adds, or adds to."""


def command_line(first: str = "") -> typer.Typer:
    """The whole command line; no more of it than the command `first` needs, if there is one of that name."""
    app = typer.Typer(
        name="holdfast",
        help="The terminal desk for support and retention teams.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    wanted = [file for file, names in COMMANDS.items() if first in names.split()]
    for file in wanted or COMMANDS:
        import_module(f"console.commands.{file}").register(app)
    app.callback()(lambda: None)  # a command alone would be the whole command line otherwise
    return app
