"""What happens with playbooks. A playbook's state is the PlaybookRead after it, an execution's the ExecutionRead."""

from backend.events.event import Event


class PlaybookCreated(Event, type="playbook.created"):
    """data: name, reason."""


class PlaybookChanged(Event, type="playbook.changed"):
    """data: name, number, isAutomatic, reason."""


class PlaybookArchived(Event, type="playbook.archived"):
    """It can be started no more; what is under way goes on. data: name, reason."""


class ExecutionStarted(Event, type="playbook_execution.started"):
    """data, here and in those below: playbook, and with a step: step, kind, told."""


class StepDone(Event, type="playbook_execution.step_done"):
    """A step was done, or skipped. data: + state."""


class WaitChanged(Event, type="playbook_execution.wait_changed"):
    """Somebody moved the end of a wait. data: + nextAt [before, after]."""


class ExecutionPaused(Event, type="playbook_execution.paused"):
    """Somebody stopped it for a while."""


class ExecutionResumed(Event, type="playbook_execution.resumed"):
    """It goes on, or a step that failed is tried again."""


class ExecutionEnded(Event, type="playbook_execution.ended"):
    """It came to an end. data: + status, how, isSuccess."""


class ExecutionFailed(Event, type="playbook_execution.failed"):
    """A step could not be done, and it ended there. data: + status, how, isSuccess."""


class StaffNotified(Event, type="playbook_execution.staff_notified"):
    """A step tells colleagues something. data: + text, roles, members."""
