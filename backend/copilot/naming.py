"""Whom and what a question names: a customer by any name, a case by its ref."""

import re

from sqlalchemy import select

from backend.core.errors import NotFound, Unprocessable
from backend.core.text import clean_line
from backend.customers import service as customers
from backend.customers.models import Customer
from backend.incidences import repository
from backend.playbooks import service as playbooks
from backend.work import Work

_REF = re.compile(r"\bINC-(\d{1,12})\b", re.IGNORECASE)
_MARKED = re.compile(r"[\w.+:@-]*[\d_@:][\w.+:@-]*|\w+(?:-\w+)+")
"""Words that look like an id or an address."""
_CAPITAL = re.compile(r"\b[^\W\d_a-z][\w'’-]*(?:\s+[^\W\d_a-z][\w'’-]*)*")
_QUOTED = re.compile(r"[“\"']([^”\"']{2,80})[”\"']")
_MOST = 8


def customer_named(work: Work, name: str) -> Customer:
    """The customer by our id, the business's own, or a name. NotFound for nobody, Unprocessable for several."""
    try:
        return customers.find_customer(work, name)
    except NotFound:
        wanted = clean_line(name)
        page = customers.list_customers(work, q=wanted, sort="name", cursor=None, limit=6)
    exact = [one for one in page.items if one.name.casefold() == wanted.casefold()]
    found = exact if len(exact) == 1 else page.items
    if not found:
        raise NotFound(f"There is no customer {wanted!r} here.", id=wanted)
    if len(found) > 1:
        some = ", ".join(f"{one.name or '?'} ({one.user_id})" for one in found[:5])
        raise Unprocessable(f"{wanted!r} may be several customers: {some}. Say which by the id.", code="SEVERAL")
    return work.session.scalars(select(Customer).where(Customer.id == found[0].id)).one()


def ref_in(text: str) -> str | None:
    """The first ref of a case in a text."""
    found = _REF.search(text)
    return f"INC-{int(found[1])}" if found else None


def customer_in(work: Work, text: str) -> str | None:
    """The id of the customer whom a text names, if it names one: by id, in quotes, or by a name."""
    bare = _REF.sub(" ", text)
    names = [*_QUOTED.findall(bare), *_MARKED.findall(bare)]
    for run in _CAPITAL.findall(bare):
        words = run.removesuffix("'s").removesuffix("’s").split()
        names += [" ".join(words[start:]) for start in range(len(words))]
    for name in list(dict.fromkeys(name.strip(".,?!:") for name in names))[:_MOST]:
        if len(name) < 3:
            continue
        try:
            return customer_named(work, name).id
        except (NotFound, Unprocessable):
            continue
    return None


def playbook_in(work: Work, text: str) -> str | None:
    """The playbook that a text names, the longest name first."""
    names = sorted((one.name for one in playbooks.all_of(work)), key=len, reverse=True)
    return next((name for name in names if name.casefold() in text.casefold()), None)


def customer_of(work: Work, ref: str) -> str | None:
    """The id of the customer whose case it is; None when there is no such case."""
    row = repository.find(work.session, work.business_id, ref)
    return row.customer_id if row else None
