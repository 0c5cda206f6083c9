"""Notes among ourselves, and the colleagues who are named in them."""

import re

from sqlalchemy import select

from backend.identity.models import Member, User
from backend.incidences import events, watching
from backend.incidences.models import Incidence
from backend.incidences.schemas import NoteAdd
from backend.incidences.service import State, incidence_of, posted, record
from backend.work import Work

_NAMED = re.compile(r"(?<![\w@.+-])@([\w.+-]{1,64})")


def add_note(work: Work, id: str, body: NoteAdd) -> State:
    """A note; also on a closed case. Who is named in it (`@asha`) watches the case from now on."""
    row = incidence_of(work, id, to_change=True)
    return write(work, row, body.text)


def write(work: Work, row: Incidence, text: str, **more: object) -> State:
    """`add_note` on a row that nobody else changes; `more` is told with the event."""
    mentions, unknown = mentioned(work, text)
    watching.add(row, mentions)
    said = {"text": text} | ({"mentions": mentions} if mentions else {}) | more
    return posted(work, record(work, row, events.NoteAdded, said)) | {"unknownMentions": unknown}


def mentioned(work: Work, text: str) -> tuple[list[str], list[str]]:
    """The members who are named after an @ in `text`, and the names that mean nobody here or several.

    A name is what stands before the @ of their e-mail address, or their name without its spaces; any case.
    """
    names = list(dict.fromkeys(match.rstrip(".-+").casefold() for match in _NAMED.findall(text)))
    if not any(names):
        return [], []
    query = select(Member.id, User.name, User.email).join(User, User.id == Member.user_id)
    known: dict[str, set[str]] = {}
    here = (Member.business_id == work.business_id) & Member.removed_at.is_(None)
    for id, name, email in work.session.execute(query.where(here)):
        for word in ("".join(name.split()), email.partition("@")[0]):
            known.setdefault(word.casefold(), set()).add(id)
    meant = {name: known.get(name, set()) for name in names if name}
    return (
        list(dict.fromkeys(id for ids in meant.values() if len(ids) == 1 for id in ids)),
        [name for name, ids in meant.items() if len(ids) != 1],
    )
