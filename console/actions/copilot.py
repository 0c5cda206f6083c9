"""The copilot: asking, and doing what it proposes."""

from console.actions.action import Action, Argument
from console.actions.screens import COPILOT

# fmt: off
COPILOT_WORK: tuple[Action, ...] = (
    Action("copilot_ask", "Ask", ("a", "enter"), "Work", "Ask something; about the case or customer you came from, too.", verb="ask",
           screens=(COPILOT,), needs=("online",), argument=Argument("question", "text"), foot=1),
    Action("copilot_insert", "Insert into draft", ("i",), "Work", "Put the proposed reply into the draft of its case. It is not sent.",
           verb="insert", screens=(COPILOT,), needs=("online",), foot=2),
    Action("copilot_do", "Carry out", ("D",), "Work", "Do what was proposed, after you have looked at it.", verb="carry-out",
           screens=(COPILOT,), needs=("online",), foot=3),
    Action("copilot_new", "New", ("n",), "Work", "Begin a new conversation.", verb="new", screens=(COPILOT,), foot=4),
    Action("copilot_forget", "Forget", ("X",), "Work", "Erase this conversation.", verb="forget", screens=(COPILOT,), needs=("online",),
           dangerous=True),
)
# fmt: on
