"""Erasing a customer reaches what came of them, what is to be told, and the rows of files that name them."""

from backend.integrations import service as service
from backend.integrations import sync as sync
from backend.integrations.importing import erasing as erasing
from backend.integrations.webhooks import posts as posts
