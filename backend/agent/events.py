"""What happens when agents act. An approval's state is the ApprovalRead after it; a denied try changes no incidence."""

from backend.events.event import Event


class ActionDenied(Event, type="incidence.action_denied"):
    """An agent tried what the rules do not allow. data: action, params, decision, reason, rule, ruleVersion, approvalId?.

    It has no state and no version: what was not done must not make a colleague's screen stale.
    """


class ActionDone(Event, type="incidence.action_done"):
    """An agent did something that changes no field. data: action, params, rule, ruleVersion, approvalId?, approvedBy?."""


class DiscountApplied(Event, type="incidence.discount_applied"):
    """data: amount, percent, total (of the order, with this one), currency, and those of ActionDone."""


class ApprovalRequested(Event, type="approval.requested"):
    """data: action, diff, reason."""


class ApprovalApproved(Event, type="approval.approved"):
    """Carried out in the same moment, unless data.failure says why not. data: action, diff, note?, failure?."""


class ApprovalDenied(Event, type="approval.denied"):
    """data: action, diff, note?."""


class ApprovalExpired(Event, type="approval.expired"):
    """Nobody decided in time. data: action, diff."""


class ApprovalWithdrawn(Event, type="approval.withdrawn"):
    """It was asked for otherwise, or the case was closed. data: action, diff, failure."""
