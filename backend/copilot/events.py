"""What the copilot leaves in the log: never what was asked, only that a person did what it proposed."""

from backend.events.event import Event


class ProposalCarriedOut(Event, type="copilot.proposal_carried_out"):
    """A member carried out what was proposed to them. data: tool, by (the model)."""
