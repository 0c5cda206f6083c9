"""`JoinScreen`: cases that belong together: merged and taken apart again, linked, and what was being written goes along."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import TYPE_CHECKING, Any

from console.actions import Action
from console.desk import wording
from console.incidences.panels import LINKS
from console.incidences.teamwork import TeamScreen
from console.undo import Change
from widgets.paint import Cell
from widgets.prompt import Choice, Confirm, Option

if TYPE_CHECKING:
    from backend.client.incidences import Incidence
    from backend.incidences.link_schemas import LinkRead, Links, MergeRead

_ANOTHER = "+"


class JoinScreen(TeamScreen):
    """Verbs on two cases."""

    async def perform(self, action: Action, value: str = "", *, is_agreed: bool = False) -> None:
        """With no case named, offer the customer's others."""
        row = self.selected()
        if action.id in ("merge", "link") and not value and row is not None and not self.refusal(action):
            others = [one for one in self.store.incidences.values() if _is_sibling(one, row)]
            if others:
                self._offer(action, row, others)
                return
        await super().perform(action, value, is_agreed=is_agreed)

    def _offer(self, action: Action, row: Mapping[str, Any], others: list[dict[str, Any]]) -> None:
        async def answered(ref: str | None) -> None:
            if ref == _ANOTHER:
                self.action_command(f"{action.name} ")
            elif ref is not None:
                await self.perform(action, ref)

        self.chord = ""
        options = [Option(one["ref"], one["ref"], one["summary"]) for one in others]
        options.append(Option(_ANOTHER, "Another …", "type its reference"))
        self.app.push_screen(Choice(f"{action.title} {row['ref']}", options), answered)

    # -- merging

    def action_merge(self, words: str = "") -> None:
        """`INC-7`: make this case part of that one; after it, why, when it is another customer's."""
        row, (ref, _, reason) = self.selected(), words.strip().partition(" ")
        if row is None:
            return
        api = self.console.api
        self.console.calls.start(
            f"find {ref}",
            lambda: api.incidences.show(ref),
            done=lambda into: self._ask_merge(row, into, reason.strip()),
        )

    def _ask_merge(self, row: Mapping[str, Any], into: Incidence, reason: str) -> None:
        whose, theirs = wording.customer(dict(row)), into.customer.name or into.customer.user_id
        is_other = into.customer.id != row["customer"]["id"]
        if is_other and not reason:
            self.console.say(f"{into.ref} is {theirs}'s, not {whose}'s. Say why: :merge {into.ref} …", "warning")
            return
        pairs: list[tuple[str, Cell]] = [
            ("This case", f"{row['ref']} {row['summary']}"),
            ("Into", f"{into.ref} {into.summary}"),
            ("Customer", [(f"{whose} → {theirs}", "danger bold")] if is_other else theirs),
        ]
        lines = ["Its story, conversations, labels, watchers and earliest clock go with it. z takes it back."]

        def answered(is_yes: bool | None) -> None:
            if is_yes:
                self._merge(row, into, is_other, reason)

        self.app.push_screen(Confirm(f"Merge {row['ref']} into {into.ref}?", pairs, lines=lines, yes="Merge"), answered)

    def _merge(self, row: Mapping[str, Any], into: Incidence, is_other: bool, reason: str) -> None:
        api, id = self.console.api, row["incidenceId"]

        def call() -> Awaitable[MergeRead]:
            from backend.incidences.link_schemas import Merge

            body = Merge(
                into=into.incidence_id,
                version=row["version"],
                into_version=into.version,
                other_customer=is_other,
                reason=reason or None,
            )
            return api.incidences.merge(id, body)

        def done(both: MergeRead) -> None:
            self._keep_both(both)
            self.console.say(f"{row['ref']} is part of {into.ref} now.")
            self.console.undo.push(Change(f"merge {row['ref']}", lambda: self._unmerge(id), lambda: self.action_merge(into.ref)))  # fmt: skip

        self.console.calls.start(f"merge {row['ref']}", call, done=done)

    def action_unmerge(self) -> None:
        """Take this case, or the one merged into it last, apart again."""
        row = self.selected() or {}
        if row.get("mergedInto"):
            self._unmerge(row["incidenceId"])
        elif row.get("mergedFrom"):
            self._unmerge(row["mergedFrom"][-1]["incidenceId"])
        else:
            self.console.say(f"{row.get('ref', 'It')} is not merged.", "warning")

    def _unmerge(self, id: str) -> None:
        api = self.console.api

        def done(both: MergeRead) -> None:
            self._keep_both(both)
            self.console.say(f"{both.incidence.ref} is a case of its own again.")

        self.console.calls.start("undo the merge", lambda: api.incidences.unmerge(id), done=done)

    def _keep_both(self, both: MergeRead) -> None:
        self.keep(both.into)
        self.keep(both.incidence)

    # -- linking

    def action_link(self, words: str = "") -> None:
        """`INC-7` relates to it; `INC-7 duplicate`: this one is its duplicate; then why."""
        row, (ref, _, rest) = self.selected(), words.strip().partition(" ")
        if row is None:
            return
        first, _, reason = rest.strip().partition(" ")
        is_duplicate = first.casefold() in ("duplicate", "dup")
        why, api = (reason if is_duplicate else rest).strip(), self.console.api

        def call() -> Awaitable[LinkRead]:
            from backend.incidences.link_schemas import LinkMake

            kind = {"kind": "DUPLICATE_OF"} if is_duplicate else {}
            return api.incidences.link(row["incidenceId"], LinkMake.model_validate({"to": ref, "reason": why or None, **kind}))  # fmt: skip

        def done(link: LinkRead) -> None:
            self.console.say(f"{row['ref']} {LINKS[link.kind][0]} {link.ref}.")
            undo = lambda: self._unlink(row["incidenceId"], link)  # noqa: E731
            self.console.undo.push(Change(f"link {row['ref']}", undo, lambda: self.action_link(words)))

        self.console.calls.start(f"link {row['ref']}", call, done=done)

    def action_unlink(self, ref: str = "") -> None:
        """Take the link to a case off."""
        row, api = self.selected(), self.console.api
        if row is None:
            return

        def found(links: Links) -> None:
            wanted = [link for link in links.items if link.ref == ref.strip().upper() and link.kind != "MERGED_INTO"]
            if wanted:
                self._unlink(row["incidenceId"], wanted[0])
            else:
                self.console.say(f"{row['ref']} is not linked to {ref.strip()}.", "warning")

        self.console.calls.start("read the links", lambda: api.incidences.links(row["incidenceId"]), done=found)

    def _unlink(self, id: str, link: LinkRead) -> None:
        api = self.console.api

        async def call() -> LinkRead:
            await api.incidences.unlink(id, link.link_id)
            return link

        def done(_: LinkRead) -> None:
            self.console.say(f"The link to {link.ref} is off.")

        self.console.calls.start(f"take the link to {link.ref} off", call, done=done)


def _is_sibling(one: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    is_theirs = one["customer"]["id"] == row["customer"]["id"] and one["incidenceId"] != row["incidenceId"]
    return bool(is_theirs and one["status"] != "CLOSED")
