"""What is done with customers: made when first mentioned, shown, changed, erased."""

from typing import Any

from sqlalchemy import delete, null, select, update

from backend.core import cursor as cursors
from backend.core.databases import insert_into
from backend.core.errors import Invalid, NotFound, StaleVersion
from backend.core.ids import new_id
from backend.core.security import fingerprint
from backend.core.text import clean_line
from backend.core.wire import Page
from backend.customers import events, repository
from backend.customers.beside import told_of
from backend.customers.erasure import ERASERS, forget_answers
from backend.customers.masking import mask_email, mask_phone
from backend.customers.models import Customer, CustomerHandle
from backend.customers.profile import FIELDS, fit_all, usable
from backend.customers.schemas import CustomerBrief, CustomerChange, CustomerRead
from backend.customers.sorting import SORTS
from backend.events import log
from backend.events.event import REGISTRY
from backend.events.feed import RANKS, frame_of, rank_of
from backend.events.models import EventBody, EventRow
from backend.work import Work

_LONGEST_ID = 128


def ensure_customer(work: Work, external_id: str, **profile: Any) -> Customer:
    """The customer called `external_id`, made with `profile` (columns of Customer) when new.

    Two writers that make the same one at once get the same one.
    """
    found = repository.by_external_id(work.session, work.business_id, external_id)
    if found is not None:
        return found
    if unknown := profile.keys() - set(FIELDS):
        raise TypeError(f"customers have no {', '.join(sorted(unknown))}")
    made = {
        "id": new_id(),
        "business_id": work.business_id,
        "external_id": external_id,
        "created_at": work.now,
        **usable(profile),
    }
    _insert_unless_there(work, Customer, made)
    found = repository.by_external_id(work.session, work.business_id, external_id)
    assert found is not None
    return found


def customer_by_handle(
    work: Work, platform: str, handle: str, *, name: str = "", external_id: str | None = None, **profile: Any
) -> Customer:
    """The customer whom `platform` calls `handle`, tied to `external_id` (or one made of the handle) when new.

    What the platform knows fills what we do not know; it never overwrites.
    """
    known = usable({"name": name, **profile})
    handle = handle if len(handle) <= _LONGEST_ID else fingerprint(handle)
    found = repository.by_handle(work.session, work.business_id, platform, handle)
    if found is None:
        own = f"{platform}:{handle}"
        own = own if len(own) <= _LONGEST_ID else f"{platform}:{fingerprint(handle)}"
        customer = ensure_customer(work, external_id or own, **known)
        tie = {"business_id": work.business_id, "platform": platform, "handle": handle, "customer_id": customer.id}
        _insert_unless_there(work, CustomerHandle, tie)
        found = repository.by_handle(work.session, work.business_id, platform, handle)
        assert found is not None
    _fill_blanks(found, known)
    return found


def handle_of(work: Work, platform: str, customer_id: str) -> str:
    """What `platform` calls the customer; "" when it does not know them."""
    return repository.handle_on(work.session, work.business_id, platform, customer_id) or ""


def find_customer(work: Work, id_or_external: str) -> Customer:
    """The customer by our id or the external one; NotFound otherwise, and for one that was erased."""
    id = clean_line(id_or_external)[:_LONGEST_ID]
    found = repository.by_either_id(work.session, work.business_id, id)
    if found is None:
        raise NotFound(f"There is no customer {id!r} here.", id=id)
    return found


def brief(customer: Customer) -> CustomerBrief:
    """The customer as shown beside work."""
    return CustomerBrief(
        id=customer.id,
        user_id=customer.external_id,
        name=customer.name,
        tier=customer.tier,
        language=customer.language,
    )


def read_of(customer: Customer, *, is_revealed: bool = False) -> CustomerRead:
    """The customer; e-mail and phone masked unless `is_revealed`."""
    return CustomerRead(
        **brief(customer).model_dump(),
        email=customer.email if is_revealed else mask_email(customer.email),
        phone=customer.phone if is_revealed else mask_phone(customer.phone),
        region=customer.region,
        email_opt_out=customer.email_opt_out,
        is_revealed=is_revealed,
        past_order_count=customer.past_order_count,
        last_order_date=customer.last_order_date,
        created_at=customer.created_at,
        version=customer.version,
    )


def list_customers(work: Work, *, q: str, sort: str, cursor: str | None, limit: int) -> Page[CustomerRead]:
    """One page of customers, erased ones aside. `q` finds part of a name or id, or a whole e-mail or phone."""
    if sort not in SORTS:
        raise Invalid(f"sort: must be one of {', '.join(sorted(SORTS))}", field="sort")
    rows, following = repository.page(
        work.session, work.business_id, q=clean_line(q), sort=SORTS[sort], cursor=cursor, limit=limit
    )
    beside = told_of(work, [row.id for row in rows])
    items = [read_of(row).model_copy(update=beside[row.id]) for row in rows]
    return Page(items=items, next_cursor=following)


def show_customer(work: Work, id: str) -> CustomerRead:
    """The customer, masked."""
    return _with_the_rest(work, find_customer(work, id))


def reveal_customer(work: Work, id: str) -> CustomerRead:
    """The customer with e-mail and phone in full. That somebody looked is recorded."""
    customer = find_customer(work, id)
    work.emit(events.CustomerRevealed(subject_id=customer.id, customer_id=customer.id))
    return _with_the_rest(work, customer, is_revealed=True)


def _with_the_rest(work: Work, customer: Customer, *, is_revealed: bool = False) -> CustomerRead:
    beside = told_of(work, [customer.id])[customer.id]
    return read_of(customer, is_revealed=is_revealed).model_copy(update=beside)


def change_customer(work: Work, id: str, body: CustomerChange) -> CustomerRead:
    """Change the fields given. StaleVersion when somebody changed the customer meanwhile."""
    customer = find_customer(work, id)
    work.session.refresh(customer, with_for_update=True)
    if customer.version != body.version:
        raise StaleVersion(
            f"This customer is at version {customer.version}; you saw {body.version}.",
            current=read_of(customer).model_dump(mode="json", by_alias=True),
            since=_changes_since(work, customer.id, body.version),
        )
    given = body.model_dump(exclude_unset=True, exclude={"version"})
    return set_fields(work, customer, fit_all(given))


def merge_profile(work: Work, customer: Customer, profile: dict[str, Any], *, only_blanks: bool = False) -> list[str]:
    """Set the columns of `profile` that are others by now (with `only_blanks`, only where nothing is known), and say so;
    their names. The values must fit (see `profile.fit`). Who wants no mail said so to us, maybe: no other system takes
    that back."""

    def others() -> dict[str, Any]:
        return {
            name: value
            for name, value in profile.items()
            if getattr(customer, name) != value
            and not (only_blanks and getattr(customer, name))
            and not (name == "email_opt_out" and not value)
        }

    if not others():
        return []
    # Against other changes only: whoever works for the customer at the same time goes on.
    work.session.refresh(customer, with_for_update={"key_share": True})
    if not (given := others()):
        return []
    set_fields(work, customer, given)
    return list(given)


def set_fields(work: Work, customer: Customer, given: dict[str, Any]) -> CustomerRead:
    """Set columns to what fits them, and tell it."""
    before = read_of(customer).model_dump(mode="json")
    for name, value in given.items():
        setattr(customer, name, value)
    customer.version += 1
    work.session.flush()
    after = read_of(customer)
    now = after.model_dump(mode="json")
    work.emit(
        events.CustomerChanged(
            subject_id=customer.id,
            customer_id=customer.id,
            state=after.model_dump(mode="json", by_alias=True),
            data={"version": customer.version, "changes": {name: [before[name], now[name]] for name in given}},
        )
    )
    return after


def erase_customer(work: Work, id: str) -> None:
    """Empty every personal field and the words of every event of the customer. The chain of hashes stays whole.

    Other slices erase theirs in the same transaction (`erasure.also_erases`).
    """
    customer = find_customer(work, id)
    work.session.refresh(customer, with_for_update=True)
    own = (customer.id, customer.external_id)
    known_as = [customer.external_id, *repository.handles_of(work.session, work.business_id, customer.id)]
    work.session.execute(
        delete(CustomerHandle)
        .where(CustomerHandle.business_id == work.business_id, CustomerHandle.customer_id == customer.id)
        .execution_options(synchronize_session=False)
    )
    forget_answers(work, own)
    customer.external_id = f"erased-{new_id()}"  # made of chance, so nothing leads back
    customer.name, customer.email, customer.phone, customer.language = "", None, None, "en"
    customer.region, customer.tier, customer.past_order_count, customer.last_order_date = None, "BRONZE", 0, None
    customer.email_opt_out = True  # whatever still has an address of theirs must not use it
    customer.erased_at, customer.version = work.now, customer.version + 1
    work.session.flush()
    for erase in ERASERS:
        erase(work, customer, known_as)
    # Last, for the erasers waited for whoever was writing of the customer; what they tell themselves stays.
    of_customer = select(EventRow.seq).where(
        EventRow.business_id == work.business_id,
        EventRow.customer_id == customer.id,
        EventRow.seq.not_in([row.seq for row in work.emitted]),
    )
    work.session.execute(
        update(EventBody)
        .where(EventBody.business_id == work.business_id, EventBody.seq.in_(of_customer))
        .values(body=null(), state=null())
        .execution_options(synchronize_session=False)
    )
    work.emit(events.CustomerErased(subject_id=customer.id, customer_id=customer.id))


def read_timeline(work: Work, id: str, *, cursor: str | None, limit: int) -> Page[dict[str, Any]]:
    """What happened with the customer, newest first, as /live tells it; only what the caller may see."""
    customer = find_customer(work, id)
    before = cursors.seq_of(cursor)
    seen = [name for name, event in REGISTRY.items() if RANKS[event.audience] <= rank_of(work.actor.role)]
    rows = log.latest(
        work.session, work.business_id, seen=seen, before=before, limit=limit + 1, customer_id=customer.id
    )
    following = cursors.encode([rows[limit - 1].seq]) if len(rows) > limit else None
    return Page(items=[frame_of(row) for row in rows[:limit]], next_cursor=following)


def _changes_since(work: Work, customer_id: str, version: int) -> list[dict[str, Any]]:
    seen = [events.CustomerChanged.type]
    rows = log.latest(work.session, work.business_id, seen=seen, before=None, limit=50, customer_id=customer_id)
    frames = map(frame_of, rows)
    return [frame for frame in frames if (frame["data"] or {}).get("version", 0) > version]


def _insert_unless_there(work: Work, model: type[Any], row: dict[str, Any]) -> None:
    # On PostgreSQL this waits for a writer of the same key and then sees what it committed.
    work.session.execute(insert_into(model, work.session).values(row).on_conflict_do_nothing())


def _fill_blanks(customer: Customer, known: dict[str, Any]) -> None:
    missing = {name: value for name, value in known.items() if value and not getattr(customer, name)}
    for name, value in missing.items():
        setattr(customer, name, value)
    customer.version += bool(missing)
