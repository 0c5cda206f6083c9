"""A change in a sentence: for timelines, for screens, and for whoever has to confirm it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any


def words_of(kind: str, params: Mapping[str, Any]) -> str:
    """What is to be done, such as "pause billing until 1 June 2026"."""
    match kind:
        case "PAUSE":
            return f"pause billing until {day(params['resumesAt'])}"
        case "RESUME":
            return "bill again"
        case "DOWNGRADE":
            when = "now" if params["when"] == "now" else "at the end of the period"
            return f"move to {params['planName']} {when}"
        case "DISCOUNT":
            months = params["months"]
            return f"{params['percent']:g} % off for {months} month{'' if months == 1 else 's'}"
        case "TRIAL_EXTENSION":
            return f"free until {day(params['trialEnd'])}"
        case "CANCEL":
            return "cancel now" if params["when"] == "now" else "cancel at the end of the period"
    return "keep it as it is"


def day(at: str | datetime) -> str:
    """An instant as the day that it is in UTC: "1 June 2026"."""
    return f"{datetime.fromisoformat(at) if isinstance(at, str) else at:%-d %B %Y}"
