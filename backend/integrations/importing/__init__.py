"""Customers out of a file: read into parts, mapped column by column, tried, and brought in by a job that can be killed."""
