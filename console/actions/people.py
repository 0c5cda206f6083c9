"""Who works here, and one's own account."""

from console.actions.action import Action
from console.actions.screens import ACCOUNT, PEOPLE

# fmt: off
PEOPLE_WORK: tuple[Action, ...] = (
    Action("member_invite", "Invite", ("n",), "Work", "Ask somebody by mail to work here.", verb="invite",
           screens=(PEOPLE,), role="admin", needs=("online",), foot=2),
    Action("member_role", "Role", ("r",), "Work", "Give the member another role.", verb="role",
           screens=(PEOPLE,), role="admin", needs=("online",), foot=3),
    Action("invitation_send", "Send again", ("s",), "Work", "Mail the invitation again, with another code.",
           verb="send", screens=(PEOPLE,), role="admin", needs=("online",), foot=4),
    Action("member_remove", "Remove", ("D",), "Work", "Take the member's access away, or the invitation back.",
           verb="remove", screens=(PEOPLE,), role="admin", needs=("online",), foot=5),
    Action("sign_in_end", "End", ("x",), "Work", "End the sign-in under the cursor.", verb="end",
           screens=(ACCOUNT,), needs=("online",), dangerous=True, foot=2),
    Action("sign_in_end_others", "End all others", ("X",), "Work", "End every sign-in of yours but this one.",
           verb="end-others", screens=(ACCOUNT,), needs=("online",), dangerous=True, foot=3),
)
# fmt: on
