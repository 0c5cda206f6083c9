"""Macros: what is done to many cases alike, under a name."""

from backend.client.noun import Noun
from backend.incidences import macro_schemas as s


class Macros(Noun):
    async def list(self) -> s.Macros:
        """One's own and everybody's."""
        return await self.transport.call("GET", "/api/macros", s.Macros)

    async def make(self, body: s.MacroMake) -> s.MacroRead:
        return await self.transport.call("POST", "/api/macros", s.MacroRead, body)

    async def change(self, id: str, body: s.MacroChange) -> s.MacroRead:
        return await self.transport.call("PATCH", "/api/macros/{macro_id}", s.MacroRead, body, macro_id=id)

    async def delete(self, id: str) -> None:
        await self.transport.call("DELETE", "/api/macros/{macro_id}", macro_id=id)

    async def preview(self, incidence_id: str, macro_id: str) -> s.MacroPreview:
        """What it comes to on a case; nothing is done."""
        body = s.MacroRun(macro_id=macro_id, dry_run=True)
        path = "/incidences/{incidence_id}/macro"
        return await self.transport.call("POST", path, s.MacroPreview, body, incidence_id=incidence_id)

    async def run(self, incidence_id: str, body: s.MacroRun, *, idempotency_key: str | None = None) -> s.MacroDone:
        path = "/incidences/{incidence_id}/macro"
        return await self.transport.call(
            "POST", path, s.MacroDone, body, incidence_id=incidence_id, idempotency_key=idempotency_key
        )
