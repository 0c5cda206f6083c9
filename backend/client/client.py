"""`Client`: every noun of the API."""

import httpx

from backend.client.agent import Agent, Approvals
from backend.client.alerts import Alerts
from backend.client.analytics import Analytics
from backend.client.billing import Stripe, Subscriptions
from backend.client.bulk import Bulks
from backend.client.copilot import Copilot, Knowledge
from backend.client.customers import Customers
from backend.client.delivery import Delivery
from backend.client.escalation import Escalations
from backend.client.finance import Finance
from backend.client.identity import Businesses, Identity, Invitations, Keys
from backend.client.imports import Imports
from backend.client.incidences import Channels, Incidences
from backend.client.integrations import Integrations, Outgoing
from backend.client.interventions import Interventions
from backend.client.jobs import Jobs
from backend.client.live import Live
from backend.client.macros import Macros
from backend.client.notifications import Notifications
from backend.client.playbooks import Executions, Playbooks
from backend.client.retention import Flows, Retention
from backend.client.risk import Churn
from backend.client.rules import Rules
from backend.client.signals import Context, Friction, Tracking
from backend.client.system import Audit, System
from backend.client.transport import Transport
from backend.client.views import Views
from backend.client.webhooks import Webhooks


class Client:
    """`async with Client(url) as api: await api.identity.sign_in(...); await api.incidences.list()`."""

    def __init__(self, url: str, *, api_key: str | None = None, http: httpx.AsyncClient | None = None) -> None:
        self.transport = transport = Transport(url, api_key=api_key, http=http)
        self.agent = Agent(transport)
        self.analytics = Analytics(transport)
        self.approvals = Approvals(transport)
        self.alerts = Alerts(transport)
        self.audit = Audit(transport)
        self.bulks = Bulks(transport)
        self.businesses = Businesses(transport)
        self.channels = Channels(transport)
        self.churn = Churn(transport)
        self.context = Context(transport)
        self.copilot = Copilot(transport)
        self.customers = Customers(transport)
        self.delivery = Delivery(transport)
        self.escalations = Escalations(transport)
        self.finance = Finance(transport)
        self.executions = Executions(transport)
        self.flows = Flows(transport)
        self.friction = Friction(transport)
        self.identity = Identity(transport)
        self.imports = Imports(transport)
        self.incidences = Incidences(transport)
        self.integrations = Integrations(transport)
        self.interventions = Interventions(transport)
        self.invitations = Invitations(transport)
        self.jobs = Jobs(transport)
        self.keys = Keys(transport)
        self.knowledge = Knowledge(transport)
        self.live = Live(transport)
        self.macros = Macros(transport)
        self.notifications = Notifications(transport)
        self.outgoing = Outgoing(transport)
        self.playbooks = Playbooks(transport)
        self.retention = Retention(transport)
        self.rules = Rules(transport)
        self.stripe = Stripe(transport)
        self.subscriptions = Subscriptions(transport)
        self.system = System(transport)
        self.tracking = Tracking(transport)
        self.views = Views(transport)
        self.webhooks = Webhooks(transport)

    async def __aenter__(self) -> "Client":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.transport.close()
