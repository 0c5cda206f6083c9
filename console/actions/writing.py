"""Writing and copying."""

from console.actions.action import Action, Argument
from console.actions.screens import CASES, DESK, INCIDENCE, YAMLS

_ONE = ("incidence",)

# fmt: off
WRITING: tuple[Action, ...] = (
    # Write
    Action("reply", "Reply", ("r",), "Write", "Write to the customer.", screens=CASES, needs=("incidence", "open"),
           foot=4),
    Action("note", "Note", ("c",), "Write", "Write a note that only the team sees.", screens=CASES, needs=_ONE,
           argument=Argument("text", "text"), foot=5),
    Action("macro", "Macro or playbook", ("m",), "Write", "A macro on the case (a reply is looked at first), or a playbook for all that are marked.",
           screens=DESK, needs=("incidence", "online"), argument=Argument("name", "text")),
    Action("send", "Send", ("alt+enter", "ctrl+j", "f9"), "Write", "Send what is written.", screens=(INCIDENCE,),
           binds=("composer.send",)),
    Action("resend", "Deliver again", ("R",), "Write", "Try once more to deliver answers that failed; never twice.",
           screens=(INCIDENCE,), needs=("incidence", "online")),
    Action("reveal", "Reveal", ("u",), "Work", "Show e-mail and phone in full, which is recorded.",
           screens=(INCIDENCE,), needs=("incidence", "online")),
    Action("yaml_keep", "Keep", ("alt+enter", "ctrl+j", "f9"), "Work", "Keep what is written as the next document.",
           verb="keep", screens=YAMLS, needs=("online",), foot=1),
    Action("yaml_editor", "Editor", ("f7",), "Work", "Write in $EDITOR, and take it over here.", verb="editor",
           screens=YAMLS, foot=3),
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
)
# fmt: on
