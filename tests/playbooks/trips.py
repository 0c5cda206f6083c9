"""Playbooks and customers for tests."""

from typing import Any

from backend.client import Client
from backend.incidences.schemas import IncidenceRead
from backend.playbooks.schemas import ExecutionRead, ExecutionShown, PlaybookMake, PlaybookRead, TriggerAsk
from tests.support.backend import Backend

EVERY = """
name: Every kind
description: One of each.
goal: {fact: customer_wrote, op: eq, value: false}
steps:
- {kind: notify, id: staff, to: supervisors, text: Have a look}
- {kind: notify, id: customer, to: customer, text: "May we help?"}
- {kind: message, id: write, text: "Dear {customer.name}, about {ref}."}
- {kind: assign, id: give, to: fair}
- {kind: wait, id: rest, for: 3d}
- kind: condition
  id: quiet
  when: {fact: customer_wrote, op: eq, value: false}
  else:
  - {kind: notify, id: owner, to: owner, text: They wrote}
- {kind: offer, id: offer}
"""
NOTES = """
name: {name}
steps:
- {{kind: notify, id: first, to: supervisors, text: One}}
- {{kind: notify, id: second, to: supervisors, text: Two}}
"""


async def make(client: Client, yaml: str) -> PlaybookRead:
    return await client.playbooks.make(PlaybookMake(yaml=yaml))


async def start(client: Client, playbook: PlaybookRead, customer: str, **fields: Any) -> ExecutionRead:
    body = TriggerAsk(playbook_id=playbook.playbook_id, customer_id=customer, **fields)
    return (await client.playbooks.trigger(body)).items[0]


async def shown(client: Client, execution: ExecutionRead) -> ExecutionShown:
    return await client.executions.show(execution.execution_id)


async def log(client: Client, execution: ExecutionRead) -> list[tuple[str, str]]:
    """(step, state) of what was done."""
    return [(one.step_id, one.state) for one in (await shown(client, execution)).log]


async def words(client: Client, case: IncidenceRead) -> list[str]:
    """What was written to the customer in a case."""
    entries = (await client.incidences.timeline(case.incidence_id)).items
    return [(one.data or {})["text"] for one in entries if one.type == "incidence.message_sent"]


async def told(backend: Backend, client: Client) -> list[str]:
    """What a member was told by playbooks, the oldest first."""
    await backend.drain()
    return [one.message for one in reversed((await client.alerts.list()).items) if one.kind == "PLAYBOOK"]
