"""The mirror: entities by id as the wire has them, kept by one upsert per frame. Plain dicts, no models, no I/O."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from console.views import VIEWS, Moment, Row, membership

MIRRORED = ("incidence", "member", "customer", "business", "rules", "approval")
"""Subjects that are kept. Frames about others only move the cursor, and are told to whoever listens."""

RESET = "reset"
"""The topic of a full reload: everything may be different."""


class Update(NamedTuple):
    """What listeners are told. `kind` is the topic; `row` the entity after it; `frame` the event, None on a reload."""

    kind: str
    id: str = ""
    row: Row | None = None
    frame: Row | None = None


Listener = Callable[[Update], None]


class Gap(Exception):
    """A frame that does not follow the one before: something was lost on the way."""


class Store:
    """Mirror of one business for one member.

    `seq` is the seq of the last event in it, None before the first load. Rows are replaced, never changed in place,
    so a row that a screen holds stays as it was shown.
    """

    def __init__(self, member_id: str = "") -> None:
        self.member_id = member_id
        self.seq: int | None = None
        self.head = 0
        self.tables: dict[str, dict[str, Row]] = {subject: {} for subject in MIRRORED}
        self.presence: dict[str, list[Row]] = {}
        self.counts: dict[str, int] = dict.fromkeys((view.key for view in VIEWS), 0)
        self.is_paused = False
        self._risks: dict[str, int | None] = {}
        """By customer, as the feed told last: an event of a case may be older than it in this."""
        self._moment = Moment(member_id, "")
        self._bits: dict[str, int] = {}
        self._listeners: dict[str, list[Listener]] = {}
        self._held = 0

    @property
    def incidences(self) -> dict[str, Row]:
        """IncidenceRead by id."""
        return self.tables["incidence"]

    @property
    def members(self) -> dict[str, Row]:
        """MemberRead by id."""
        return self.tables["member"]

    @property
    def approvals(self) -> dict[str, Row]:
        """ApprovalRead by id, of those that are pending."""
        return self.tables["approval"]

    @property
    def ladder(self) -> Row | None:
        """The escalation rules in force, None before they are read."""
        return self.tables["rules"].get("escalation")

    @property
    def is_loaded(self) -> bool:
        """Whether a whole snapshot is in it."""
        return self.seq is not None

    @property
    def moment(self) -> Moment:
        """What the views depend on beside the rows, as last counted."""
        return self._moment

    @property
    def held(self) -> int:
        """Changes that listeners were not told of while paused."""
        return self._held

    def in_view(self, view: str) -> list[Row]:
        """The rows of a view, in no order."""
        place = next(place for place, known in enumerate(VIEWS) if known.key == view)
        bit = 1 << place
        return [self.incidences[id] for id, bits in self._bits.items() if bits & bit]

    def is_in_view(self, id: str, view: str) -> bool:
        """Whether the incidence is in the view now."""
        place = next(place for place, known in enumerate(VIEWS) if known.key == view)
        return bool(self._bits.get(id, 0) & 1 << place)

    def find(self, id_or_ref: str) -> Row | None:
        """The incidence by id or ref (`INC-1042`, any case)."""
        ref = id_or_ref.upper().removeprefix("#")
        return self.incidences.get(id_or_ref) or next(
            (row for row in self.incidences.values() if row["ref"] == ref), None
        )

    def labels(self) -> dict[str, int]:
        """The labels of open incidences, and how many have each."""
        tally: dict[str, int] = {}
        for row in self.incidences.values():
            if row["status"] != "CLOSED":
                for label in row.get("labels", ()):
                    tally[label] = tally.get(label, 0) + 1
        return tally

    # -- what goes in

    def apply(self, frame: Row) -> bool:
        """Take in one event of the feed; False when it was here already. Gap when it does not follow the last."""
        seq: int = frame["seq"]
        if self.seq is None or seq <= self.seq:
            return False
        if seq != self.seq + 1:
            raise Gap(f"after {self.seq} came {seq}")
        self.seq = seq
        self.head = max(self.head, seq)
        subject = frame.get("subject")
        if subject is None:  # not for our eyes
            return True
        kind, id, state = subject["type"], subject["id"], frame.get("state")
        if state is not None and kind in self.tables:
            if kind == "incidence" and (customer_id := state["customer"]["id"]) in self._risks:
                state = state | {"churnScore": self._risks[customer_id]}
            self.upsert(kind, id, state, frame)
        else:
            if frame["type"] == "member.removed":
                self.members.pop(id, None)
            if frame["type"] == "customer.erased":
                self._forget(id)
            if kind == "risk" and state is not None:
                self._risks[id] = state["score"]
                self._retell(kind, id, state)
            self._tell(Update(kind, id, None, frame))
        if incidence_id := frame.get("incidenceId"):
            self._tell(Update(f"timeline:{incidence_id}", incidence_id, self.incidences.get(incidence_id), frame))
        return True

    def upsert(self, kind: str, id: str, state: Row, frame: Row | None = None) -> None:
        """Keep an entity's state, unless a newer one is here (a page read after an event that is now replayed)."""
        table = self.tables[kind]
        known = table.get(id)
        if known is not None and known.get("version", 0) > state.get("version", 0):
            return
        table[id] = state
        if kind == "incidence":
            self._recount(id, state)
        elif kind in ("customer", "member"):
            self._retell(kind, id, state)
        elif kind == "approval" and state["status"] != "PENDING":
            del table[id]
        self._tell(Update(kind, id, state, frame))

    def install(self, tables: dict[str, dict[str, Row]], seq: int) -> None:
        """Replace everything by a snapshot that holds all events up to `seq`."""
        for subject in MIRRORED:
            self.tables[subject] = tables.get(subject, {})
        self._risks.clear()
        self.seq, self.head = seq, max(self.head, seq)
        self._recount_all()
        self._tell(Update(RESET))

    def see(self, frame: Row) -> None:
        """Take in a presence frame: who is at an incidence."""
        id, members = frame["incidenceId"], frame["members"]
        if members:
            self.presence[id] = members
        else:
            self.presence.pop(id, None)
        self._tell(Update("presence", id))

    def forget_presence(self) -> None:
        """The connection is gone, and with it the knowledge of who is where."""
        ids, self.presence = list(self.presence), {}
        for id in ids:
            self._tell(Update("presence", id))

    def at(self, now: str) -> None:
        """Count the views of time anew; `now` is the present (ISO, UTC)."""
        self._moment = Moment(self.member_id, now)
        self._recount_all()
        self._tell(Update("counts"))

    # -- who is told

    def listen(self, topic: str, listener: Listener) -> Callable[[], None]:
        """Be told of a topic: a subject type, `timeline:<incidence id>`, `presence`, `counts` or `reset`. Answers how to stop."""
        self._listeners.setdefault(topic, []).append(listener)

        def stop() -> None:
            listeners = self._listeners.get(topic, [])
            if listener in listeners:
                listeners.remove(listener)
            if not listeners:
                self._listeners.pop(topic, None)

        return stop

    def pause(self) -> None:
        """Stop telling; the mirror goes on, so that nothing has to be kept for later."""
        self.is_paused = True

    def resume(self) -> None:
        """Tell again, at first that everything may be different."""
        self.is_paused, self._held = False, 0
        self._tell(Update(RESET))

    def _tell(self, update: Update) -> None:
        if self.is_paused:
            self._held += update.frame is not None and update.kind in MIRRORED
            return
        for listener in tuple(self._listeners.get(update.kind, ())):
            listener(update)

    # -- counts and copies

    def _recount(self, id: str, row: Row) -> None:
        before, after = self._bits.get(id, 0), membership(row, self._moment)
        self._bits[id] = after
        if changed := before ^ after:
            for place, view in enumerate(VIEWS):
                if changed >> place & 1:
                    self.counts[view.key] += 1 if after >> place & 1 else -1

    def _recount_all(self) -> None:
        self._bits = {id: membership(row, self._moment) for id, row in self.incidences.items()}
        tally = [0] * len(VIEWS)
        for bits in self._bits.values():
            while bits:
                low = bits & -bits
                tally[low.bit_length() - 1] += 1
                bits ^= low
        self.counts = {view.key: tally[place] for place, view in enumerate(VIEWS)}

    def _forget(self, customer_id: str) -> None:
        """A customer was erased: their risk is nobody's any more."""
        self.tables["customer"].pop(customer_id, None)
        self._risks[customer_id] = None
        self._retell("risk", customer_id, {"score": None})

    def _retell(self, kind: str, id: str, state: Row) -> None:
        """An incidence carries its customer in brief, their risk, and its agent's name: those follow theirs."""
        for incidence_id, row in list(_carrying(self.incidences.items(), kind, id)):
            if kind == "member":
                copy = row | {"agentName": state["name"]}
            elif kind == "risk":
                copy = row | {"churnScore": state["score"]}
            else:
                copy = row | {"customer": {key: state.get(key, value) for key, value in row["customer"].items()}}
            if copy != row:
                self.incidences[incidence_id] = copy
                self._recount(incidence_id, copy)
                self._tell(Update("incidence", incidence_id, copy))


def _carrying(rows: Iterable[tuple[str, Row]], kind: str, id: str) -> Iterable[tuple[str, Row]]:
    if kind == "member":
        return ((key, row) for key, row in rows if row["agentId"] == id)
    return ((key, row) for key, row in rows if row["customer"]["id"] == id)
