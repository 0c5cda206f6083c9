"""Monitoring: how every part does, for a person who wonders why something does not happen."""
