"""The `holdfast` command. Each file of `console.commands` named here adds its own by `register(app)`.

Commands import what they need when they run, so that `holdfast --help` costs nothing of the rest.
"""

from importlib import import_module

import typer

COMMANDS = (
    "demo",
    "tour",
    "console",
    "doctor",
    "sign_in",
    "account",
    "business",
    "members",
    "queue",
    "incidence",
    "teamwork",
    "bulk",
    "macro",
    "views",
    "escalation",
    "action",
    "approval",
    "floor",
    "alerts",
    "delivery",
    "jobs",
    "notifications",
    "customer",
    "risk",
    "subscription",
    "subscriptions",
    "stripe",
    "finance",
    "copilot",
    "knowledge",
    "mcp",
    "analytics",
    "dashboard",
    "engine",
    "rules",
    "integration",
    "intervention",
    "import_customers",
    "flow",
    "playbook",
    "retention",
    "office",
    "serve",
    "init",
    "migrate",
    "backup",
    "openapi",
    "bench",
)

app = typer.Typer(
    name="holdfast",
    help="The terminal desk for support and retention teams.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for _name in COMMANDS:
    import_module(f"console.commands.{_name}").register(app)
