"""The copilot: asking, going on with what was asked, and doing what it proposes."""

from console.actions.action import Action, Argument
from console.actions.screens import CONVERSATIONS, COPILOT

_TITLE = Argument("title", "text", True)

# fmt: off
COPILOT_WORK: tuple[Action, ...] = (
    Action("copilot_beside", "Copilot beside", ("ctrl+t",), "Console", "Ask beside any screen, about what is under the cursor there; once more to close.",
           verb="beside"),
    Action("copilot_ask", "Ask", ("a", "enter"), "Work", "Ask something; about the case or customer you came from, too.", verb="ask",
           screens=(COPILOT,), needs=("online",), argument=Argument("question", "text"), foot=1),
    Action("copilot_insert", "Insert into draft", ("ctrl+o", "i@copilot"), "Work", "Put the reply that the copilot proposed into the draft of its case. It is not sent.",
           verb="insert", needs=("online",)),
    Action("copilot_do", "Carry out", ("ctrl+y", "D@copilot"), "Work", "Do what the copilot proposed, after you have looked at it.",
           verb="carry-out", needs=("online",)),
    Action("copilot_new", "New", ("n",), "Work", "Begin a new conversation.", verb="new", screens=(COPILOT,), foot=4),
    Action("copilot_earlier", "Earlier", ("e",), "Work", "Conversations that you had before.", verb="earlier",
           screens=(COPILOT,), needs=("online",), foot=5),
    Action("copilot_rename", "Rename", ("R",), "Work", "Call this conversation otherwise.", verb="rename",
           screens=(COPILOT,), needs=("online",), argument=_TITLE),
    Action("copilot_forget", "Forget", ("X",), "Work", "Erase this conversation.", verb="forget", screens=(COPILOT,), needs=("online",),
           dangerous=True),
    Action("earlier_rename", "Rename", ("R",), "Work", "Call it otherwise.", verb="rename", screens=(CONVERSATIONS,),
           needs=("online",), argument=_TITLE, foot=2),
    Action("earlier_forget", "Forget", ("X",), "Work", "Erase it.", verb="forget", screens=(CONVERSATIONS,),
           needs=("online",), foot=3),
)
# fmt: on
