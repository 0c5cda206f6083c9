"""What happens to people and keys."""

from backend.events.event import Event


class BusinessCreated(Event, type="business.created"):
    pass


class BusinessChanged(Event, type="business.changed"):
    pass


class MemberAdded(Event, type="member.added"):
    pass


class MemberChanged(Event, type="member.changed"):
    pass


class MemberAvailabilityChanged(Event, type="member.availability_changed"):
    """data: availability [before, after], reason?."""


class MemberRemoved(Event, type="member.removed"):
    pass


class InvitationSent(Event, type="invitation.sent", audience="admin"):
    pass


class InvitationAccepted(Event, type="invitation.accepted", audience="admin"):
    pass


class InvitationRevoked(Event, type="invitation.revoked", audience="admin"):
    pass


class EmailProven(Event, type="member.email_proven", audience="admin"):
    """By a code in a mail, while they were signed in."""


class PasswordChanged(Event, type="member.password_changed", audience="admin"):
    """data: isReset, whether it was by a code in a mail."""


class SecondFactorChanged(Event, type="member.second_factor_changed", audience="admin"):
    """data: isOn."""


class RecoveryCodesRenewed(Event, type="member.recovery_codes_renewed", audience="admin"):
    """Those of before are void."""


class SignedIn(Event, type="signin.started", audience="admin"):
    pass


class SignInEnded(Event, type="signin.ended", audience="admin"):
    pass


class RefreshTokenReused(Event, type="signin.token_reused", audience="admin"):
    """Somebody presented a refresh token that had been exchanged: theft, or a lost answer. The family has ended."""


class KeyCreated(Event, type="key.created", audience="admin"):
    pass


class KeyRotated(Event, type="key.rotated", audience="admin"):
    pass


class KeyRevoked(Event, type="key.revoked", audience="admin"):
    pass
