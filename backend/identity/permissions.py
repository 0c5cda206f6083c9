"""The one table of who may call what. A test walks it path by path; the app refuses to start with a route not in it."""

from dataclasses import dataclass, field

ROLES = ("agent", "supervisor", "admin", "owner")
"""Each role may do all that the ones before it may."""

SCOPES = ("incidences", "context", "friction", "routing", "track", "notifications", "retention", "predictions")
"""What an API key can be for."""

PAGE_SCOPES = ("retention", "track")
"""What a key may be for that stands in a page, where everybody can read it."""


@dataclass(frozen=True)
class Access:
    """Who may call a path: anybody (`is_open`), members from `role` up, and API keys that hold `scope`."""

    is_open: bool = False
    role: str | None = None
    scope: str | None = None
    roles: tuple[str, ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        if self.role is not None:
            object.__setattr__(self, "roles", ROLES[ROLES.index(self.role) :])


OPEN = Access(is_open=True)
AGENT = Access(role="agent")
SUPERVISOR = Access(role="supervisor")
ADMIN = Access(role="admin")


def agent_or_key(scope: str) -> Access:
    """Any member, or an API key with `scope`."""
    assert scope in SCOPES
    return Access(role="agent", scope=scope)


TABLE: dict[tuple[str, str], Access] = {
    ("GET", "/health"): OPEN,
    ("GET", "/ready"): OPEN,
    ("GET", "/metrics"): OPEN,  # loopback or token: checked by the route itself
    ("POST", "/api/auth/signup"): OPEN,
    ("POST", "/api/auth/login"): OPEN,
    ("POST", "/api/auth/refresh"): OPEN,
    ("POST", "/api/auth/logout"): AGENT,
    ("GET", "/api/auth/me"): AGENT,
    ("GET", "/api/users/me"): AGENT,
    ("PATCH", "/api/users/me"): AGENT,
    ("GET", "/api/businesses"): AGENT,
    ("POST", "/api/businesses"): AGENT,
    ("GET", "/api/businesses/{business_id}"): AGENT,
    ("PATCH", "/api/businesses/{business_id}"): ADMIN,
    ("GET", "/api/businesses/{business_id}/members"): AGENT,
    ("POST", "/api/businesses/{business_id}/members"): ADMIN,
    ("PATCH", "/api/businesses/{business_id}/members/{member_id}"): ADMIN,
    ("DELETE", "/api/businesses/{business_id}/members/{member_id}"): ADMIN,
    ("GET", "/api/businesses/{business_id}/stripe"): ADMIN,
    ("POST", "/api/businesses/{business_id}/stripe"): ADMIN,
    ("DELETE", "/api/businesses/{business_id}/stripe"): ADMIN,
    ("POST", "/api/businesses/{business_id}/stripe/sync"): ADMIN,
    ("GET", "/api/subscriptions"): AGENT,
    ("GET", "/api/subscriptions/{subscription_id}"): AGENT,
    ("POST", "/api/subscriptions/{subscription_id}/pause"): AGENT,
    ("POST", "/api/subscriptions/{subscription_id}/resume"): AGENT,
    ("POST", "/api/subscriptions/{subscription_id}/downgrade"): AGENT,
    ("POST", "/api/subscriptions/{subscription_id}/discount"): AGENT,  # how deep is for the cx rules to say
    ("POST", "/api/subscriptions/{subscription_id}/trial"): AGENT,
    ("POST", "/api/subscriptions/{subscription_id}/cancel"): AGENT,
    ("POST", "/api/subscriptions/{subscription_id}/keep"): AGENT,
    ("POST", "/api/subscriptions/{subscription_id}/preview"): AGENT,
    ("GET", "/api/subscriptions/{subscription_id}/changes"): AGENT,
    ("GET", "/api/plans"): AGENT,
    ("POST", "/webhooks/stripe"): OPEN,  # signed
    ("GET", "/api/keys"): ADMIN,
    ("POST", "/api/keys"): ADMIN,
    ("POST", "/api/keys/{key_id}/rotate"): ADMIN,
    ("DELETE", "/api/keys/{key_id}"): ADMIN,
    ("GET", "/incidences"): AGENT,
    ("POST", "/incidences"): agent_or_key("incidences"),
    ("GET", "/incidences/counts"): AGENT,
    ("GET", "/incidences/labels"): AGENT,
    ("GET", "/incidences/bulk"): AGENT,
    ("POST", "/incidences/bulk"): AGENT,
    ("GET", "/incidences/bulk/{bulk_id}"): AGENT,
    ("POST", "/incidences/bulk/{bulk_id}/undo"): AGENT,
    ("GET", "/incidences/{incidence_id}"): AGENT,
    ("POST", "/incidences/{incidence_id}/labels"): AGENT,
    ("GET", "/api/macros"): AGENT,
    ("POST", "/api/macros"): AGENT,
    ("PATCH", "/api/macros/{macro_id}"): AGENT,
    ("DELETE", "/api/macros/{macro_id}"): AGENT,
    ("POST", "/incidences/{incidence_id}/macro"): AGENT,
    ("GET", "/api/views"): AGENT,
    ("POST", "/api/views"): AGENT,
    ("DELETE", "/api/views/{view_id}"): AGENT,
    ("POST", "/incidences/{incidence_id}/merge"): AGENT,
    ("POST", "/incidences/{incidence_id}/unmerge"): AGENT,
    ("GET", "/incidences/{incidence_id}/links"): AGENT,
    ("POST", "/incidences/{incidence_id}/links"): AGENT,
    ("DELETE", "/incidences/{incidence_id}/links/{link_id}"): AGENT,
    ("PUT", "/incidences/{incidence_id}/watch"): AGENT,
    ("DELETE", "/incidences/{incidence_id}/watch"): AGENT,
    ("PATCH", "/incidences/{incidence_id}"): AGENT,
    ("GET", "/incidences/{incidence_id}/why"): AGENT,
    ("POST", "/incidences/{incidence_id}/take"): AGENT,
    ("GET", "/incidences/{incidence_id}/timeline"): AGENT,
    ("POST", "/incidences/{incidence_id}/timeline"): AGENT,
    ("GET", "/incidences/{incidence_id}/messages"): AGENT,
    ("POST", "/incidences/{incidence_id}/messages"): AGENT,
    ("GET", "/incidences/user/{user_id}"): AGENT,
    ("GET", "/incidences/order/{order_id}"): AGENT,
    ("GET", "/agent/dashboard/{incidence_id}"): AGENT,
    ("POST", "/agent/notes/{incidence_id}"): AGENT,
    ("POST", "/agent/next"): AGENT,
    ("GET", "/agent/floor"): AGENT,
    ("PATCH", "/agent/floor/{member_id}"): SUPERVISOR,
    ("PUT", "/agent/availability"): AGENT,
    ("POST", "/agent/actions/{incidence_id}"): AGENT,  # what may be done is for the cx rules to say
    ("GET", "/approvals"): SUPERVISOR,
    ("POST", "/approvals/{approval_id}/approve"): SUPERVISOR,
    ("POST", "/approvals/{approval_id}/deny"): SUPERVISOR,
    ("GET", "/api/customers"): AGENT,
    ("GET", "/api/customers/{customer_id}"): AGENT,
    ("PATCH", "/api/customers/{customer_id}"): AGENT,
    ("DELETE", "/api/customers/{customer_id}"): ADMIN,
    ("GET", "/api/customers/{customer_id}/timeline"): AGENT,
    ("GET", "/api/customers/{customer_id}/risk"): AGENT,
    ("POST", "/api/v1/churn/predict"): agent_or_key("predictions"),
    ("POST", "/api/v1/causes/explain"): agent_or_key("predictions"),
    ("GET", "/api/churn-causes"): AGENT,
    ("GET", "/api/v1/churn/models"): AGENT,
    ("POST", "/api/v1/churn/models/train"): ADMIN,
    ("POST", "/api/v1/churn/models/{target}/rollback"): ADMIN,
    ("GET", "/context/{user_id}"): agent_or_key("context"),
    ("PUT", "/context/{user_id}/screen"): agent_or_key("context"),
    ("PUT", "/context/{user_id}/cart"): agent_or_key("context"),
    ("POST", "/context/{user_id}/signals"): agent_or_key("context"),
    ("POST", "/friction/detect"): agent_or_key("friction"),
    ("POST", "/friction/signals"): agent_or_key("friction"),
    ("GET", "/friction/thresholds"): AGENT,
    ("PUT", "/friction/thresholds"): ADMIN,
    ("POST", "/channel/route"): agent_or_key("routing"),
    ("POST", "/channel/escalate"): agent_or_key("routing"),
    ("POST", "/escalation/trigger"): AGENT,
    ("GET", "/escalation/queue"): AGENT,
    ("GET", "/escalation/rules"): AGENT,
    ("PUT", "/escalation/rules"): ADMIN,
    ("POST", "/escalation/{escalation_id}/acknowledge"): SUPERVISOR,
    ("POST", "/escalation/{escalation_id}/return"): SUPERVISOR,
    ("POST", "/escalation/{escalation_id}/resolve"): SUPERVISOR,
    ("GET", "/channel/rules"): AGENT,
    ("PUT", "/channel/rules"): ADMIN,
    ("POST", "/notifications/trigger"): agent_or_key("notifications"),
    ("POST", "/notifications/suppress/{user_id}"): agent_or_key("notifications"),
    ("GET", "/notifications/rules"): AGENT,
    ("PUT", "/notifications/rules"): ADMIN,
    ("GET", "/notifications/{user_id}"): agent_or_key("notifications"),
    ("POST", "/notifications/{notification_id}/seen"): agent_or_key("notifications"),
    ("POST", "/notifications/{notification_id}/accepted"): agent_or_key("notifications"),
    ("WS", "/notifications/{user_id}/live"): agent_or_key("notifications"),
    ("POST", "/api/track"): Access(scope="track"),
    ("GET", "/track.js"): OPEN,
    ("GET", "/retention.js"): OPEN,
    ("GET", "/api/rules"): AGENT,
    ("GET", "/api/rules/{kind}"): AGENT,
    ("GET", "/api/rules/{kind}/versions"): AGENT,
    ("GET", "/api/rules/{kind}/versions/{version}"): AGENT,
    ("GET", "/api/rules/{kind}/diff"): AGENT,
    ("GET", "/api/rules/{kind}/vocabulary"): AGENT,
    ("POST", "/api/rules/{kind}/check"): ADMIN,
    ("POST", "/api/rules/{kind}/dry-run"): ADMIN,
    ("POST", "/api/rules/{kind}/publish"): ADMIN,
    ("POST", "/api/rules/{kind}/rollback"): ADMIN,
    ("GET", "/api/flows"): AGENT,
    ("POST", "/api/flows"): ADMIN,
    ("GET", "/api/flows/{flow_id}"): AGENT,
    ("PATCH", "/api/flows/{flow_id}"): ADMIN,
    ("POST", "/api/flows/{flow_id}/activate"): ADMIN,
    ("POST", "/api/flows/{flow_id}/dry-run"): ADMIN,
    ("GET", "/api/flows/{flow_id}/versions"): AGENT,
    ("GET", "/api/flows/{flow_id}/diff"): AGENT,
    ("POST", "/api/retention/start"): agent_or_key("retention"),
    ("POST", "/api/retention/{run_id}/decision"): agent_or_key("retention"),
    ("GET", "/api/retention/runs"): AGENT,
    ("GET", "/api/retention/runs/{run_id}"): AGENT,
    ("GET", "/api/retention/offers"): AGENT,
    ("POST", "/api/retention/offer"): AGENT,
    ("GET", "/api/flows/{flow_id}/ranking"): AGENT,
    ("GET", "/api/retention/analytics/summary"): AGENT,
    ("GET", "/api/retention/analytics/saved-revenue"): AGENT,
    ("GET", "/api/retention/analytics/saved-users"): AGENT,
    ("GET", "/api/retention/analytics/offers"): AGENT,
    ("GET", "/api/retention/analytics/churn-reasons"): AGENT,
    ("GET", "/analytics/kpis"): AGENT,
    ("GET", "/analytics/trend/{metric}"): AGENT,
    ("GET", "/analytics/rows/{metric}"): AGENT,
    ("GET", "/analytics/friction-report"): AGENT,
    ("GET", "/analytics/friction-reports"): AGENT,
    ("GET", "/analytics/cost-analysis"): AGENT,
    ("GET", "/analytics/export"): SUPERVISOR,
    ("POST", "/webhooks/freshchat"): OPEN,  # the signature is the permission
    ("HEAD", "/webhooks/freshchat"): OPEN,
    ("POST", "/webhooks/intercom"): OPEN,
    ("HEAD", "/webhooks/intercom"): OPEN,
    ("POST", "/webhooks/chatwoot"): OPEN,
    ("HEAD", "/webhooks/chatwoot"): OPEN,
    ("GET", "/api/integrations"): AGENT,
    ("POST", "/api/integrations"): ADMIN,
    ("PATCH", "/api/integrations/{integration_id}"): ADMIN,
    ("DELETE", "/api/integrations/{integration_id}"): ADMIN,
    ("POST", "/api/integrations/{integration_id}/sync"): ADMIN,
    ("GET", "/api/outgoing"): AGENT,
    ("POST", "/api/outgoing/{call_id}/retry"): AGENT,
    ("GET", "/api/jobs"): ADMIN,
    ("POST", "/api/jobs/{job_id}/retry"): ADMIN,
    ("POST", "/api/jobs/{job_id}/cancel"): ADMIN,
    ("GET", "/api/dead-letters"): ADMIN,
    ("POST", "/api/dead-letters/{letter_id}/replay"): ADMIN,
    ("GET", "/api/alerts"): AGENT,
    ("POST", "/api/alerts/{alert_id}/read"): AGENT,
    ("POST", "/api/alerts/read-all"): AGENT,
    ("GET", "/api/alerts/muted"): AGENT,
    ("PUT", "/api/alerts/muted"): AGENT,
    ("GET", "/api/interventions"): AGENT,
    ("POST", "/api/interventions"): AGENT,
    ("GET", "/api/interventions/effect"): AGENT,
    ("GET", "/api/interventions/{intervention_id}"): AGENT,
    ("PATCH", "/api/interventions/{intervention_id}"): AGENT,
    ("GET", "/api/audit"): SUPERVISOR,
    ("GET", "/api/audit/verify"): SUPERVISOR,
    ("WS", "/live"): AGENT,
}
