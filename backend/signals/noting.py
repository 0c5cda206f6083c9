"""Facts about a customer that another part of the house learned: kept as signals, but no visit begins with them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from backend.core.rows import to_micros
from backend.signals import contexts
from backend.signals.activity import NOTICERS, counted
from backend.signals.bulk import moment_of
from backend.signals.ingest import ROWS, signal_is_there
from backend.work import Work


def note(
    work: Work, customer_id: str, type: str, *, id: str, at: datetime, properties: Mapping[str, Any] | None = None
) -> bool:
    """Keep a fact of a customer, once for each `id`. False when it is there already, or the customer is erased.

    It holds the customer as takers of signals do, so call it before anything that is told of.
    """
    live = contexts.find_by_id(work.session, work.business_id, customer_id)
    if live is None or signal_is_there(work.session, work.business_id, customer_id, id):
        return False
    moment = moment_of(work.session)
    text = orjson.dumps(properties).decode() if properties else None
    received = to_micros(work.now)
    happened = min(to_micros(at), received)
    row = (work.business_id, customer_id, moment(happened), id, type, None, None, None, text, moment(received), True)
    ROWS.insert(work.session, [row])
    activity = live.activity
    if activity is None:
        is_significant, activity = True, counted(work, customer_id)
    else:
        is_significant = activity.take(type, None, text, happened)
    contexts.store(work.session, work.business_id, [live._replace(activity=activity)])
    if is_significant:
        for notice in NOTICERS:
            notice(work, {customer_id: activity})
    return True
