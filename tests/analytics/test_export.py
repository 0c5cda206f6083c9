"""Exports: read again, they are what the API tells; every row names its zone."""

import csv
import io
from datetime import UTC, date, datetime
from typing import Any

import pytest

from backend.analytics import export
from backend.client import ApiError, Client
from tests.analytics.floor import Floor
from tests.support.backend import Backend

DAYS = (date(2026, 3, 1), date(2026, 3, 4))


async def busy(backend: Backend) -> Floor:
    floor = await Floor.open(backend, "Europe/Berlin", datetime(2026, 3, 2, 8, tzinfo=UTC))
    for number in range(5):
        case = await floor.case(f"u-{number}", ("payment", "=cmd()")[number % 2], ("CALL", "WHATSAPP")[number % 2])
        floor.wait(minutes=7)
        await floor.reply(case)
        await floor.order(f"u-{number}", 12.5)
        await floor.close(case)
    return floor


async def read(client: Client, what: Any, format: Any, **more: Any) -> list[dict[str, Any]]:
    name, content = await client.analytics.export(what, *DAYS, format=format, **more)
    assert name.endswith(f"2026-03-01-2026-03-04.{format}")
    if format == "parquet":
        from pyarrow import parquet  # type: ignore[import-untyped]

        return list(parquet.read_table(io.BytesIO(content)).to_pylist())
    kinds = export.COLUMNS[what]
    rows = csv.DictReader(io.StringIO(content.decode()))
    return [{name: _typed(text, kinds[name]) for name, text in row.items()} for row in rows]


def _typed(text: str, kind: type) -> Any:
    if text == "":
        return None
    if kind is bool:
        return text == "true"
    return kind(text.removeprefix("'")) if kind is str else kind(text)


@pytest.mark.parametrize("format", ["csv", "parquet"])
async def test_what_is_exported_is_what_is_told(backend: Backend, format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "_PAGE", 2)  # so that rows come in several pages
    floor = await busy(backend)
    api = floor.owner.analytics
    sources: dict[str, Any] = {
        "kpis": (await api.kpis(*DAYS)).kpis,
        "trend": (await api.trend("orders", *DAYS)).points,
        "cost": (await api.cost(*DAYS)).channels,
        "friction": (await api.friction_report(*DAYS)).top_friction_reasons,
        "rows": (await api.rows("time_to_resolve", *DAYS, limit=200)).items,
    }
    for what, told in sources.items():
        metric = {"trend": "orders", "rows": "time_to_resolve"}.get(what)
        rows = await read(floor.owner, what, format, metric=metric)
        assert len(rows) == len(told) > 0
        for row, one in zip(rows, told, strict=True):
            said = one.model_dump(mode="json", by_alias=True)
            shared = row.keys() & said.keys()
            assert {name: row[name] for name in shared} == {name: said[name] for name in shared}, what
            assert (row["zone"], row["from"], row["to"]) == ("Europe/Berlin", "2026-03-01", "2026-03-04")
        assert what != "trend" or {row["name"] for row in rows} == {"orders"}


async def test_no_cell_is_a_formula(backend: Backend) -> None:
    floor = await busy(backend)
    _, content = await floor.owner.analytics.export("friction", *DAYS)
    assert b"'=cmd()" in content
    assert b",=cmd()" not in content
    assert b"\n=cmd()" not in content


async def test_an_export_needs_its_metric_and_the_role(backend: Backend) -> None:
    owner, agent = await backend.owner(), await backend.member("agent")
    for metric, status in ((None, 400), ("weather", 404)):
        with pytest.raises(ApiError) as refusal:
            await owner.analytics.export("rows", *DAYS, metric=metric)
        assert refusal.value.status == status
    with pytest.raises(ApiError) as refusal:
        await agent.analytics.export("kpis", *DAYS)
    assert refusal.value.status == 403
