"""Interventions, and planning one from where a customer is shown."""

from console.actions.action import Action, Argument
from console.actions.screens import CAUSES, CUSTOMER, CUSTOMERS, DESK, INTERVENTIONS

# fmt: off
INTERVENTION_WORK: tuple[Action, ...] = (
    Action("intervene", "Plan", ("I",), "Work", "Plan something for the customer, from their risk: I, or plan call her on Monday.",
           verb="plan", screens=DESK, needs=("incidence", "online"), argument=Argument("next", "text")),
    Action("customer_plan", "Plan", ("I",), "Work", "Plan something for the customer, from their risk: I, or plan call her on Monday.",
           verb="plan", screens=(CUSTOMERS, CUSTOMER), needs=("online",), argument=Argument("next", "text"), foot=9),
    Action("customers_why", "Why they leave", ("w",), "Work", "The causes among who may leave, and the models that say so.",
           verb="why", screens=(CUSTOMERS,), needs=("online",), foot=12),
    Action("model_learn", "Learn", ("t",), "Work", "Learn anew who leaves; the better of old and new predicts afterwards.", verb="learn",
           screens=(CAUSES,), role="admin", needs=("online",), foot=2),
    Action("model_back", "Roll back", ("R",), "Work", "Let the version predict again, with a reason.", verb="roll-back",
           screens=(CAUSES,), role="admin", needs=("online",), foot=3),
    Action("plan_new", "New", ("n",), "Work", "Plan something for a customer: new CUST-7 call her on Monday.", verb="new",
           screens=(INTERVENTIONS,), needs=("online",), argument=Argument("customer", "text", True), foot=8),
    Action("plan_done", "Done", ("x",), "Work", "It is done, and what came of it.", verb="done", screens=(INTERVENTIONS,),
           needs=("online",), argument=Argument("outcome", "plan_outcome"), foot=2),
    Action("plan_status", "Status", ("s",), "Work", "Open, active or cancelled.", verb="status", screens=(INTERVENTIONS,),
           needs=("online",), argument=Argument("status", "plan_status"), foot=3),
    Action("plan_assign", "Assign", ("a",), "Work", "Give it to somebody; `none` is nobody.", verb="assign",
           screens=(INTERVENTIONS,), needs=("online",), argument=Argument("member", "member"), foot=4),
    Action("plan_due", "Due", ("d",), "Work", "When it is due: 2h, 3d, 18:30, tomorrow, monday, or none.", verb="due",
           screens=(INTERVENTIONS,), needs=("online",), argument=Argument("when", "until"), foot=5),
    Action("plan_next", "Next", ("e",), "Work", "What to do next.", verb="next", screens=(INTERVENTIONS,),
           needs=("online",), argument=Argument("text", "text", True), foot=6),
    Action("plan_note", "Note", ("c",), "Write", "Another line of its notes.", verb="note", screens=(INTERVENTIONS,),
           needs=("online",), argument=Argument("text", "text", True), foot=7),
    Action("plan_priority", "Priority", ("!",), "Work", "How much it matters.", verb="priority", screens=(INTERVENTIONS,),
           needs=("online",), argument=Argument("priority", "plan_priority")),
)
# fmt: on
