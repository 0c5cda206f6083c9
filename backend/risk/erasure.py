"""Erasing a customer takes risks and predictions along."""

from backend.risk import predictions as predictions
from backend.risk import service as service
