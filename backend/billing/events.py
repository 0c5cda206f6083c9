"""What happens to subscriptions. A subscription's state is the SubscriptionRead after it, a change's the ChangeRead."""

from backend.events.event import Event


class SubscriptionStarted(Event, type="subscription.started"):
    """It is known for the first time. data: plan, status."""


class SubscriptionChanged(Event, type="subscription.changed"):
    """Stripe shows it otherwise than before. data: changes (field: [before, after]), and stripeEvent when one told."""


class SubscriptionEnded(Event, type="subscription.ended"):
    """It is over. data: reason (voluntary, payment_failed or payment_disputed), feedback?, mrr (major units a month)."""


class TrialEnding(Event, type="subscription.trial_ending"):
    """Its trial ends in a few days. data: trialEnd."""


class InvoicePaid(Event, type="subscription.invoice_paid"):
    """data: amount, currency, invoice."""


class PaymentFailed(Event, type="subscription.payment_failed"):
    """An invoice or a charge could not be collected. data: amount, currency, invoice?, attempts, nextAttemptAt?."""


class DisputeOpened(Event, type="subscription.dispute_opened"):
    """data: amount, currency, reason."""


class DisputeClosed(Event, type="subscription.dispute_closed"):
    """data: amount, currency, outcome (won or lost)."""


class ChangeDenied(Event, type="subscription.change_denied"):
    """The cx rules did not let a member do it. data: kind, params, words, decision, reason, rule, ruleVersion."""


class ChangeAsked(Event, type="subscription_change.asked"):
    """data, here and in those below: kind, params, words, subscriptionId, runId?."""


class ChangeDone(Event, type="subscription_change.done"):
    """Stripe was changed, and shows it. data: changes (field: [before, after]), isOurs (whether our call did it)."""


class ChangeFailed(Event, type="subscription_change.failed"):
    """Stripe said no; nothing was changed. data: error."""


class ChangeMismatched(Event, type="subscription_change.mismatched"):
    """Stripe shows something else than was asked for. data: error, wanted, shown."""


class AccountConnected(Event, type="stripe_account.connected", audience="admin"):
    """data: accountId, mode, isLive."""


class AccountDisconnected(Event, type="stripe_account.disconnected", audience="admin"):
    """By us, or deauthorised at Stripe. data: accountId, by."""


class AccountRead(Event, type="stripe_account.read", audience="admin"):
    """Everything was listed to its end. data: accountId, objects, isFirst."""
