"""Alerts: who is told of what, by which ways, how soon, and what happens when nobody reads it."""

from datetime import time
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from backend.rules.documents import Rule, RuleSetDocument, Wire
from backend.rules.engine import Compiled, Verdict
from backend.rules.facts import Catalogue, Fact
from backend.rules.kinds import Group, Kind

KINDS = (
    "ESCALATED", "ESCALATION_ANSWERED", "APPROVAL_REQUESTED", "APPROVAL_DECIDED", "SLA_WARNED", "SLA_BREACHED",
    "ASSIGNED", "MENTIONED", "WATCHED", "SUBSCRIPTION_CHANGE", "RISK_CHANGED", "CHURN_CROSSED", "PAYMENT_FAILED",
    "PLAYBOOK_FAILED", "INTEGRATION_FAILING", "INTERVENTION_OVERDUE",
    "PLAYBOOK",
)  # fmt: skip
Way = Literal["CONSOLE", "EMAIL", "SLACK", "TEAMS"]
CHATS: tuple[Way, ...] = ("SLACK", "TEAMS")

CATALOGUE = Catalogue(
    "alert",
    Fact("kind", "choice", "kind", "What happened.", choices=KINDS),
    Fact("severity", "choice", "severity", "How bad it is.", choices=("info", "warning", "danger")),
    Fact("level", "choice", "level", "Of a risk or churn alert, the level now.", choices=("low", "medium", "high")),
    Fact("has_risen", "boolean", "has risen", "Whether that level is higher than the one before."),
    Fact(
        "value", "money_major", "monthly value", "What the customer pays a month, as far as that is known.", minimum=0
    ),
)


class Tell(Wire):
    """The `then` of a rule of `tell`: whom, by which ways, and when.

    `role` is `concerned` (those whom it concerns by itself: who has the case, who asked, who may decide) or everybody
    from a role on; `members` are e-mail addresses of others. A chat gets it once, whoever is told.
    """

    role: Literal["concerned", "agent", "supervisor", "admin", "owner", "nobody"]
    members: list[Annotated[str, Field(max_length=254)]] = Field(default_factory=list, max_length=50)
    ways: list[Way] = Field(min_length=1, max_length=4)
    when: Literal["NOW", "HOURLY", "DAILY"]


class Unread(Wire):
    """The `then` of a rule of `unread`: after so many minutes in which nobody has read it, tell these as well."""

    after_minutes: int = Field(ge=1, le=7 * 1_440)
    role: Literal["supervisor", "admin", "owner"]
    ways: list[Way] = Field(min_length=1, max_length=4)


def _clock(value: str) -> str:
    if value:
        time.fromisoformat(value)
    return value


Clock = Annotated[str, Field(pattern=r"^([01]\d:[0-5]\d|2[0-3]:[0-5]\d|)$"), AfterValidator(_clock)]


class AlertSettings(Wire):
    """How much of it reaches a person.

    What is told at once is gathered for `gather_seconds` first, so that many of a kind are one message with how many
    there were and the `top` ones by value. A channel or mailbox gets `most_per_hour` of them; what comes beyond waits
    for the next one. Between `quiet_from` and `quiet_to` in the member's zone (empty: never) nothing is mailed but what
    has a severity in `loud`; the rest comes at the end of it. `digest_at` is when a daily one is sent.
    """

    gather_seconds: int = Field(ge=0, le=3_600)
    top: int = Field(ge=0, le=20)
    most_per_hour: int = Field(ge=1, le=1_000)
    quiet_from: Clock
    quiet_to: Clock
    loud: list[Literal["info", "warning", "danger"]]
    digest_at: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if bool(self.quiet_from) != bool(self.quiet_to):
            raise ValueError("quietFrom and quietTo are both set, or both empty")
        return self


def _tell(id: str, label: str, when: dict[str, Any], *, role: str, ways: list[str], at: str, text: str = "") -> Rule:
    then = {"role": role, "members": [], "ways": ways, "when": at}
    return Rule(id=id, label=label, group="tell", when=when, then=then, text=text)


def _is(*kinds: str) -> dict[str, Any]:
    return {"fact": "kind", "op": "in", "value": list(kinds)}


_HIGH = {
    "all": [
        _is("RISK_CHANGED", "CHURN_CROSSED"),
        {"fact": "level", "op": "eq", "value": "high"},
        {"fact": "has_risen", "op": "eq", "value": True},
    ]
}
_DANGER = {"fact": "severity", "op": "eq", "value": "danger"}

SHIPPED = RuleSetDocument(
    kind="alert",
    groups={"tell": "all", "unread": "first"},
    settings={
        "gatherSeconds": 60,
        "top": 3,
        "mostPerHour": 6,
        "quietFrom": "21:00",
        "quietTo": "08:00",
        "loud": ["danger"],
        "digestAt": "08:30",
    },
    rules=[
        _tell("danger", "What is in danger", _DANGER, role="concerned", ways=["EMAIL", *CHATS], at="NOW"),
        _tell("high_risk", "May leave now", _HIGH, role="supervisor", ways=["CONSOLE", *CHATS], at="NOW"),
        _tell(
            "unpaid",
            "Payments that failed",
            _is("PAYMENT_FAILED"),
            role="supervisor",
            ways=["CONSOLE", *CHATS],
            at="NOW",
        ),
        _tell(
            "failing",
            "What runs by itself and fails",
            _is("PLAYBOOK_FAILED", "INTEGRATION_FAILING"),
            role="admin",
            ways=["CONSOLE", "EMAIL"],
            at="NOW",
        ),
        _tell(
            "daily",
            "The rest, once a day",
            {"all": [{"fact": "severity", "op": "eq", "value": "warning"}, {"not": _HIGH}]},
            role="concerned",
            ways=["EMAIL"],
            at="DAILY",
        ),
        Rule(
            id="unread_danger",
            label="Danger that nobody looks at",
            group="unread",
            when=_DANGER,
            then={"afterMinutes": 15, "role": "admin", "ways": ["CONSOLE", "EMAIL"]},
        ),
    ],
)


def decide(_: Compiled, verdict: Verdict) -> Any:
    """Who is told, and how: in an order of its own, since that of the rules makes no difference."""
    if not isinstance(verdict.result, list):
        return verdict.result
    each = {say(then): then for then in verdict.result}
    return [each[words] for words in sorted(each)]


def say(then: Any) -> str:
    """Who is told, by which ways and when, in words."""
    if not then:
        return "nobody is told"
    if isinstance(then, list):
        return "; ".join(say(one) for one in then)
    ways = ", ".join(way.lower() for way in then["ways"])
    if "afterMinutes" in then:
        return f"after {then['afterMinutes']} minutes unread tell {then['role']}s by {ways}"
    whom = {"concerned": "whom it concerns", "nobody": "nobody by name"}.get(
        then["role"], f"every {then['role']} and up"
    )
    more = f" and {', '.join(then['members'])}" if then.get("members") else ""
    return f"tell {whom}{more} by {ways} {({'NOW': 'at once', 'HOURLY': 'hourly', 'DAILY': 'daily'})[then['when']]}"


ALERT = Kind(
    name="alert",
    label="Alerts",
    catalogue=CATALOGUE,
    groups={
        "tell": Group("all", Tell, "Who is told, and how; every rule that holds follows."),
        "unread": Group("first", Unread, "Who is told when nobody reads it; the first rule that holds decides."),
    },
    settings=AlertSettings,
    shipped=SHIPPED,
    decide=decide,
    say=say,
)
