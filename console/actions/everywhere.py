"""How screens show, going from one to another, and the console itself."""

from console.actions.action import Action, Argument
from console.actions.screens import ALERTS, CASES, DESK, FLOW, FLOW_VERSIONS, PLAYBOOKS, QUEUE, RETENTION

# fmt: off
EVERYWHERE: tuple[Action, ...] = (
    # Screen
    Action("preview", "Preview", ("p",), "Screen", "Preview right, below or off.", screens=(QUEUE, RETENTION, PLAYBOOKS), foot=50),
    Action("preview_down", "More of it", ("J",), "Screen", "Further down in what stands beside the rows.",
           arrows=("ctrl+down",), screens=(RETENTION, FLOW, FLOW_VERSIONS, PLAYBOOKS)),
    Action("preview_up", "Back in it", ("K",), "Screen", "Further up in what stands beside the rows.",
           arrows=("ctrl+up",), screens=(RETENTION, FLOW, FLOW_VERSIONS, PLAYBOOKS)),
    Action("pause", "Pause the feed", ("P",), "Screen", "Let the screen stand still; again to go on.", screens=(*CASES, ALERTS, RETENTION)),
    Action("larger", "Larger", ("+",), "Screen", "More room for the pane with the focus.", screens=DESK),
    Action("smaller", "Smaller", ("_",), "Screen", "Less room for it.", screens=DESK),
    Action("show_new", "Show what is new", ("f5",), "Screen", "Let rows that wait come in and move.", screens=(QUEUE,)),
    # Go
    Action("jump", "Go…", ("g",), "Go", "Go to a screen: the footer tells the letters.", is_prefix=True, foot=80),
    Action("go_queue", "Queue", ("jump q",), "Go", "The queue."),
    Action("go_escalations", "Escalations", ("jump e",), "Go", "What is handed up, by level, and who has it."),
    Action("go_floor", "Floor", ("jump w",), "Go", "The wall: who is there, what waits, what is due.",
           role="supervisor"),
    Action("go_alerts", "Alerts", ("jump a",), "Go", "What you should know of, and its cause."),
    Action("go_analytics", "Analytics", ("jump n",), "Go", "The numbers, what they mean and what is behind them."),
    Action("go_rules", "Rules", ("jump r",), "Go", "Every rule set: what it says, changing it, its versions."),
    Action("go_macros", "Macros", ("jump m",), "Go", "What is done to many cases alike, under a name."),
    Action("go_integrations", "Integrations", ("jump i",), "Go", "Other systems: how they do, what failed, and files of customers."),
    Action("go_retention", "Retention", ("jump o",), "Go", "Who wants to cancel, what they are offered, what it brought."),
    Action("go_customers", "Customers", ("jump c",), "Go", "Who may leave and why, and everything about a customer."),
    Action("go_finance", "Finance", ("jump f",), "Go", "What is taken, how ready that makes you, and what would help."),
    Action("go_copilot", "Copilot", ("jump t",), "Go", "Ask, about the case or customer on screen or anything else."),
    Action("go_jobs", "Jobs", ("jump j",), "Go", "What runs by itself, what failed, and how every part does.",
           role="admin"),
    Action("go_delivery", "Delivery", ("jump d",), "Go", "Channels to staff, and what left by them.", role="supervisor"),
    Action("go_playbooks", "Playbooks", ("jump p",), "Go", "What is done to customers step by step, and what goes on."),
    Action("go_interventions", "Interventions", ("jump v",), "Go", "What is to be done for customers who may leave, and whether it helped."),
    Action("go_people", "People", ("jump l",), "Go", "Who works here as what, and who is asked to."),
    Action("go_account", "Your account", ("jump h",), "Go", "Your name, password and codes, and where you are signed in."),
    Action("switch_business", "Another business", ("jump b",), "Go", "Go to another business of yours, with everything there.",
           verb="business", needs=("online",), argument=Argument("name", "text")),
    Action("go_outbox", "Outbox", ("jump u",), "Go", "What waits to be sent, and what clashed."),
    Action("settings", "Settings", ("jump s", "f2"), "Go", "The settings of this console."),
    # Console
    Action("command", "Command", (":",), "Console", "Type a command; tab completes.", foot=9),
    Action("palette", "Palette", ("ctrl+p",), "Console", "Find a command by its words.", foot=96),
    Action("help", "Keys", ("?", "f1"), "Console", "The keys of this screen; enter runs one.", foot=7),
    Action("availability", "Here or away", ("H",), "Console", "At the desk, or away: away lunch, back 13:30.",
           needs=("online",), argument=Argument("availability", "availability")),
    Action("retry", "Try again", ("ctrl+r",), "Console", "Do again what failed last."),
    Action("theme", "Theme", ("f3",), "Console", "Another theme.", argument=Argument("theme", "theme")),
    Action("keymap", "Keymap", ("f4",), "Console", "Another set of keys.", argument=Argument("keymap", "keymap")),
    Action("lock", "Lock", ("f12",), "Console", "Lock the screen until the password is given."),
    Action("sign_out", "Sign out", ("f10",), "Console", "End this sign-in and forget its token.", dangerous=True),
    Action("demo", "Demo's pace", ("f6",), "Console", "How fast the demo's customers act: speed 4, pause, resume or step.", verb="demo", argument=Argument("command", "text")),
    Action("quit", "Quit", ("ctrl+q",), "Console", "Leave the console; drafts stay."),
)
# fmt: on
