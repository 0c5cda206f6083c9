"""What alerts forget in time."""

from datetime import datetime

from sqlalchemy import delete, select

from backend.alerts import repository
from backend.alerts.models import Alert, AlertCause, AlertItem
from backend.core import pruning
from backend.core.pruning import Step, again, forgets
from backend.work import Work


@forgets("readAlerts", "Alerts that were read")
def forget_read(work: Work, before: datetime, place: str) -> Step:
    """Delete alerts that were read, with their causes."""
    ids = repository.read_before(work.session, work.business_id, before, pruning.AT_ONCE)
    for model, column in ((AlertCause, AlertCause.alert_id), (Alert, Alert.id)):
        own = model.business_id == work.business_id
        work.session.execute(
            delete(model).where(own, column.in_(ids)), execution_options={"synchronize_session": False}
        )
    return again(len(ids))


@forgets("toldOutside", "What staff were told outside")
def forget_sent(work: Work, before: datetime, place: str) -> Step:
    """Delete what was sent, along the log."""
    own = (AlertItem.business_id == work.business_id) & (AlertItem.sent_at < before)
    found = work.session.scalars(select(AlertItem.seq).where(own).order_by(AlertItem.seq).limit(pruning.AT_ONCE)).all()
    if found:
        gone = delete(AlertItem).where(own, AlertItem.seq.between(found[0], found[-1]))
        work.session.execute(gone.execution_options(synchronize_session=False))
    return again(len(found))
