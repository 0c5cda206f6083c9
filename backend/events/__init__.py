"""What happened: one table that is outbox, timeline, audit log and live feed."""
