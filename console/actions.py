"""The one registry of what a person can do: bindings, footer, palette, `:`, help and the docs are all made from it.

Screens supply handlers named `action_<id>(self)` or, where there is an argument, `action_<id>(self, value: str = "")`
(async or not); `console.frame.screen.FrameScreen.perform` finds them. Keys are written here and nowhere else: a key is
a Textual key or character, `N@queue` for a key on one screen only, or a chord such as `jump q` (the keys of the
action `jump`, then q).
"""

from dataclasses import dataclass
from functools import cache
from typing import Literal

ROLES = ("agent", "supervisor", "admin", "owner")

Kind = Literal[
    "text",
    "member",
    "status",
    "outcome",
    "until",
    "theme",
    "keymap",
    "screen",
    "ref",
    "query",
    "priority",
    "sort",
    "reason",
    "label",
    "availability",
    "days",
    "by",
    "format",
    "horizon",
    "paying_state",
    "paying_order",
]
Group = Literal["Move", "Find", "Mark", "Work", "Write", "Copy", "Screen", "Go", "Console"]
GROUPS: tuple[Group, ...] = ("Work", "Write", "Find", "Mark", "Move", "Copy", "Screen", "Go", "Console")
"""In the order in which menus list them: what one is here for comes before how one moves."""

QUEUE, INCIDENCE, ESCALATIONS, ALERTS = "queue", "incidence", "escalations", "alerts"
FLOOR = "floor"
DESK = (QUEUE, INCIDENCE)
CASES = (*DESK, ESCALATIONS)
ANALYTICS, ROWS = "analytics", "rows"
CUSTOMERS, CUSTOMER = "customers", "customer"
RETENTION, FLOW, FLOW_YAML, FLOW_TRIAL, FLOW_VERSIONS = "retention", "flow", "flow_yaml", "flow_trial", "flow_versions"
BEHIND = "runs_behind"
TABBED = (*CASES, ALERTS, ANALYTICS, RETENTION, CUSTOMER)
LISTS = (*TABBED, ROWS, BEHIND, CUSTOMERS)
MACROS, MACRO_TEXT, INTEGRATIONS = "macros", "macro_text", "integrations"
RULES, RULE_SET, RULE, TRIAL, VERSIONS, RAW = "rules", "rule_set", "rule", "trial", "versions", "raw_rules"
DRAFTING = (RULE_SET, RULE)
OUTLINES = (RULES, *DRAFTING, TRIAL, VERSIONS, FLOW, FLOW_TRIAL, FLOW_VERSIONS, MACROS, INTEGRATIONS)


@dataclass(frozen=True, slots=True)
class Argument:
    """What an action takes after its verb. `kind` says what completes and checks it."""

    name: str
    kind: Kind
    required: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    """Something to do.

    `screens` empty means everywhere; `needs` are conditions of `console.permission`; `binds` are ids of widget bindings
    that these keys are also given to; `foot` orders the footer (0 is not in it); `passes_key` hands the key pressed to
    the handler; `changes` is a verb on incidences, which asks first when several are marked and can be repeated.
    """

    id: str
    title: str
    keys: tuple[str, ...]
    group: Group
    help: str
    verb: str = ""
    arrows: tuple[str, ...] | None = None
    screens: tuple[str, ...] = ()
    role: str = "agent"
    needs: tuple[str, ...] = ()
    binds: tuple[str, ...] = ()
    argument: Argument | None = None
    foot: int = 0
    changes: bool = False
    dangerous: bool = False
    passes_key: bool = False
    is_prefix: bool = False

    @property
    def name(self) -> str:
        """The verb of the command line."""
        return self.verb or self.id.replace("_", "-")

    def is_on(self, screen: str) -> bool:
        """Whether the screen has it."""
        return not self.screens or screen in self.screens


def _scrolls(name: str) -> tuple[str, ...]:
    return f"table.{name}", f"timeline.{name}", f"board.{name}"


_ONE = ("incidence",)
_ANY = ("incidence", "online")
_OPEN = (*_ANY, "open")

# fmt: off
ACTIONS: tuple[Action, ...] = (
    # Move
    Action("move_down", "Down", ("j", "down"), "Move", "The next row or line.", arrows=("down",), screens=LISTS,
           binds=_scrolls("down")),
    Action("move_up", "Up", ("k", "up"), "Move", "The row or line before.", arrows=("up",), screens=LISTS,
           binds=_scrolls("up")),
    Action("move_first", "First", ("home", "jump g"), "Move", "The first row or line.", screens=LISTS,
           binds=_scrolls("first")),
    Action("move_last", "Last", ("G", "end"), "Move", "The last row or line.", arrows=("end",), screens=LISTS,
           binds=_scrolls("last")),
    Action("half_down", "Half page down", ("ctrl+d",), "Move", "Half a page down.", screens=TABBED,
           binds=_scrolls("half-page-down")),
    Action("half_up", "Half page up", ("ctrl+u",), "Move", "Half a page up.", screens=TABBED,
           binds=_scrolls("half-page-up")),
    Action("page_down", "Page down", ("pagedown",), "Move", "A page down.", screens=LISTS, binds=_scrolls("page-down")),
    Action("page_up", "Page up", ("pageup",), "Move", "A page up.", screens=LISTS, binds=_scrolls("page-up")),
    Action("section_left", "Section left", ("h", "left"), "Move", "The section to the left.", arrows=("left",),
           screens=TABBED),
    Action("section_right", "Section right", ("l", "right"), "Move", "The section to the right.", arrows=("right",),
           screens=TABBED),
    Action("open", "Open", ("enter",), "Move", "Open the incidence under the cursor, or the one named.",
           screens=(QUEUE, ESCALATIONS, ALERTS, ROWS, RETENTION, BEHIND, CUSTOMERS, CUSTOMER), binds=("table.open", "board.open"), argument=Argument("ref", "ref"), foot=1),
    Action("back", "Back", ("escape",), "Move", "Back one layer: menu, filter, marks, then the screen.",
           binds=("composer.leave",), foot=90),
    Action("close", "Close", ("q",), "Move", "Close this screen.", screens=(INCIDENCE, ESCALATIONS, ALERTS, "settings", ROWS, RETENTION, BEHIND, CUSTOMERS, CUSTOMER, *OUTLINES), foot=85),
    Action("last_screen", "Last screen", ("-",), "Move", "The screen that was open before."),
    Action("next_incidence", "Next incidence", ("J",), "Move", "The next incidence of the queue, without leaving.",
           arrows=("ctrl+down",), screens=(INCIDENCE,), foot=30),
    Action("previous_incidence", "Previous incidence", ("K",), "Move", "The incidence before it in the queue.",
           arrows=("ctrl+up",), screens=(INCIDENCE,)),
    Action("tab", "Tab or panel", tuple("123456789"), "Move", "The tab or panel with that number.", screens=TABBED,
           passes_key=True, argument=Argument("number", "text", True)),
    Action("next_tab", "Next tab", ("]",), "Move", "The next tab or panel.", screens=TABBED),
    Action("previous_tab", "Previous tab", ("[",), "Move", "The tab or panel before.", screens=TABBED),
    # Find
    Action("filter", "Filter", ("/",), "Find", "As you type: p1 churn>70 @me -waiting tier:gold.",
           screens=(QUEUE,), argument=Argument("filter", "query"), foot=10),
    Action("search", "Search", ("/",), "Find", "Look for words in the timeline.", screens=(INCIDENCE,),
           argument=Argument("words", "text"), foot=60),
    Action("next_match", "Next match", ("n",), "Find", "The next that matches.", screens=(INCIDENCE,)),
    Action("previous_match", "Previous match", ("N",), "Find", "The one before that matches.", screens=(INCIDENCE,)),
    Action("save_view", "Save as a view", ("W",), "Find", "Keep the filter of this tab as a tab of its own.",
           screens=(QUEUE,), needs=("online",), argument=Argument("name", "text", True)),
    Action("drop_view", "Drop a view", ("D",), "Find", "Take a saved view away: the one named, else the one shown.",
           screens=(QUEUE,), needs=("online",), argument=Argument("name", "text")),
    Action("sort", "Sort", ("S",), "Find", "Order by another column.", screens=(QUEUE,),
           argument=Argument("column", "sort")),
    Action("rows", "Rows", ("enter",), "Find", "What is behind the number, row by row.", screens=(ANALYTICS,),
           needs=("online",), foot=1),
    Action("days", "Days", ("d",), "Find", "Which days: 7, 30, 90, or 2026-03-01..2026-03-31.", screens=(ANALYTICS,),
           argument=Argument("days", "days"), foot=2),
    Action("earlier", "Earlier", ("<",), "Find", "As many days before these.", screens=(ANALYTICS,), foot=3),
    Action("later", "Later", (">",), "Find", "As many days after these.", screens=(ANALYTICS,), foot=3),
    Action("metric", "Metric", ("m",), "Find", "Another metric.", screens=(ANALYTICS,),
           argument=Argument("metric", "text"), foot=4),
    Action("by", "By", ("b",), "Find", "The trend by the hour, the day or the week.", screens=(ANALYTICS,),
           argument=Argument("by", "by"), foot=5),
    Action("export", "Export", ("E",), "Find", "Write what is shown to a file.", screens=(ANALYTICS, ROWS),
           role="supervisor", needs=("online",), argument=Argument("format", "format"), foot=6),
    Action("read_again", "Read again", ("f5",), "Find", "Everything as it is now.", screens=(ANALYTICS, RETENTION, INTEGRATIONS, CUSTOMERS),
           needs=("online",)),
    Action("filter_rows", "Filter", ("/",), "Find", "As you type: the rows that have all these words.", verb="find",
           screens=(RETENTION, CUSTOMERS), argument=Argument("words", "text"), foot=10),
    Action("customer_order", "Order", ("S",), "Find", "By risk, by what they pay, by who was there last; named, or the next one.",
           verb="order", screens=(CUSTOMERS,), argument=Argument("by", "text"), foot=2),
    # Mark
    Action("mark", "Mark", ("space",), "Mark", "Mark the row; verbs then act on all that are marked.",
           screens=(QUEUE,), binds=("table.mark",), foot=20),
    Action("mark_range", "Mark a range", ("v",), "Mark", "Start or end a range.", screens=(QUEUE,),
           binds=("table.range",)),
    Action("mark_all", "Mark all", ("*",), "Mark", "Mark every row that is shown; again for all that match, shown or not; again for none.", screens=(QUEUE,),
           binds=("table.mark-all",)),
    # Work
    Action("take", "Take", ("t",), "Work", "Make it yours.", screens=DESK, needs=(*_OPEN, "untaken"), changes=True,
           foot=2),
    Action("assign", "Assign", ("a",), "Work", "Give it to somebody; `none` gives it back.", screens=CASES,
           needs=_OPEN, argument=Argument("member", "member"), changes=True, foot=3),
    Action("status", "Status", ("s",), "Work", "Open or waiting for the customer.", screens=DESK, needs=_OPEN,
           argument=Argument("status", "status"), changes=True, foot=40),
    Action("priority", "Priority", ("!",), "Work", "1 is first, 4 last.", screens=CASES, needs=_OPEN,
           argument=Argument("priority", "priority"), changes=True),
    Action("snooze", "Snooze", ("b",), "Work", "Put it away until then: 30m, 2h, 3d, 18:30, tomorrow, monday.",
           screens=DESK, needs=_OPEN, argument=Argument("until", "until"), changes=True, foot=41),
    Action("solve", "Solve", ("x",), "Work", "Close it: resolved, dropped or converted.", screens=CASES, needs=_OPEN,
           argument=Argument("outcome", "outcome"), changes=True, foot=6),
    Action("escalate", "Escalate", ("e",), "Work", "Hand it up, with a reason; the rules say to whom.", screens=CASES,
           needs=_OPEN, argument=Argument("reason", "reason", True), changes=True, foot=6),
    Action("take_over", "Take", ("t",), "Work", "Take it on: it climbs no further, and the case is yours.",
           screens=(ESCALATIONS,), role="supervisor", needs=_ANY, changes=True, foot=2),
    Action("acknowledge", "Acknowledge", ("A",), "Work", "Take it on, and leave the case with who has it.",
           screens=(ESCALATIONS,), role="supervisor", needs=_ANY, changes=True, foot=3),
    Action("hand_back", "Return", ("R",), "Work", "Hand it back to who had it, with what is to be done.", verb="return",
           screens=(ESCALATIONS,), role="supervisor", needs=_ANY, argument=Argument("note", "text"), changes=True,
           foot=3),
    Action("settle", "Resolve", ("S",), "Work", "Settle what it was handed up for; the case stays open.",
           verb="resolve", screens=(ESCALATIONS,), role="supervisor", needs=_ANY, argument=Argument("note", "text"),
           changes=True, foot=3),
    Action("act", "Act…", ("A",), "Work", "Everything one may do to it, with what the rules say of each.",
           screens=(INCIDENCE,), needs=_OPEN, argument=Argument("action", "text"), foot=7),
    Action("offer", "Offer", ("o",), "Work", "Offers that the customer may have, the best first and why.",
           screens=(INCIDENCE,), needs=_ANY, foot=8),
    Action("customer_offer", "Offer", ("o",), "Work", "Offers that the customer may have, the best first and why.",
           verb="offer", screens=(CUSTOMER,), needs=("online",), foot=8),
    Action("customer_subscription", "Subscription…", ("$",), "Work", "Pause, downgrade, discount, cancel … with the exact amounts first.",
           verb="subscription", screens=(CUSTOMER,), needs=("online",), argument=Argument("change", "text"), foot=8),
    Action("subscription", "Subscription…", ("$",), "Work", "Pause, downgrade, discount, cancel … with the exact amounts first.",
           screens=(INCIDENCE,), needs=_ANY, argument=Argument("change", "text"), foot=8),
    Action("reopen", "Reopen", ("X",), "Work", "Open a closed one again.", screens=DESK,
           needs=("incidence", "online", "closed"), changes=True),
    Action("label", "Label", ("L",), "Work", "Put labels on it, take others off: vip -old.", screens=DESK,
           needs=("incidence", "online"), argument=Argument("labels", "label", True), changes=True),
    Action("watch", "Watch", ("w",), "Work", "Hear of it though it is not yours; again to hear no more.",
           screens=DESK, needs=("incidence", "online"), changes=True),
    Action("bulks", "Verbs on many", ("B",), "Work", "What was done to many at once: to each, and taking it back.",
           screens=DESK, needs=("online",)),
    Action("join", "Together…", ("M",), "Work", "Merge and link cases: the footer tells what.", screens=DESK,
           is_prefix=True),
    Action("merge", "Merge", ("join m",), "Work", "Make it part of another case: INC-7, and why if it is another's.",
           screens=DESK, needs=_OPEN, argument=Argument("case", "text", True)),
    Action("unmerge", "Undo a merge", ("join u",), "Work", "Make a merged case one of its own again.", screens=DESK,
           needs=("incidence", "online")),
    Action("link", "Link", ("join l",), "Work", "It relates to another case: INC-7, INC-7 duplicate.", screens=DESK,
           needs=("incidence", "online"), argument=Argument("case", "text", True)),
    Action("unlink", "Unlink", ("join x",), "Work", "Take the link to a case off.", screens=DESK,
           needs=("incidence", "online"), argument=Argument("case", "text", True)),
    Action("next_best", "Next best", ("ctrl+n", "N@queue"), "Work", "Claim what most needs you, and say why.",
           screens=DESK, needs=("online",), foot=8),
    Action("capacity", "Capacity", ("C",), "Work", "How many cases somebody can have: ravi 5, ravi role.",
           screens=(FLOOR,), role="supervisor", needs=("online",), argument=Argument("who", "text", True), foot=2),
    Action("refresh", "Read again", ("f5",), "Screen", "Read the floor now; it is read by itself too.",
           screens=(FLOOR,), needs=("online",), foot=3),
    Action("approve", "Approve", ("y",), "Work", "Yes to what an agent asks for; it is done at once.",
           screens=(ESCALATIONS,), role="supervisor", needs=("online",), foot=2),
    Action("deny", "Deny", ("n",), "Work", "No to it, and why.", screens=(ESCALATIONS,), role="supervisor",
           needs=("online",), argument=Argument("reason", "text"), foot=2),
    Action("read", "Read", ("r",), "Work", "You have read it.", screens=(ALERTS,), needs=("online",), foot=2),
    Action("read_all", "Read all", ("R",), "Work", "You have read them all.", screens=(ALERTS,), needs=("online",), foot=3),
    Action("mute", "Mute…", ("M",), "Work", "Choose kinds of alerts to hear nothing of.", screens=(ALERTS,),
           needs=("online",), foot=4),
    Action("repeat", "Repeat", (".",), "Work", "Do the last verb again, here.", screens=DESK),
    Action("undo", "Undo", ("z",), "Work", "Take the last change back, where that is possible.", needs=("online",)),
    Action("redo", "Redo", ("Z",), "Work", "Do what was undone.", needs=("online",)),
    Action("why", "Why here", ("Y",), "Work", "Why is this in my queue: rules, what they saw, who moved it.",
           screens=CASES, needs=_ANY, foot=45),
    # Rules
    Action("line_down", "Down", ("j", "down"), "Move", "The next line.", arrows=("down",), screens=OUTLINES,
           binds=("outline.down",)),
    Action("line_up", "Up", ("k", "up"), "Move", "The line before.", arrows=("up",), screens=OUTLINES,
           binds=("outline.up",)),
    Action("line_first", "First", ("home", "jump g"), "Move", "The first line.", screens=OUTLINES,
           binds=("outline.first",)),
    Action("line_last", "Last", ("G", "end"), "Move", "The last line.", arrows=("end",), screens=OUTLINES,
           binds=("outline.last",)),
    Action("lines_down", "Page down", ("pagedown", "ctrl+d"), "Move", "A page down.", screens=OUTLINES,
           binds=("outline.page-down",)),
    Action("lines_up", "Page up", ("pageup", "ctrl+u"), "Move", "A page up.", screens=OUTLINES,
           binds=("outline.page-up",)),
    Action("choose", "Open", ("enter",), "Move", "Open or change what the cursor is on.", screens=OUTLINES,
           binds=("outline.choose",), foot=1),
    Action("rule_add", "Add", ("a",), "Work", "A rule below this one; in a rule, a condition.", verb="add",
           screens=DRAFTING, role="admin", foot=2),
    Action("rule_copy", "Duplicate", ("d",), "Work", "The same rule once more.", verb="duplicate", screens=(RULE_SET,),
           role="admin", foot=12),
    Action("rule_delete", "Delete", ("D",), "Work", "Take the rule, or in a rule the condition, out of the draft.",
           verb="delete", screens=DRAFTING, role="admin", foot=13),
    Action("rule_down", "Move down", ("J",), "Work", "Later in its order.", arrows=("ctrl+down",), verb="later",
           screens=DRAFTING, role="admin", foot=14),
    Action("rule_up", "Move up", ("K",), "Work", "Earlier in its order.", arrows=("ctrl+up",), verb="earlier",
           screens=DRAFTING, role="admin", foot=15),
    Action("rule_switch", "Switch", ("space",), "Work", "On or off; in a condition, all of or any of.", verb="switch",
           screens=DRAFTING, role="admin", foot=11),
    Action("rule_group", "Group", ("A",), "Work", "A group of its own around the condition.", verb="group",
           screens=(RULE,), role="admin", foot=3),
    Action("rule_not", "Not", ("n",), "Work", "Turn the condition round, or back.", verb="not", screens=(RULE,),
           role="admin", foot=4),
    Action("rule_try", "Try", ("t",), "Work", "Dry run: what the draft would have decided of the past.", verb="try",
           screens=DRAFTING, role="admin", needs=("online",), foot=5),
    Action("rule_publish", "Publish", ("P",), "Work", "Put the draft in force, with a reason.", verb="publish",
           screens=DRAFTING, role="admin", needs=("online",), foot=6),
    Action("rule_discard", "Start over", ("R",), "Work", "Throw the draft away.", verb="discard", screens=(RULE_SET,),
           role="admin", dangerous=True, foot=16),
    Action("rule_raw", "JSON", ("E",), "Work", "The draft as JSON, for experts.", verb="json", screens=(RULE_SET,),
           foot=17),
    Action("rule_versions", "Versions", ("V",), "Work", "Who published what, when and why.", verb="versions",
           screens=(RULES, RULE_SET), needs=("online",), foot=7),
    Action("roll_back", "Roll back", ("R",), "Work", "Put the version in force again.", screens=(VERSIONS,),
           role="admin", needs=("online",), foot=2),
    Action("trial_days", "Days", ("d",), "Work", "How far back the dry run goes.", verb="days", screens=(TRIAL,),
           needs=("online",), foot=2),
    Action("raw_keep", "Take over", ("alt+enter", "ctrl+j", "f9"), "Work", "Take what is written into the draft.",
           verb="keep", screens=(RAW,), role="admin", foot=1),
    # Retention
    Action("run_days", "Days", ("d",), "Find", "Runs that began on the last so many days: 30, 180, 365.", verb="days",
           screens=(RETENTION,), needs=("online",), argument=Argument("days", "text", True), foot=2),
    Action("horizon", "Horizon", ("w",), "Find", "Payments in how many days after a run count.", screens=(RETENTION,),
           needs=("online",), argument=Argument("horizon", "horizon"), foot=3),
    Action("paying_state", "State", ("s",), "Find", "Only subscriptions in one state.", verb="state",
           screens=(RETENTION,), needs=("online",), argument=Argument("state", "paying_state"), foot=2),
    Action("paying_order", "Order", ("S",), "Find", "Subscriptions in another order.", verb="order",
           screens=(RETENTION,), needs=("online",), argument=Argument("order", "paying_order"), foot=3),
    Action("stripe_sync", "Read Stripe", ("Y",), "Work", "Read Stripe now, not with the next webhook or sweep.",
           verb="sync", screens=(RETENTION,), role="admin", needs=("online",), foot=4),
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
    Action("flow_keep", "Keep", ("alt+enter", "ctrl+j", "f9"), "Work", "Keep what is written as the next document.",
           verb="keep", screens=(FLOW_YAML,), role="admin", needs=("online",), foot=1),
    Action("flow_editor", "Editor", ("f7",), "Work", "Write in $EDITOR, and take it over here.", verb="editor",
           screens=(FLOW_YAML,), role="admin", foot=3),
    Action("trial_span", "Days", ("d",), "Work", "How far back the dry run goes.", verb="days", screens=(FLOW_TRIAL,),
           needs=("online",), argument=Argument("days", "text", True), foot=2),
    # Macros
    Action("macro_new", "New", ("n",), "Work", "Write a macro.", verb="new", screens=(MACROS,), foot=2),
    Action("macro_edit", "Edit", ("e",), "Work", "Change the macro; who may not reads it.", verb="edit",
           screens=(MACROS,), foot=3),
    Action("macro_try", "Try", ("t",), "Work", "What it comes to on a case; nothing is done.", verb="try",
           screens=(MACROS,), needs=("online",), argument=Argument("ref", "ref"), foot=4),
    Action("macro_delete", "Delete", ("D",), "Work", "Take the macro away; what it did stays.", verb="delete",
           screens=(MACROS,), needs=("online",), foot=5),
    Action("macro_keep", "Keep", ("alt+enter", "ctrl+j", "f9"), "Work", "Keep what is written.", verb="keep",
           screens=(MACRO_TEXT,), needs=("online",), foot=1),
    # Integrations
    Action("sync", "Sync now", ("s",), "Work", "Read the platform's conversations now, for what was missed.",
           screens=(INTEGRATIONS,), role="admin", needs=("online",), foot=2),
    Action("carry_again", "Try again", ("r",), "Work", "Try a call that failed once more; an answer never goes twice.",
           verb="carry", screens=(INTEGRATIONS,), needs=("online",), foot=3),
    # Write
    Action("reply", "Reply", ("r",), "Write", "Write to the customer.", screens=CASES, needs=("incidence", "open"),
           foot=4),
    Action("note", "Note", ("c",), "Write", "Write a note that only the team sees.", screens=CASES, needs=_ONE,
           argument=Argument("text", "text"), foot=5),
    Action("macro", "Macro", ("m",), "Write", "A reply, a note and changes under a name; a reply is looked at first.",
           screens=DESK, needs=("incidence", "online"), argument=Argument("name", "text")),
    Action("send", "Send", ("alt+enter", "ctrl+j", "f9"), "Write", "Send what is written.", screens=(INCIDENCE,),
           binds=("composer.send",)),
    Action("resend", "Deliver again", ("R",), "Write", "Try once more to deliver answers that failed; never twice.",
           screens=(INCIDENCE,), needs=("incidence", "online")),
    Action("reveal", "Reveal", ("u",), "Work", "Show e-mail and phone in full, which is recorded.",
           screens=(INCIDENCE,), needs=("incidence", "online")),
    # Copy
    Action("copy", "Copy…", ("y",), "Copy", "Copy something of the incidence: the footer tells what.", screens=DESK,
           is_prefix=True, foot=70),
    Action("copy_id", "Copy its id", ("copy i",), "Copy", "Its reference, such as INC-1042.", screens=DESK, needs=_ONE),
    Action("copy_link", "Copy its link", ("copy l",), "Copy", "The address of the incidence.", screens=DESK,
           needs=_ONE),
    Action("copy_email", "Copy e-mail", ("copy e",), "Copy", "The customer's e-mail, as far as it is revealed.",
           screens=(INCIDENCE,), needs=_ONE),
    Action("copy_summary", "Copy its summary", ("copy s",), "Copy", "Reference, customer and summary in one line.",
           screens=DESK, needs=_ONE),
    # Screen
    Action("preview", "Preview", ("p",), "Screen", "Preview right, below or off.", screens=(QUEUE, RETENTION), foot=50),
    Action("preview_down", "More of it", ("J",), "Screen", "Further down in what stands beside the rows.",
           arrows=("ctrl+down",), screens=(RETENTION, FLOW, FLOW_VERSIONS)),
    Action("preview_up", "Back in it", ("K",), "Screen", "Further up in what stands beside the rows.",
           arrows=("ctrl+up",), screens=(RETENTION, FLOW, FLOW_VERSIONS)),
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
    Action("go_integrations", "Integrations", ("jump i",), "Go", "Chat platforms: how they do, what failed there."),
    Action("go_retention", "Retention", ("jump o",), "Go", "Who wants to cancel, what they are offered, what it brought."),
    Action("go_customers", "Customers", ("jump c",), "Go", "Who may leave and why, and everything about a customer."),
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

BY_ID: dict[str, Action] = {action.id: action for action in ACTIONS}


@cache
def on(screen: str) -> tuple[Action, ...]:
    """The actions of a screen, in the order of the registry."""
    return tuple(action for action in ACTIONS if action.is_on(screen))


def named(verb: str, screen: str) -> Action | None:
    """The action of a screen that a word of the command line means: its verb, or the start of only one."""
    here = on(screen)
    word = verb.lower().replace("_", "-")
    exact = next((action for action in here if action.name == word), None)
    if exact is not None:
        return exact
    near = [action for action in here if action.name.startswith(word)]
    return near[0] if len(near) == 1 and word else None
