"""Macros and integrations."""

from console.actions.action import Action, Argument
from console.actions.screens import (
    IMPORT,
    IMPORTS,
    INTEGRATION_FORM,
    INTEGRATION_LOG,
    INTEGRATIONS,
    MACRO_TEXT,
    MACROS,
    MAPPING_TEXT,
)

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
    Action("sync", "Sync now", ("s",), "Work", "Read now what changed there, for what was missed.",
           screens=(INTEGRATIONS,), role="admin", needs=("online",), foot=2),
    Action("carry_again", "Try again", ("r",), "Work", "Try a call that failed once more; an answer never goes twice.",
           verb="carry", screens=(INTEGRATIONS,), needs=("online",), foot=3),
    Action("connect", "Connect", ("n",), "Work", "Connect another system: tell what its kind needs.",
           screens=(INTEGRATIONS,), role="admin", needs=("online",), foot=4),
    Action("connection_edit", "Edit", ("e",), "Work", "Change what the connection is told.", verb="edit",
           screens=(INTEGRATIONS,), role="admin", needs=("online",), foot=5),
    Action("connection_test", "Test", ("t",), "Work", "Call it once, and say what came of it.", verb="test",
           screens=(INTEGRATIONS,), role="admin", needs=("online",), foot=6),
    Action("connection_stop", "Stop, go on", ("S",), "Work", "Stop the connection, or let it go on.", verb="stop",
           screens=(INTEGRATIONS,), role="admin", needs=("online",), foot=8),
    Action("connection_remove", "Remove", ("D",), "Work", "End the connection and forget its credentials.",
           verb="remove", screens=(INTEGRATIONS,), role="admin", needs=("online",), foot=8),
    Action("imports", "Import", ("i",), "Work", "Customers out of CSV files.", screens=(INTEGRATIONS,), role="admin",
           foot=8),
    Action("form_keep", "Keep", ("alt+enter", "ctrl+j", "f9"), "Work", "Keep what was typed.", verb="keep",
           screens=(INTEGRATION_FORM, MAPPING_TEXT), needs=("online",), foot=1),
    Action("replay", "Send again", ("r",), "Work", "Tell the webhook again, under the id that it had.",
           screens=(INTEGRATION_LOG,), role="admin", needs=("online",), foot=2),
    Action("replay_all", "Send all again", ("R",), "Work", "Tell again everything that was given up.",
           screens=(INTEGRATION_LOG,), role="admin", needs=("online",), foot=3),
    # Imports
    Action("import_file", "File", ("n",), "Work", "Read a CSV file of customers: `file PATH`.", verb="file",
           screens=(IMPORTS,), role="admin", needs=("online",), argument=Argument("path", "text", True), foot=2),
    Action("import_report", "Report", ("w",), "Work", "Write the rows that were refused to a file.", verb="report",
           screens=(IMPORTS,), role="admin", needs=("online",), foot=3),
    Action("import_cancel", "Cancel", ("D",), "Work", "Stop the import; what was brought in stays.", verb="cancel",
           screens=(IMPORTS,), role="admin", needs=("online",), foot=4),
    Action("import_start", "Bring in", ("alt+enter", "ctrl+j", "f9"), "Work", "Bring the customers in as shown.",
           verb="start", screens=(IMPORT,), role="admin", needs=("online",), foot=2),
)
# fmt: on
