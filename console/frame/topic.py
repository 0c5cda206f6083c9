"""What “this” means to somebody who asks the copilot: what is under the hand on the screen."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from widgets.plain import plain

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Topic:
    """A case, a customer, a playbook or a rule set, and how it is called. All empty where there is none of them."""

    words: str = ""
    incidence_id: str = ""
    customer_id: str = ""
    playbook_id: str = ""
    rule_set: str = ""

    def asked(self) -> dict[str, str]:
        """What a question is asked beside, for `ChatAsked`."""
        return {name: value for name, value in asdict(self).items() if value and name != "words"}


def of_case(row: Row | None) -> Topic:
    """A case as it is shown; nothing for none."""
    if row is None or "incidenceId" not in row:
        return Topic()
    who = (row.get("customer") or {}).get("name") or row.get("userId", "")
    return Topic(plain(f"{row['ref']}, {who}"), incidence_id=str(row["incidenceId"]))


def of_customer(id: Any, name: Any = "") -> Topic:
    """A customer by id; nothing without one."""
    return Topic(plain(str(name or id)), customer_id=str(id)) if id else Topic()
