"""Which offer comes first: the operator's rules until the numbers say otherwise.

Pure: it takes counts and gives orders, chances and words. What is learned is the share of the list price that is still
paid 90 days after a customer wanted to leave, not whether an offer was accepted, which would favour discounts.
"""
