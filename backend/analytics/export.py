"""Exports: what the API tells as a table, row by row, in CSV or Parquet. Every row names the zone and the days."""

import csv
import io
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from backend.analytics import report, rows, service
from backend.analytics.asked import Asked
from backend.analytics.schemas import By, Format, What
from backend.core.cells import inert
from backend.core.errors import Invalid
from backend.unit import Units

MEDIA = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}
_PAGE = 1_000

Row = dict[str, Any]
_SPAN = {"from": str, "to": str, "zone": str, "start": str, "end": str}
_METRIC = {"name": str, "label": str, "unit": str, "value": float, "numerator": float, "denominator": float}
_NOTE = {"note": str, "definition": str, "currency": str}
COLUMNS: dict[What, dict[str, type]] = {
    "kpis": {**_METRIC, "before": float, "change": float, **_NOTE, **_SPAN},
    "trend": {"local": str, **_METRIC, **_NOTE, "by": str, **_SPAN},
    "rows": {
        "metric": str, "kind": str, "at": str, "local": str, "ref": str, "incidenceId": str, "userId": str,
        "category": str, "channel": str, "screen": str, "isSelfServe": bool, "outcome": str, "seconds": int,
        "handledSeconds": int, "amount": float, "isCounted": bool, "orderId": str, **_SPAN,
    },
    "friction": {
        "category": str, "cases": int, "sharePercent": float, "before": int, "changePercent": float,
        "isRepeated": bool, "open": int, "screen": str, "signal": str, "fix": str, "owner": str, "urgency": str,
        "evidence": str, **_SPAN,
    },
    "cost": {
        "channel": str, "contacts": int, "handledSeconds": int, "agentTime": float, "contactCost": float,
        "minuteCost": float, "total": float, "perContact": float, "currency": str, "costVersion": int, **_SPAN,
    },
}  # fmt: skip


def file_name(what: What, format: Format, metric: str | None, asked: Asked) -> str:
    """What an export is called."""
    about = f"{what}-{metric}" if metric and what in ("rows", "trend") else what
    return f"holdfast-{about}-{asked.first}-{asked.last}.{format}"


async def pages(units: Units, what: What, metric: str | None, by: By, asked: Asked) -> AsyncIterator[list[Row]]:
    """The rows of an export, some at a time."""
    match what:
        case "rows":
            cursor: str | None = None
            while True:
                page = await units.read(_rows, metric or "", asked, cursor)
                yield _spanned(page, [{**item, "metric": metric} for item in page["items"]], asked)
                if (cursor := page["nextCursor"]) is None:
                    return
        case "kpis":
            told = await units.read(service.kpis, asked)
            yield _spanned(told, told["kpis"], asked)
        case "trend":
            told = await units.read(service.trend, metric or "", by, asked)
            yield _spanned(told, told["points"], asked)
        case "cost":
            told = await units.read(service.cost_analysis, asked)
            yield _spanned(told, told["channels"], asked)
        case "friction":
            told = await units.read(report.friction_report, asked)
            yield _spanned(told, _reasons(told), asked)


def _rows(work: Any, metric: str, asked: Asked, cursor: str | None) -> Any:
    return rows.rows(work, metric, asked, dimension=None, limit=_PAGE, cursor=cursor)


def _reasons(told: Row) -> list[Row]:
    fixes = {one["category"]: one for one in told["recommendations"]}
    return [
        {
            **{name: value for name, value in reason.items() if name not in ("screens", "signals", "refs")},
            "screen": reason["screens"][0]["screen"] if reason["screens"] else None,
            "signal": reason["signals"][0]["signal"] if reason["signals"] else None,
            **{name: fixes.get(reason["category"], {}).get(name) for name in ("fix", "owner", "urgency", "evidence")},
        }
        for reason in told["topFrictionReasons"]
    ]


def _spanned(told: Row, items: Sequence[Row], asked: Asked) -> list[Row]:
    """What is said of the whole goes into each row; what a row says itself counts."""
    return [{**told, **item} | _local(item, asked) for item in items]


def _local(item: Row, asked: Asked) -> Row:
    if "at" not in item:
        return {}
    from datetime import datetime

    at = datetime.fromisoformat(item["at"])
    return {"local": at.astimezone(asked.zone).isoformat(timespec="seconds")}


async def stream(found: AsyncIterator[list[Row]], what: What, format: Format) -> AsyncIterator[bytes]:
    """The bytes of an export, as its pages come."""
    writer = _WRITERS[format](COLUMNS[what])
    async for page in found:
        if part := writer.write(page):
            yield part
    if part := writer.close():
        yield part


class _Csv:
    """Comma-separated, with a heading, UTF-8."""

    def __init__(self, columns: dict[str, type]) -> None:
        self._columns, self._text = columns, io.StringIO()
        self._out = csv.writer(self._text, lineterminator="\r\n")
        self._out.writerow(columns)

    def write(self, page: Sequence[Row]) -> bytes:
        self._out.writerows([inert(row.get(name)) for name in self._columns] for row in page)
        part = self._text.getvalue().encode()
        self._text.seek(0)
        self._text.truncate()
        return part

    def close(self) -> bytes:
        return self.write([])


class _Parquet:
    """Parquet, a row group for each page; what is known of the columns stands in the schema."""

    def __init__(self, columns: dict[str, type]) -> None:
        import pyarrow as arrow  # type: ignore[import-untyped]
        import pyarrow.parquet as parquet  # type: ignore[import-untyped]

        kinds = {str: arrow.string(), int: arrow.int64(), float: arrow.float64(), bool: arrow.bool_()}
        self._arrow, self._columns = arrow, columns
        self._schema = arrow.schema([(name, kinds[kind]) for name, kind in columns.items()])
        self._sink = _Sink()
        self._out = parquet.ParquetWriter(arrow.PythonFile(self._sink, mode="w"), self._schema)

    def write(self, page: Sequence[Row]) -> bytes:
        if page:
            given = {name: [_as(row.get(name), kind) for row in page] for name, kind in self._columns.items()}
            self._out.write_table(self._arrow.table(given, schema=self._schema))
        return self._sink.taken()

    def close(self) -> bytes:
        self._out.close()
        return self._sink.taken()


def _as(value: Any, kind: type) -> Any:
    return None if value is None else kind(value)


class _Sink(io.RawIOBase):
    """A file that is written to and never read: what was written is taken out in turn."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, part: Any) -> int:
        self._parts.append(bytes(part))
        return len(self._parts[-1])

    def taken(self) -> bytes:
        """What was written since it was asked last."""
        whole = b"".join(self._parts)
        self._parts.clear()
        return whole


_WRITERS: dict[Format, Callable[[dict[str, type]], _Csv | _Parquet]] = {"csv": _Csv, "parquet": _Parquet}


def require_metric(what: What, metric: str | None) -> None:
    """Rows and trends are of one metric. Invalid without one, NotFound for one there is not."""
    if what in ("rows", "trend"):
        if metric is None:
            raise Invalid(f"metric: say of which metric the {what} are", field="metric")
        service.metric_of(metric)
