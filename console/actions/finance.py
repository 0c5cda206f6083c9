"""Finance: recommendations and the Stripe connection."""

from console.actions.action import Action
from console.actions.screens import FINANCE

# fmt: off
FINANCE_WORK: tuple[Action, ...] = (
    Action("look_closer", "Look closer", ("enter",), "Find", "What makes the readiness, or the trend of the number under the cursor.",
           verb="look", screens=(FINANCE,), foot=1),
    Action("advice_accept", "Accept", ("a",), "Work", "Follow the recommendation under the cursor.", verb="accept", screens=(FINANCE,),
           needs=("online",), foot=2),
    Action("advice_dismiss", "Dismiss", ("D",), "Work", "Not this; it does not come back for a while.", verb="dismiss", screens=(FINANCE,),
           needs=("online",), foot=3),
    Action("stripe_connect", "Connect", ("C",), "Work", "An address to open in a browser, where the account's owner agrees.",
           verb="connect", screens=(FINANCE,), role="admin", needs=("online",), foot=2),
    Action("stripe_disconnect", "Disconnect", ("X",), "Work", "Let the Stripe account go; what was read stays.",
           verb="disconnect", screens=(FINANCE,), role="admin", needs=("online",), foot=3),
)
# fmt: on
