"""Jobs, and what leaves the house."""

from console.actions.action import Action
from console.actions.screens import DELIVERY, JOBS

# fmt: off
RUNNING: tuple[Action, ...] = (
    Action("job_again", "Try again", ("r",), "Work", "Run a job that waits now, one that failed once more, or replay a dead letter.",
           verb="again", screens=(JOBS,), role="admin", needs=("online",), foot=2),
    Action("job_cancel", "Cancel", ("x",), "Work", "Forget a job that waits, or stop one that runs.", verb="cancel",
           screens=(JOBS,), role="admin", needs=("online",), dangerous=True, foot=3),
    Action("channel_try", "Try", ("t",), "Work", "Send something by this channel, by e-mail to yourself, and say how it went.", verb="try",
           screens=(DELIVERY,), role="admin", needs=("online",), foot=2),
    Action("channel_add", "Add", ("n",), "Work", "Add a way out: what kind, its name, and its address, which is never shown.",
           verb="add", screens=(DELIVERY,), role="admin", needs=("online",), foot=4),
    Action("channel_rename", "Rename", ("e",), "Work", "Call the channel otherwise.", verb="rename",
           screens=(DELIVERY,), role="admin", needs=("online",), foot=5),
    Action("channel_stop", "Stop, go on", ("S",), "Work", "Let nothing leave by the channel, or let it go on.",
           verb="stop", screens=(DELIVERY,), role="admin", needs=("online",), foot=6),
    Action("channel_remove", "Remove", ("D",), "Work", "Forget a channel and its address; nothing leaves by it any more.",
           verb="remove", screens=(DELIVERY,), role="admin", needs=("online",), dangerous=True, foot=7),
    Action("letter_again", "Send again", ("r",), "Work", "Send a letter that failed once more.", verb="again",
           screens=(DELIVERY,), role="admin", needs=("online",), foot=3),
)
# fmt: on
