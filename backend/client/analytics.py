"""Analytics. Days are `first` to `last`, both included, in `zone` (the business's when not given)."""

import re
from datetime import date
from typing import Any

from backend.analytics import schemas as s
from backend.analytics.dashboard_schemas import ChartData, Dashboard
from backend.client.noun import Noun
from backend.core.wire import Page


def _days(first: date | None, last: date | None, zone: str | None) -> dict[str, Any]:
    return {"from": first, "to": last, "zone": zone}


class Analytics(Noun):
    async def dashboard(self) -> Dashboard:
        """How the business stands now."""
        return await self.transport.call("GET", "/api/dashboard/metrics", Dashboard)

    async def chart(self, *, by: str = "month", count: int = 12) -> ChartData:
        """Churn and revenue of the last months or weeks."""
        return await self.transport.call("GET", "/api/dashboard/chart-data", ChartData, by=by, count=count)

    async def kpis(self, first: date | None = None, last: date | None = None, *, zone: str | None = None) -> s.KpisRead:
        return await self.transport.call("GET", "/analytics/kpis", s.KpisRead, **_days(first, last, zone))

    async def trend(
        self,
        metric: str,
        first: date | None = None,
        last: date | None = None,
        *,
        by: str = "day",
        zone: str | None = None,
    ) -> s.TrendRead:
        query = {"metric": metric, "by": by, **_days(first, last, zone)}
        return await self.transport.call("GET", "/analytics/trend/{metric}", s.TrendRead, **query)

    async def rows(
        self, metric: str, first: date | None = None, last: date | None = None, *, zone: str | None = None, **query: Any
    ) -> s.RowsRead:
        """`dimension, limit, cursor`."""
        asked = {"metric": metric, **_days(first, last, zone), **query}
        return await self.transport.call("GET", "/analytics/rows/{metric}", s.RowsRead, **asked)

    async def cost(self, first: date | None = None, last: date | None = None, *, zone: str | None = None) -> s.CostRead:
        return await self.transport.call("GET", "/analytics/cost-analysis", s.CostRead, **_days(first, last, zone))

    async def friction_report(
        self, first: date | None = None, last: date | None = None, *, zone: str | None = None
    ) -> s.FrictionReportRead:
        path = "/analytics/friction-report"
        return await self.transport.call("GET", path, s.FrictionReportRead, **_days(first, last, zone))

    async def friction_reports(self, **query: Any) -> Page[s.KeptReport]:
        """`limit, cursor`."""
        return await self.transport.call("GET", "/analytics/friction-reports", Page[s.KeptReport], **query)

    async def export(
        self,
        what: s.What,
        first: date | None = None,
        last: date | None = None,
        *,
        format: s.Format = "csv",
        metric: str | None = None,
        by: str = "day",
        zone: str | None = None,
    ) -> tuple[str, bytes]:
        """What the file is called, and what is in it."""
        query = {"what": what, "format": format, "metric": metric, "by": by, **_days(first, last, zone)}
        given = {name: str(value) for name, value in query.items() if value is not None}
        answer = await self.transport.raw("GET", "/analytics/export", params=given, headers=self.transport.headers)
        found = re.search(r'filename="([^"/\\]+)"', answer.headers.get("content-disposition", ""))
        return (found[1] if found else f"holdfast-{what}.{format}"), answer.content
