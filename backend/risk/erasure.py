"""Erasing a customer takes the risks along."""

from backend.risk import service as service
