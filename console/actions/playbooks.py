"""Playbooks, their executions, and starting them."""

from console.actions.action import Action, Argument
from console.actions.screens import CUSTOMER, CUSTOMERS, PLAYBOOKS

# fmt: off
PLAYBOOK_WORK: tuple[Action, ...] = (
    Action("playbook_edit", "YAML", ("e",), "Work", "The steps as YAML: read them, or write the next document.",
           verb="edit", screens=(PLAYBOOKS,), needs=("online",), foot=2),
    Action("playbook_run", "Run for…", ("m",), "Work", "Start it for a customer: their id.", verb="run",
           screens=(PLAYBOOKS,), needs=("online",), argument=Argument("customer", "text", True), foot=3),
    Action("playbook_try", "Who now", ("t",), "Work", "Whom its trigger fits now; starts nobody.", verb="who",
           screens=(PLAYBOOKS,), needs=("online",), foot=4),
    Action("playbook_automatic", "By itself", ("A",), "Work", "Let its trigger start it, or only hands again.",
           verb="automatic", screens=(PLAYBOOKS,), role="supervisor", needs=("online",), foot=5),
    Action("playbook_new", "New from it", ("n",), "Work", "Another playbook with the same steps.", verb="new",
           screens=(PLAYBOOKS,), needs=("online",), argument=Argument("name", "text", True), foot=6),
    Action("playbook_archive", "Archive", ("D",), "Work", "Nobody starts it any more; again brings it back.",
           verb="archive", screens=(PLAYBOOKS,), role="supervisor", needs=("online",), foot=7),
    Action("execution_pause", "Pause, go on", ("s",), "Work", "Stop it before its next step; again lets it go on.",
           verb="hold", screens=(PLAYBOOKS,), needs=("online",), foot=2),
    Action("execution_wait", "Wait until…", ("b",), "Work", "Another end of its wait: 30m, 2h, 3d, 18:30, tomorrow.",
           verb="wait", screens=(PLAYBOOKS,), needs=("online",), argument=Argument("until", "until"), foot=3),
    Action("execution_retry", "Try again", ("X",), "Work", "Do the step that failed once more.", verb="again",
           screens=(PLAYBOOKS,), needs=("online",), foot=4),
    Action("execution_cancel", "Cancel", ("x",), "Work", "End it where it is; what was done stays.", verb="cancel",
           screens=(PLAYBOOKS,), needs=("online",), foot=5),
    Action("customer_mail", "Mail, no mail", ("E",), "Work", "The customer wants no mail of playbooks, or wants it again.",
           verb="mail", screens=(CUSTOMER,), needs=("online",)),
    Action("customer_playbook", "Playbook", ("m",), "Work", "Start a playbook for the customer, or all that are marked.",
           verb="playbook", screens=(CUSTOMERS, CUSTOMER), needs=("online",), argument=Argument("name", "text"), foot=9),
)
# fmt: on
