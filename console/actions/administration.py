"""Macros and integrations."""

from console.actions.action import Action, Argument
from console.actions.screens import INTEGRATIONS, MACRO_TEXT, MACROS

# fmt: off
ADMINISTRATION: tuple[Action, ...] = (
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
)
# fmt: on
