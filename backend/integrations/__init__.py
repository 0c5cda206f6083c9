"""Other systems: the inbox of their webhooks, and one adapter per vendor."""
