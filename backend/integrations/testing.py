"""Trying a connection: one harmless call, made now, and what it came to."""

from datetime import datetime

import orjson

from backend.core.clock import instant
from backend.core.ids import new_id
from backend.core.outside import Outside, Trouble
from backend.core.sealing import Vault
from backend.integrations import connections
from backend.integrations.accounts import Door, open_account
from backend.integrations.kinds import INBOX, WEBHOOK
from backend.integrations.mapping import RecordMap
from backend.integrations.models import Integration
from backend.integrations.schemas import Tested
from backend.integrations.sources import MAPPINGS, mapping_of, open_source
from backend.integrations.webhooks.sending import Outlet, Step, outlet_of, send
from backend.unit import Units
from backend.work import Work

PING = "webhook.ping"
"""What an endpoint is sent to try it."""


async def test(units: Units, id: str) -> Tested:
    """Call the connection `id` once. NotFound when it is not there."""
    runtime = units.runtime
    way, mapping = await units.read(_way, id, runtime.vault)
    if isinstance(way, str):
        return Tested(ok=False, said=way)
    try:
        said = await _tried(way, mapping, runtime.outside, runtime.clock.now())
    except Trouble as trouble:
        await units.write(_note, id, trouble.brief)
        return Tested(ok=False, said=str(trouble))
    await units.write(_note, id, None)
    return Tested(ok=True, said=said)


async def _tried(way: Door | Outlet, mapping: RecordMap, outside: Outside, now: datetime) -> str:
    if isinstance(way, Outlet):
        body = orjson.dumps({"type": PING, "timestamp": instant(now), "data": {}})
        outcome = await send(Step(f"msg_{new_id().replace('-', '')}", way, body), outside)
        if outcome.trouble is not None:
            raise outcome.trouble
        return f"It took a signed {PING} in {outcome.milliseconds} ms."
    if way.platform in MAPPINGS:
        return await open_source(way, mapping, outside).check()
    agents = await open_account(way, outside).agents()
    return f"It answers, and has {len(agents)} agent{'' if len(agents) == 1 else 's'}."


def _way(work: Work, id: str, vault: Vault) -> tuple[Door | Outlet | str, RecordMap]:
    row = work.get(Integration, id, "integration")
    mapping = mapping_of(row.platform, row.config) if row.platform in MAPPINGS else RecordMap()
    if row.platform == INBOX:
        return "It only takes webhooks: send one to its address.", mapping
    is_outlet = row.platform == WEBHOOK
    return (outlet_of(row, vault) if is_outlet else connections.door_of(row, row.platform, vault)), mapping


def _note(work: Work, id: str, error: str | None) -> None:
    row = work.session.get(Integration, id)
    if row is None or row.business_id != work.business_id:
        return
    if error is not None:
        connections.note_error(work, row, error)
    else:
        row.answered_at, row.error, row.paused_until, row.failures = work.now, None, None, 0
