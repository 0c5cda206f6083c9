"""The arithmetic of service levels: business hours, clocks that run and pause, and the policy that sets them.

Pure: it knows no database, no rules and no present. `backend.incidences.sla` puts it to work.
"""
