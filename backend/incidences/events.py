"""What happens to an incidence. Each event's state is the IncidenceRead after it."""

from backend.events.event import Event


class IncidenceOpened(Event, type="incidence.opened"):
    pass


class IncidenceTaken(Event, type="incidence.taken"):
    """An agent claimed it. (Not the same as being assigned by somebody.)"""


class IncidenceAssigned(Event, type="incidence.assigned"):
    pass


class OfferedAgain(Event, type="incidence.offered_again"):
    """Its agent is gone and a customer waits, so that it is anybody's again. data: changes, from (a name), reason."""


class MessageReceived(Event, type="incidence.message_received"):
    """From the customer. data: text, platform?, messageId?."""


class MessageSent(Event, type="incidence.message_sent"):
    """To the customer. data: text; platform? when it was written there; via?, the platform that is to carry it."""


class NoteAdded(Event, type="incidence.note_added"):
    """Among ourselves. data: text, mentions (ids of members who are named in it)."""


class LabelsChanged(Event, type="incidence.labels_changed"):
    """data: added, removed."""


class WatchersChanged(Event, type="incidence.watchers_changed"):
    """data: added, removed: ids of members."""


class ChangeUndone(Event, type="incidence.change_undone"):
    """What was done to it was taken back. data: changes, bulk (id)."""


class IncidenceMerged(Event, type="incidence.merged"):
    """It is part of another case now: closed, without an outcome. data: into, linkId, reason?."""


class IncidenceAbsorbed(Event, type="incidence.absorbed"):
    """Another case is part of it now. data: from, linkId, reason?."""


class IncidenceUnmerged(Event, type="incidence.unmerged"):
    """It is a case of its own again. data: into, linkId, changes."""


class IncidenceReleased(Event, type="incidence.released"):
    """Another case is no part of it any more. data: from, linkId, changes."""


class IncidenceLinked(Event, type="incidence.linked"):
    """data: linkId, kind, to or from (incidenceId and ref), reason?."""


class IncidenceUnlinked(Event, type="incidence.unlinked"):
    """data: linkId, kind, to or from."""


class MacroChanged(Event, type="macro.changed"):
    """A macro was made or changed. data: isShared, and the name of a shared one."""


class MacroDeleted(Event, type="macro.deleted"):
    """data: isShared, and the name of a shared one."""


class ViewKept(Event, type="view.kept", private=True):
    """A member kept a filter of the queue under a name. data: memberIds."""


class ViewDropped(Event, type="view.dropped", private=True):
    """data: memberIds."""


class BulkAdvanced(Event, type="bulk.advanced"):
    """A verb on many cases went on, or is through. Its state is the BulkRead; a case's own event tells of the case."""


class StatusChanged(Event, type="incidence.status_changed"):
    pass


class IncidenceSnoozed(Event, type="incidence.snoozed"):
    pass


class SnoozeEnded(Event, type="incidence.snooze_ended"):
    pass


class IncidenceClosed(Event, type="incidence.closed"):
    pass


class IncidenceReopened(Event, type="incidence.reopened"):
    pass


class IncidenceChanged(Event, type="incidence.changed"):
    """Fields other than the above. data.changes: {field: [before, after]}."""


class ChannelEscalated(Event, type="incidence.channel_escalated"):
    """A higher channel was allowed. data: channels [before, after], reason."""


class FrictionNoticed(Event, type="incidence.friction_noticed"):
    """The customer of an open incidence struggles on. data: score, reasons."""


class HelpWanted(Event, type="incidence.help_wanted"):
    """The customer of an open incidence accepted help. data: notificationId, cause, prompt, why."""


class SlaWarned(Event, type="incidence.sla_warned"):
    """A target is near. data: target, dueAt, rule, ruleVersion."""


class SlaBreached(Event, type="incidence.sla_breached"):
    """A target was missed, once for each due instant. data: target, dueAt, breachedAt, rule, ruleVersion."""


class SlaChanged(Event, type="incidence.sla_changed"):
    """Another policy, calendar or tier moved its targets. data: rule and ruleVersion [before, after], reason."""


class Escalated(Event, type="incidence.escalated"):
    """Handed up. data: escalationId, level [before, after], reason, why, rule, ruleVersion, facts (that the rule saw;
    None when it climbed unacknowledged), note?."""


class EscalationAcknowledged(Event, type="incidence.escalation_acknowledged"):
    """Somebody of that level has it: it climbs no further. data: escalationId, level, note?."""


class EscalationReturned(Event, type="incidence.escalation_returned"):
    """Handed back to who had it. data: escalationId, level, note?."""


class EscalationResolved(Event, type="incidence.escalation_resolved"):
    """What it was handed up for is settled. data: escalationId, level, note?."""
