"""Keeping: for how many days what is only needed for a while is kept. There is nothing to decide, only settings.

Source: the customer-success document (daily pruning of old signals and visits). The days are only a start.
"""

from typing import Annotated

from pydantic import Field

from backend.rules.documents import RuleSetDocument, Wire
from backend.rules.facts import Catalogue
from backend.rules.kinds import Kind

Days = Annotated[int, Field(ge=1, le=3_650)]


class KeepingSettings(Wire):
    """In days. `signals` are facts of behaviour, which visits are made of; `carts` what a customer left in the app;
    `answers` those to repeated Idempotency-Keys; `sign_ins` those that are over, with their refresh tokens; `bulk_rows`
    each case of a verb on many; `sent_calls` those to chat platforms; `webhooks` and `stripe_events` their bodies, once
    understood; `read_alerts` those that were read, `letters` and `told_outside` what staff
    got by mail and chat; `posts` webhooks to endpoints; `sync_runs` readings of other systems, `imports` reports of
    files; `dead_letters` failed jobs, once replayed; `conversations` with the copilot, from the last thing said on;
    `risk_scores` those that customers came to, but the latest of each."""

    signals_days: Annotated[int, Field(ge=60, le=3_650)]
    """Dry runs look back a month, risk twenty-eight days."""
    carts_days: Days
    answers_days: Days
    sign_ins_days: Days
    bulk_rows_days: Days
    sent_calls_days: Days
    webhooks_days: Days
    stripe_events_days: Days
    read_alerts_days: Days
    letters_days: Days
    told_outside_days: Days
    posts_days: Days
    sync_runs_days: Days
    imports_days: Days
    dead_letters_days: Days
    conversations_days: Days
    risk_scores_days: Annotated[int, Field(ge=400, le=3_650)]
    """Whether interventions helped is told of a year of them."""


KEEPING = Kind(
    name="keeping",
    label="Keeping",
    catalogue=Catalogue("keeping"),
    groups={},
    settings=KeepingSettings,
    shipped=RuleSetDocument(
        kind="keeping",
        groups={},
        settings={
            "signalsDays": 400,
            "cartsDays": 90,
            "answersDays": 7,
            "signInsDays": 90,
            "bulkRowsDays": 90,
            "sentCallsDays": 90,
            "webhooksDays": 30,
            "stripeEventsDays": 30,
            "readAlertsDays": 90,
            "lettersDays": 90,
            "toldOutsideDays": 90,
            "postsDays": 90,
            "syncRunsDays": 90,
            "importsDays": 30,
            "deadLettersDays": 90,
            "conversationsDays": 180,
            "riskScoresDays": 400,
        },
        rules=[],
    ),
)
