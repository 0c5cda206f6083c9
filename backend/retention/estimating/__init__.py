"""What offers really brought: pure estimators over what customers paid, each with its definition.

Everybody assigned counts, whether an offer was shown or not (intention to treat). Amounts are numbers of one currency,
as given; the unit is a customer, not a run.
"""
