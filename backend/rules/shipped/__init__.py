"""The rule sets a business starts with. Every number in them is data that an admin edits."""

from backend.rules.kinds import Kind
from backend.rules.shipped.alert import ALERT
from backend.rules.shipped.assignment import ASSIGNMENT
from backend.rules.shipped.casework import CASEWORK
from backend.rules.shipped.cost import COST
from backend.rules.shipped.cx import CX
from backend.rules.shipped.escalation import ESCALATION
from backend.rules.shipped.feedback import FEEDBACK
from backend.rules.shipped.flow import FLOW
from backend.rules.shipped.friction import FRICTION
from backend.rules.shipped.keeping import KEEPING
from backend.rules.shipped.notification import NOTIFICATION
from backend.rules.shipped.readiness import READINESS
from backend.rules.shipped.recommendation import RECOMMENDATION
from backend.rules.shipped.risk import RISK
from backend.rules.shipped.routing import ROUTING
from backend.rules.shipped.sla import SLA

ORDERING_KINDS: tuple[Kind, ...] = (
    FRICTION,
    NOTIFICATION,
    ROUTING,
    ESCALATION,
    CX,
    SLA,
    COST,
    FEEDBACK,
    CASEWORK,
    ASSIGNMENT,
    RISK,
    FLOW,
    READINESS,
    RECOMMENDATION,
    ALERT,
    KEEPING,
)
