"""The numbers: KPIs with their definitions, trends, the friction report, cost; and the rows behind each."""
