"""What a question may want, without a model: patterns and the tool that answers. A table, so that a line adds a question."""

import re
from dataclasses import dataclass
from re import Pattern

from backend.rules.service import KINDS

Needs = str
"""What the tool has to be told: nothing, case, customer, either of them, playbook, rule_set, or words."""


@dataclass(frozen=True)
class Intent:
    """A tool and what asks for it. Every pattern that is found counts its weight; the most wins, the first of equals."""

    tool: str
    patterns: tuple[tuple[Pattern[str], int], ...]
    needs: str = ""


def _intent(tool: str, needs: str, *patterns: str) -> Intent:
    weighed = []
    for pattern in patterns:
        weight = len(pattern) - len(pattern.lstrip("+"))
        weighed.append((re.compile(pattern.lstrip("+"), re.IGNORECASE), weight + 1))
    return Intent(tool, tuple(weighed), needs)


# A pattern counts 1, and 1 more for each + before it.
INTENTS = (
    _intent("draft_reply", "case", r"+++\b(draft|compose|write|suggest|word)\b.*\b(reply|answer|response|message|respond)\b",
            r"++\bwhat (should|can|could|do) (i|we) (say|reply|answer|write)\b", r"++\breply (to|for)\b"),
    _intent("add_note", "case", r"+++\b(add|write|leave|make|put)\b.*\bnote\b"),
    _intent("similar_cases", "case or words", r"+++\b(similar|alike|comparable)\b", r"++\bcases? like\b", r"++\blike this (one|case)\b",
            r"++\b(seen|had|solved) (this|that|it|something like)\b.*\bbefore\b"),
    _intent("explain_rule", "case", r"+++\bwhy (is|was|did|does|has)\b", r"+\b(here|routed|escalated|priority|assigned|where it is)\b"),
    _intent("fitting_offers", "customer", r"++\boffers?\b", r"+\b(discount|retain|keep them|win back|pause)\b", r"+\bwhat can (i|we) (give|offer)\b"),
    _intent("customer_risk", "customer", r"++\b(risk|churn|churning|at risk)\b", r"++\b(leave|leaving|lose|losing|going to cancel|unhappy)\b", r"\bhow likely\b",
            r"\bcustomer\b"),
    _intent("incidence_summary", "case", r"++\b(summar\w+|tl;?dr|sum (?:(?:this|that|it) )?up|recap|catch me up|brief me)\b", r"+\bwhat (is|was|happened|'s)\b.*\b(case|incidence|ticket|going on|about|inc-\d+)",
            r"+\b(status|state|latest|last message) (of|in|on)\b", r"+\bwho is (the )?customer\b", r"\b(case|incidence|ticket|inc-\d+)\b"),
    _intent("readiness_breakdown", "", r"+++\breadiness\b", r"++\bfunding[- ]ready\b", r"++\b(ready|fit) for (funding|investors?|a loan|a round)\b",
            r"+\b(score|tier)\b", r"+\bwhat (helps|hurts|lifts)\b"),
    _intent("top_recommendations", "", r"+++\brecommend(ation|ations|ed)?\b", r"++\bwhat (should|can|could) we (do|improve|fix|change)\b",
            r"++\bhow (can|could|do|should) we (improve|raise|lift|increase)\b", r"+\b(advice|advise|next steps?|priorit(y|ies) for the business)\b"),
    _intent("waiting_approvals", "", r"+++\bapprovals?\b", r"+\bwaits? for (my|a|the) (decision|supervisor)\b"),
    _intent("queue_counts", "", r"+++\bhow (many|much).*\b(open|unassigned|escalated|snoozed|waiting|cases?|incidences?|tickets?)\b", r"++\b(queue|backlog|workload)\b",
            r"+\bhow busy\b"),
    _intent("desk_figures", "", r"++\b(kpis?|figures|performance)\b", r"+++\b(time to resolve|resolution time|first response|response time|conversion|how fast)\b",
            r"++\bhow (are|is) (we|the (team|desk)) doing\b"),
    _intent("metric_summary", "", r"+++\b(revenue|turnover|volatility|chargebacks?|payouts?|refunds?|takings|transactions?)\b", r"++\b(metrics?|finances?|financials?|numbers)\b",
            r"+\bhow much (did|do|have) we (take|make|earn|sell)\b", r"+\baverage (transaction|ticket|order)\b"),
    _intent("business_context", "", r"+++\b(which|what) (business|company|currency|time ?zone)\b", r"++\b(about|profile of) (us|our|the|this) (business|company)\b",
            r"++\bwho are we\b"),
    _intent("explain_playbook", "playbook", r"++\bplaybooks?\b", r"+\bwhat does (it|this) do\b", r"+\b(step by step|its steps)\b"),
    _intent("explain_rule", "rule_set", r"++\brules?\b", r"+\b(explain|how does|how do|what does|when (is|does|do|are))\b"),
)  # fmt: skip

_ALSO = {
    "routing": ("channel", "routed", "route"),
    "escalation": ("escalate", "escalated", "handed up"),
    "friction": ("friction", "help offered"),
    "notification": ("notification", "prompted"),
    "cx": ("what agents may", "allowed", "blocked", "upsell"),
    "readiness": ("readiness",),
    "recommendation": ("recommended",),
    "risk": ("churn", "at risk"),
    "flow": ("cancel flow", "retention flow"),
    "sla": ("deadline", "service level", "response target"),
    "assignment": ("assigned",),
    "cost": ("prices", "costs"),
    "alert": ("alerts",),
}
"""Other words for rule sets, the surest first."""


def rule_set_in(text: str) -> str | None:
    """The rule set that a question names."""
    said = text.casefold()
    for name in KINDS.names:
        if re.search(rf"\b{re.escape(name.replace('_', ' '))}\b", said):
            return name
    for name, words in _ALSO.items():
        if name in KINDS.names and any(word in said for word in words):
            return name
    return None


def weigh(text: str) -> list[tuple[int, Intent]]:
    """The intents that a question may have, the surest first."""
    found = []
    for place, intent in enumerate(INTENTS):
        weight = sum(weight for pattern, weight in intent.patterns if pattern.search(text))
        if weight:
            found.append((-weight, place, intent))
    return [(-weight, intent) for weight, _, intent in sorted(found, key=lambda one: one[:2])]
