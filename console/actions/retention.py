"""The retention board and cancel flows."""

from console.actions.action import Action, Argument
from console.actions.screens import FINANCE, FLOW, FLOW_TRIAL, FLOW_VERSIONS, FLOW_YAML, INTERVENTIONS, RETENTION

# fmt: off
RETENTION_WORK: tuple[Action, ...] = (
    # Retention
    Action("run_days", "Days", ("d",), "Find", "Runs that began on the last so many days: 30, 180, 365.", verb="days",
           screens=(RETENTION,), needs=("online",), argument=Argument("days", "text", True), foot=2),
    Action("horizon", "Horizon", ("w",), "Find", "Payments in how many days after a run count.", screens=(RETENTION, INTERVENTIONS),
           needs=("online",), argument=Argument("horizon", "horizon"), foot=3),
    Action("paying_state", "State", ("s",), "Find", "Only subscriptions in one state.", verb="state",
           screens=(RETENTION,), needs=("online",), argument=Argument("state", "paying_state"), foot=2),
    Action("paying_order", "Order", ("S",), "Find", "Subscriptions in another order.", verb="order",
           screens=(RETENTION,), needs=("online",), argument=Argument("order", "paying_order"), foot=3),
    Action("stripe_sync", "Read Stripe", ("Y",), "Work", "Read Stripe now, not with the next webhook or sweep.",
           verb="sync", screens=(RETENTION, FINANCE), role="admin", needs=("online",), foot=4),
    # Flows
    Action("flow_edit", "YAML", ("e",), "Work", "The steps as YAML: read them, or write the next document.", verb="edit",
           screens=(FLOW,), foot=2),
    Action("flow_try", "Try", ("t@flow", "f8"), "Work", "Dry run: what last month's customers would have met.", verb="try",
           screens=(FLOW, FLOW_YAML), role="admin", needs=("online",), foot=3),
    Action("flow_activate", "Activate", ("A",), "Work", "Put the document before customers, with a reason.",
           verb="activate", screens=(FLOW, FLOW_VERSIONS), role="admin", needs=("online",), foot=4),
    Action("flow_versions", "Documents", ("V",), "Work", "Its documents: who wrote what, when and why.", verb="documents",
           screens=(FLOW,), needs=("online",), foot=5),
    Action("flow_new", "New from it", ("n",), "Work", "A draft with another name and the same steps.", verb="new",
           screens=(FLOW,), role="admin", needs=("online",), argument=Argument("name", "text", True), foot=6),
    Action("flow_archive", "Archive", ("D",), "Work", "Nobody meets it any more.", verb="archive", screens=(FLOW,),
           role="admin", needs=("online",), foot=7),
    Action("trial_span", "Days", ("d",), "Work", "How far back the dry run goes.", verb="days", screens=(FLOW_TRIAL,),
           needs=("online",), argument=Argument("days", "text", True), foot=2),
)
# fmt: on
