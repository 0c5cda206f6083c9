"""Settings: environment variables with the prefix HOLDFAST_, or a TOML file named by HOLDFAST_CONFIG."""

import contextlib
import ipaddress
import os
import secrets
from pathlib import Path

from platformdirs import user_data_path
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

VERSION = "0.1.0"


class Settings(BaseSettings):
    """Everything that a server can be told. `holdfast doctor` prints what is in force."""

    model_config = SettingsConfigDict(env_prefix="HOLDFAST_", extra="ignore")

    data_dir: Path = Field(default_factory=lambda: user_data_path("holdfast"), description="where files are kept")
    database_url: str = Field("", description="sqlite:///file.db or postgresql://user@host/name; a file in data_dir")
    secret: SecretStr = Field(SecretStr(""), description="signs tokens; made and kept in data_dir when absent")
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR")
    log_format: str = Field("json", description="json or console")
    metrics_token: SecretStr = Field(SecretStr(""), description="lets others than loopback read /metrics")

    token_days: float = Field(7, description="how long an access token holds, in days")
    refresh_days: float = Field(30, description="how long a refresh token holds, in days")
    bcrypt_cost: int = Field(12, ge=4, le=16, description="the cost of password hashes; 12 takes about 0.2 s")
    sign_in_per_minute: int = Field(10, description="sign-in tries a minute, per address and per account")
    track_per_minute: int = Field(
        100, description="requests a minute per key on /api/track; for pages per key and address"
    )
    retention_per_minute: int = Field(600, description="calls of cancel flows a minute per key")
    retention_per_minute_and_address: int = Field(60, description="calls of cancel flows a minute per key and address")
    copilot_per_minute: int = Field(20, ge=1, description="questions to the copilot a minute per member")
    max_body_bytes: int = Field(1_048_576, description="the largest request body, in bytes")
    max_import_bytes: int = Field(67_108_864, description="the largest file of customers, in bytes")

    feed_keep_events: int = Field(50_000, description="how far back /live resumes before it says resync, in events")
    heartbeat_seconds: float = Field(10, description="seconds between heartbeats on /live")
    live_per_member: int = Field(
        20, ge=1, description="lines of /live that one member may have to a process; one more is refused"
    )
    live_per_customer: int = Field(
        20, ge=1, description="lines of /notifications/{userId}/live that one customer may have to a process"
    )
    attendance_seconds: float = Field(
        5, description="seconds between looks at who is connected, so that members are online and offline"
    )
    jobs_after_seconds: float = Field(
        0, ge=0, description="seconds after the start until jobs run, so that the first requests need not share"
    )
    visit_timeout_seconds: int = Field(1_800, description="a visit ends after this many seconds of silence")

    freshchat_public_key: str = Field("", description="the public key from Freshchat's webhook settings")
    intercom_client_secret: SecretStr = Field(
        SecretStr(""), description="the client secret of the Intercom app that sends webhooks"
    )
    chatwoot_webhook_secret: SecretStr = Field(
        SecretStr(""), description="the secret of the webhook in Chatwoot's settings"
    )
    stripe_secret_key: SecretStr = Field(
        SecretStr(""), description="the Stripe key (secret or restricted) of the first business"
    )
    stripe_webhook_secret: SecretStr = Field(
        SecretStr(""), description="checks Stripe's webhooks; several, while one is rolled, with commas between them"
    )
    google_client_id: str = Field(
        "", description="the client id of the OAuth client by which people sign in with Google"
    )
    google_client_secret: SecretStr = Field(SecretStr(""), description="its client secret")
    google_issuer: str = Field(
        "https://accounts.google.com", description="another OpenID provider than Google, such as a double"
    )
    public_url: str = Field(
        "",
        description="how browsers reach this server; as it was asked when left out, and mails have no links to it then",
    )
    trusted_proxies: str = Field(
        "",
        description="the proxies in front, as addresses or networks with commas between (10.0.0.7, 172.16.0.0/12): what "
        "they say of who asks (X-Forwarded-For, -Proto) is believed, and limits count that. Nobody's is when left out",
    )
    stripe_connect_client_id: str = Field("", description="the client id (ca_…) of the Stripe Connect platform")
    stripe_api_base: str = Field("", description="another address than Stripe's own, such as that of a double")
    private_addresses: bool = Field(
        False, description="whether integrations may be on this machine or in a private network"
    )
    smtp_url: SecretStr = Field(
        SecretStr(""),
        description="the mail server for letters to staff: smtp://user:password@mail.example.com:587?from=us@example.com",
    )
    slack_url: SecretStr = Field(
        SecretStr(""),
        description="the Slack webhook for letters to staff, of businesses that have no channel of theirs",
    )
    teams_url: SecretStr = Field(SecretStr(""), description="the same for Microsoft Teams")
    openai_base_url: str = Field(
        "", description="a server that speaks OpenAI's chat completions, for the copilot; OpenAI itself when left out"
    )
    openai_api_key: SecretStr = Field(
        SecretStr(""), description="the copilot's key there; without any, no model answers"
    )
    openai_model: str = Field("gpt-4o-mini", description="the model that answers")
    openai_embedding_model: str = Field(
        "text-embedding-3-small", description="the model that finds documents by meaning; none when empty"
    )
    ollama_url: str = Field("", description="an Ollama server for the copilot, such as http://127.0.0.1:11434")
    ollama_model: str = Field("llama3.1", description="the model that answers there")
    ollama_embedding_model: str = Field("", description="the model there that finds documents by meaning")
    sentry_dsn: SecretStr = Field(
        SecretStr(""), description="where errors are reported: a DSN of Sentry. Words and variables never go there"
    )
    backup_dir: Path | None = Field(None, description="where backups are kept; `backups` in data_dir when absent")
    keep_backups: int = Field(7, ge=0, description="how many backups are kept, one a night; 0 makes none by itself")

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies_are_addresses(cls, value: str) -> str:
        for one in filter(None, map(str.strip, value.split(","))):
            try:
                network = ipaddress.ip_network(one)
            except ValueError as error:
                raise ValueError(f"{one!r} is neither an address nor a network such as 172.16.0.0/12") from error
            if network.prefixlen == 0:
                raise ValueError(f"{one!r} is everybody, who could then pass for anybody")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        file = os.environ.get("HOLDFAST_CONFIG")
        sources: tuple[PydanticBaseSettingsSource, ...] = (init_settings, env_settings)
        return (*sources, TomlConfigSettingsSource(settings_cls, Path(file))) if file else sources

    def proxies(self) -> list[str]:
        """The trusted proxies, one by one."""
        return [one for one in map(str.strip, self.trusted_proxies.split(",")) if one]

    def resolved_database_url(self) -> str:
        """The database in force: the one given, or a file in the data folder."""
        return self.database_url or f"sqlite:///{self.data_dir / 'holdfast.db'}"

    def resolved_secret(self) -> str:
        """The secret given, or the one kept in the data folder (mode 0600), made on first use."""
        if self.secret.get_secret_value():
            return self.secret.get_secret_value()
        path = self.data_dir / "secret"
        if not path.exists():
            _make_secret(path)
        if not (secret := path.read_text().strip()):
            raise ValueError(
                f"{path} is empty, and tokens signed with nothing can be forged. Remove it and start again."
            )
        return secret


def _make_secret(path: Path) -> None:
    """Put a new secret at `path`, whole or not at all. Of processes that start at once, the first one's stays."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = path.with_name(f".secret.{secrets.token_hex(8)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(beside, path)
    finally:
        beside.unlink()
