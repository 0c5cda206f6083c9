"""Wire types of identity."""

import re
from typing import Annotated, Literal, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, HttpUrl, model_validator

from backend.core.text import Key, Line, clean
from backend.core.wire import Change, UtcInstant, Wire
from backend.identity.permissions import PAGE_SCOPES, SCOPES

_EMAIL = re.compile(r"[^@\s\x00-\x1f<>\"(),:;\\]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")

_ORIGIN = re.compile(
    r"https://[a-z0-9-]+(\.[a-z0-9-]+)*(?!:443$)(:[1-9][0-9]{0,4})?"
    r"|http://(localhost|127\.0\.0\.1|\[::1\])(?!:80$)(:[1-9][0-9]{0,4})?"
)


def _email(value: str) -> str:
    value = value.strip().lower()
    if clean(value) != value or not _EMAIL.fullmatch(value):
        raise ValueError("Invalid email format")
    return value


def _zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError("is no IANA time zone, such as Asia/Kolkata")
    return value


def _scopes(value: list[str]) -> list[str]:
    if unknown := set(value) - set(SCOPES):
        raise ValueError(f"unknown scopes {sorted(unknown)}; there are {', '.join(SCOPES)}")
    return sorted(set(value))


def _origins(value: list[str]) -> list[str]:
    for origin in value:
        if not _ORIGIN.fullmatch(origin):
            raise ValueError(
                f"{origin[:100]!r} is no origin of a page, such as https://app.example.com: scheme and host in lower case, "
                "a port if it is an unusual one, no path; http only for localhost and 127.0.0.1"
            )
    return sorted(set(value))


def _short(value: HttpUrl) -> HttpUrl:
    if len(str(value)) > 500:
        raise ValueError("must have 500 characters at most")
    return value


def _tags(value: list[str]) -> list[str]:
    return sorted({tag.lower() for tag in value})


Email = Annotated[str, Field(max_length=254), AfterValidator(_email)]
LEAST_PASSWORD = 8
NewPassword = Annotated[str, Field(min_length=LEAST_PASSWORD, max_length=256)]
Role = Literal["agent", "supervisor", "admin", "owner"]
Availability = Literal["ONLINE", "AWAY", "OFFLINE"]
Capacity = Annotated[int, Field(ge=0, le=1_000)]
Tags = Annotated[list[Annotated[Key, Field(max_length=32)]], Field(max_length=50), AfterValidator(_tags)]
TimeZone = Annotated[str, AfterValidator(_zone)]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]


Token = Annotated[str, Field(min_length=1, max_length=256)]
Password = Annotated[str, Field(max_length=256)]
Code = Annotated[str, Field(min_length=1, max_length=32)]


class SignUp(Wire):
    email: Email
    password: NewPassword
    name: Line
    business_name: Line | None = None


class Credentials(Wire):
    email: Annotated[str, Field(max_length=254), AfterValidator(lambda value: value.strip().lower())]
    password: Annotated[str, Field(max_length=256)]


class RefreshRequest(Wire):
    refresh_token: Annotated[str, Field(max_length=256)]


class UserRead(Wire):
    id: str
    email: str
    name: str
    avatar_url: str | None = None
    is_email_proven: bool = False
    """Whether somebody has shown that they read the mailbox."""


class UserChange(Wire):
    name: Line | None = None
    avatar_url: Annotated[HttpUrl, AfterValidator(_short)] | None = None


class BusinessRead(Wire):
    id: str
    name: str
    currency: str
    time_zone: str
    version: int


class BusinessCreate(Wire):
    name: Line
    currency: Currency = "INR"
    time_zone: TimeZone = "Asia/Kolkata"


class BusinessChange(Change):
    name: Line | None = None
    currency: Currency | None = None
    time_zone: TimeZone | None = None


class MemberRead(Wire):
    id: str
    user_id: str
    email: str
    name: str
    role: Role
    created_at: UtcInstant
    availability: Availability
    availability_since: UtcInstant | None
    away_reason: str | None
    back_at: UtcInstant | None
    capacity: int | None
    """None is what the assignment rules say for the role."""
    languages: list[str]
    skills: list[str]


class MemberAdd(Wire):
    email: Email
    name: Line
    role: Role
    password: NewPassword | None = None


class InvitationRead(Wire):
    """Somebody is asked to work here. `letterState` and `letterError` tell what became of the mail."""

    id: str
    email: str
    name: str
    role: Role
    invited_by: str
    """The name of who did."""
    created_at: UtcInstant
    sent_at: UtcInstant
    expires_at: UtcInstant
    is_expired: bool
    letter_state: str
    letter_error: str | None


class InvitationToken(Wire):
    token: Token


class InvitationShown(Wire):
    """What an invitation says to who holds its token."""

    email: str
    name: str
    role: Role
    business: str
    invited_by: str
    has_account: bool
    expires_at: UtcInstant


class InvitationAccept(Wire):
    """`password` is that of the account there is, else that of the new one; `code` if the account asks for one."""

    token: Token
    password: Annotated[str, Field(max_length=256)]
    name: Line | None = None
    code: Code | None = None


class MemberChange(Wire):
    """A change; fields left out stay."""

    role: Role | None = None
    languages: Tags | None = None
    skills: Tags | None = None


class CapacityChange(Wire):
    """How many cases a member can have at a time; null is what the assignment rules say for their role."""

    capacity: Capacity | None


class AvailabilitySay(Wire):
    """What a member says of themselves. OFFLINE is not said: it is who has no console connected."""

    availability: Literal["ONLINE", "AWAY"]
    reason: Line | None = None
    back_at: UtcInstant | None = None


class SignInRead(Wire):
    """What signing in answers. `expires_at` is the access token's end."""

    user: UserRead
    business: BusinessRead
    role: Role
    member_id: str
    access_token: str
    refresh_token: str
    expires_at: UtcInstant


class MeRead(Wire):
    user: UserRead
    business: BusinessRead
    role: Role
    member_id: str
    time: UtcInstant


class CodeGiven(Wire):
    """The second step of signing in: the challenge that the first one answered, and a code."""

    challenge: Annotated[str, Field(max_length=2_000)]
    code: Code


class TerminalCode(Wire):
    """What a browser shows once one has signed in elsewhere, to be typed where it was begun."""

    code: str


class CollectSignIn(Wire):
    """`verifier` is what the terminal holds; its hash went with the browser."""

    verifier: Annotated[str, Field(min_length=43, max_length=128)]
    code: Code


class SwitchTo(Wire):
    business_id: Annotated[str, Field(max_length=36)]


class ForgotPassword(Wire):
    email: Email


class PasswordResetBy(Wire):
    token: Token
    password: NewPassword


class PasswordChange(Wire):
    current: Password
    password: NewPassword


class PasswordGiven(Wire):
    password: Password


class PasswordAndCode(PasswordGiven):
    code: Code


class OneCode(Wire):
    code: Code


class PasswordOrCode(Wire):
    """One of the two: who signs in elsewhere has no password."""

    password: Password | None = None
    code: Code | None = None

    @model_validator(mode="after")
    def _one(self) -> "PasswordOrCode":
        if (self.password is None) == (self.code is None):
            raise ValueError("give your password or a code")
        return self


class OpenSignIn(Wire):
    """A sign-in that holds."""

    id: str
    business: str
    """Its name."""
    created_at: UtcInstant
    last_used_at: UtcInstant
    address: str | None
    agent: str | None
    is_current: bool


class Ended(Wire):
    """How many sign-ins were ended."""

    ended: int


class SecondFactorRead(Wire):
    is_on: bool
    since: UtcInstant | None
    recovery_codes_left: int


class SecondFactorBegun(Wire):
    """Told to an authenticator, typed or as the address; shown this once."""

    secret: str
    uri: str


class RecoveryCodes(Wire):
    """Shown this once; each stands in for a code, once."""

    codes: list[str]


class KeyCreate(Wire):
    """A key for servers, or with `origins` one for the pages there. Left out, the scopes are all that such a key may have."""

    name: Line
    scopes: Annotated[list[str], AfterValidator(_scopes)] = list(SCOPES)
    origins: Annotated[list[str], Field(max_length=20), AfterValidator(_origins)] | None = None

    @model_validator(mode="after")
    def _is_harmless_in_public(self) -> Self:
        self.origins = self.origins or None
        if self.origins:
            if "scopes" not in self.model_fields_set:
                self.scopes = list(PAGE_SCOPES)
            if secret := set(self.scopes) - set(PAGE_SCOPES):
                raise ValueError(
                    f"everybody can read a key that stands in a page, so one with origins may hold {', '.join(PAGE_SCOPES)} "
                    f"and not {', '.join(sorted(secret))}; make another key, without origins, for your servers"
                )
        return self


class KeyRead(Wire):
    id: str
    name: str
    hint: str
    scopes: list[str]
    origins: list[str] | None = None
    created_at: UtcInstant
    last_used_at: UtcInstant | None = None
    revoked_at: UtcInstant | None = None


class KeyCreated(KeyRead):
    """A new key; `key` is shown this once.

    `customerSecret`, of a key for pages, stays on the business's server, which signs with it whose page it is
    (`identity.vouching`): without that no page begins or ends a cancel flow.
    """

    key: str
    customer_secret: str | None = None
