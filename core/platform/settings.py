"""Settings from environment variables or `.env`, all named SPIRIT_…, validated; each field says what it is for."""

import os
import re
import secrets
from collections.abc import Iterator, Mapping
from email.headerregistry import Address
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo, available_timezones

from dotenv import dotenv_values
from phonenumbers import SUPPORTED_REGIONS
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from core.errors import SettingInvalid
from core.platform import setting_values
from core.platform.countries import country_of

DATABASE_SCHEMES = ("sqlite", "postgresql")
QUEUE_SCHEMES = ("sqlite", "postgresql", "redis")
MAIL_SCHEMES = ("file", "smtp", "smtps")
MEDIA_SCHEMES = ("file", "s3")
OF_OUR_OWN_PROGRAMS = ("SPIRIT_TEST_", "SPIRIT_BENCH_", "SPIRIT_SUPERVISED")  # between our processes, and in tests
HOST_NAME = re.compile(
    r"(?=.{1,253}$)([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]"
)
OPENS_SOMETHING = re.compile(r"(?=.*\d).{6,}|.{16,}")  # a part of a webhook's path that is no mere word
CLOUDINARY = re.compile(r"cloudinary:[\w-]+")


class Settings(BaseSettings):
    """The installation's settings. Every link that leaves is built from base_url and console_url, never from a request."""

    model_config = SettingsConfigDict(env_prefix="SPIRIT_", env_file=".env", extra="ignore", frozen=True)

    data_dir: Path = Field(Path("var"), description="Everything that is written lies under this folder.")
    database_url: str = Field(
        "", description="sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME; empty: spirit.db in the data folder."
    )
    queue_url: str = Field(
        "", description="sqlite:///PATH, postgresql://… or redis://…; empty: queue.db in the data folder."
    )
    mail_url: str = Field(
        "",
        description="file:///FOLDER, smtp://USER:PASSWORD@HOST:587 or smtps://…; ?starttls=required; empty: mail/ in the data folder.",
    )
    mail_from: str = Field("Spirit Athletics <bookings@spirit.example>", description="The sender of every mail.")
    mail_ehlo_name: str = Field(
        "",
        description="How this machine names itself to the mail server; empty: BASE_URL's host, or its address where that is no name.",
    )
    media_url: str = Field(
        "",
        description="Pictures as pages show them: file:///FOLDER or s3://BUCKET/PREFIX?endpoint=https://…&region=…; empty: media/ in the data folder.",
    )
    originals_url: str = Field(
        "",
        description="Uploads as they came, private: the same kinds of address, never inside MEDIA_URL; empty: originals/ in the data folder.",
    )
    media_base_url: str = Field(
        "",
        description="Where browsers fetch pictures: a CDN's address, or cloudinary:CLOUD; empty: /media on the public site.",
    )
    keep_originals: bool = Field(
        True, description="off: an upload is removed once its pictures are made; they cannot be made again then."
    )
    base_url: str = Field("http://127.0.0.1:8000", description="The public site's address, as parents see it.")
    console_url: str = Field("http://127.0.0.1:8501", description="The console's address, as coaches see it.")
    secret_key: SecretStr = Field(
        SecretStr(""),
        description="Signs links and forms. Several, separated by commas: the first signs, all verify. Empty: made once and kept in the data folder.",
    )
    cron_secret: SecretStr = Field(
        SecretStr(""), description="The bearer of /api/cron/notifications; empty: the address answers 404."
    )
    metrics_token: SecretStr = Field(
        SecretStr(""), description="The bearer of /metrics (Prometheus text); empty: the address answers 404."
    )
    timezone: str = Field("America/Los_Angeles", description="The gym's IANA time zone; a coach may have another.")
    country: str = Field(
        "",
        description="Two letters (ISO 3166), such as US or DE: how phone numbers without a prefix are read; empty: the time zone's country.",
    )
    site_workers: int = Field(1, ge=1, le=64, description="Processes of the public site.")
    hsts: bool = Field(False, description="on: browsers are told to use https only (for two years).")
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Addresses or networks (10.0.0.0/8), separated by commas, whose X-Forwarded-For and -Proto are believed.",
    )
    alert_webhook_url: SecretStr = Field(
        SecretStr(""),
        description="https://…: alerts are posted there as JSON, beside the mail to the admins; empty: they are not.",
    )
    telemetry: bool = Field(True, description="off: nothing is recorded for the monitoring pages.")
    oidc_issuer: str = Field(
        "", description="Staff sign-in by OpenID Connect: the provider, exactly as it names itself; empty: none."
    )
    oidc_client_id: str = Field(
        "", description="What the provider calls the console. Its redirect address: CONSOLE_URL/sign-in/provider/back"
    )
    oidc_client_secret: SecretStr = Field(
        SecretStr(""), description="What the provider gave the console to prove itself."
    )
    log: Literal["text", "json"] = Field("text", description="text or json.")

    @field_validator("*", mode="before")
    @classmethod
    def _trimmed(cls, value: Any) -> Any:
        """Every text without the blanks around it."""
        return value.strip() if isinstance(value, str) else value

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        return setting_values.database_address(value, DATABASE_SCHEMES)

    @field_validator("queue_url")
    @classmethod
    def _queue(cls, value: str) -> str:
        return setting_values.database_address(value, QUEUE_SCHEMES)

    @field_validator("cron_secret", "metrics_token")
    @classmethod
    def _bearer(cls, value: SecretStr) -> SecretStr:
        setting_values.bearer(value.get_secret_value())
        return value

    @field_validator("log", mode="before")
    @classmethod
    def _log(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    @field_validator("mail_url")
    @classmethod
    def _mail(cls, value: str) -> str:
        return _with_scheme(value, MAIL_SCHEMES)

    @field_validator("mail_ehlo_name")
    @classmethod
    def _ehlo_name(cls, value: str) -> str:
        if value and not HOST_NAME.fullmatch(value):
            raise ValueError("a host name such as lessons.example.org")
        return value

    @field_validator("media_url", "originals_url")
    @classmethod
    def _pictures(cls, value: str) -> str:
        return _with_scheme(value, MEDIA_SCHEMES)

    @field_validator("media_base_url")
    @classmethod
    def _delivery(cls, value: str) -> str:
        if not value or CLOUDINARY.fullmatch(value):
            return value
        wanted = "an address such as https://pictures.example.org, or cloudinary:CLOUD"
        parts = setting_values.split_address(value, wanted)
        if "?" in value or "#" in value or parts.username is not None:
            raise ValueError(wanted)
        return f"{setting_values.origin_of(parts)}{parts.path}".rstrip("/")

    @field_validator("base_url", "console_url")
    @classmethod
    def _address(cls, value: str) -> str:
        return setting_values.web_address(value)

    @field_validator("oidc_issuer")
    @classmethod
    def _issuer(cls, value: str) -> str:
        if not value:
            return value
        wanted = "the https address that the provider calls its issuer"
        parts = setting_values.split_address(value, wanted)
        on_this_machine = parts.hostname in ("127.0.0.1", "localhost", "::1")
        if parts.scheme != "https" and not on_this_machine:
            raise ValueError(wanted)
        return value  # compared letter by letter with what the provider says of itself

    @field_validator("alert_webhook_url")
    @classmethod
    def _webhook(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value():
            setting_values.split_address(value.get_secret_value(), "an address that begins with https:// or http://")
        return value

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("an IANA time zone such as America/Los_Angeles or Europe/Berlin")
        return value

    @field_validator("country")
    @classmethod
    def _country(cls, value: str) -> str:
        if value and value.strip().upper() not in SUPPORTED_REGIONS:
            raise ValueError("a country in two letters (ISO 3166), such as US or DE")
        return value.strip().upper()

    @field_validator("mail_from")
    @classmethod
    def _sender(cls, value: str) -> str:
        return setting_values.sender(value)

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _proxies(cls, value: Any) -> Any:
        listed = [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        return setting_values.networks(listed)

    @model_validator(mode="after")
    def _production_has_its_own_key(self) -> "Settings":
        if self.base_url.startswith("https://") and not self.secret_key.get_secret_value():
            raise ValueError(
                "SPIRIT_SECRET_KEY must be set when SPIRIT_BASE_URL is https (32 random characters or more)"
            )
        if any(len(key) < 16 for key in self._given_keys()):
            raise ValueError("SPIRIT_SECRET_KEY: each key needs 16 characters or more")
        return self

    @model_validator(mode="after")
    def _a_provider_is_whole(self) -> "Settings":
        given = (self.oidc_issuer, self.oidc_client_id, self.oidc_client_secret.get_secret_value())
        if any(given) and not all(given):
            raise ValueError(
                "SPIRIT_OIDC_ISSUER, SPIRIT_OIDC_CLIENT_ID and SPIRIT_OIDC_CLIENT_SECRET are set together or not at all"
            )
        return self

    def _given_keys(self) -> list[str]:
        return [key.strip() for key in self.secret_key.get_secret_value().split(",") if key.strip()]

    def prepared(self) -> "Settings":
        """A copy with every empty address filled in from the data folder, which is created, private to its owner."""
        data = self.data_dir.absolute()
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self.model_copy(
            update={
                "data_dir": data,
                "database_url": self.database_url or f"sqlite:///{data}/spirit.db",
                "country": self.country or country_of(self.timezone),
                "queue_url": self.queue_url or f"sqlite:///{data}/queue.db",
                "mail_url": self.mail_url or f"file://{data}/mail",
                "media_url": self.media_url or f"file://{data}/media",
                "originals_url": self.originals_url or f"file://{data}/originals",
            }
        )

    def signing_keys(self) -> list[str]:
        """The keys that verify; the first one signs. Without a setting, one is generated in the data folder, once."""
        return self._given_keys() or [_key_in_file(self.data_dir / "secret_key")]

    def secret_values(self) -> Iterator[str]:
        """Every secret, for scrubbing logs: secret settings, passwords inside URLs, the webhook's address and its path."""
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, SecretStr):
                yield from (part.strip() for part in value.get_secret_value().split(","))
            elif isinstance(value, str) and "://" in value and "@" in value:
                password = value.partition("://")[2].rpartition("@")[0].partition(":")[2]
                yield from (password, unquote(password))
        webhook = urlsplit(self.alert_webhook_url.get_secret_value())
        yield from (webhook.path, webhook.query)
        yield from (part for part in webhook.path.split("/") if OPENS_SOMETHING.fullmatch(part))
        yield from (os.environ.get(name, "") for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"))

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def sender(self) -> Address:
        """The From address of every mail."""
        return setting_values.read_sender(self.mail_from)

    @property
    def ehlo_name(self) -> str:
        """The EHLO name for the mail server; empty where this machine has no name but its address."""
        host = urlsplit(self.base_url).hostname or ""
        return self.mail_ehlo_name or (host if HOST_NAME.fullmatch(host) else "")

    @property
    def mailbox_is_a_folder(self) -> bool:
        """Whether mail goes to a folder on a machine that nobody else uses: a developer's."""
        return self.mail_url.startswith("file:") and not self.is_https

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


def load_settings(**overrides: Any) -> Settings:
    """
    Read, validate and complete the settings.

    Raises:
        SettingInvalid: names the variable, its value and what is allowed.
    """
    try:
        settings = Settings(**overrides).prepared()
    except ValidationError as error:
        raise SettingInvalid("\n".join(_sentence(problem) for problem in error.errors())) from None
    _keep_originals_private(settings)
    return settings


def unknown_names(environment: Mapping[str, str], env_file: Path = Path(".env")) -> list[str]:
    """Warnings about unknown SPIRIT_ variables, one sentence each: a mistyped one would silently stay at its default."""
    known = {f"SPIRIT_{name.upper()}" for name in Settings.model_fields}
    given = {name.upper() for name in (*environment, *dotenv_values(env_file)) if name.upper().startswith("SPIRIT_")}
    warnings = []
    for name in sorted(given - known):
        if not name.startswith(OF_OUR_OWN_PROGRAMS):
            meant = setting_values.nearest(name, known)
            warnings.append(
                f"{name} is not a setting of ours, and is ignored." + (f" Do you mean {meant}?" if meant else "")
            )
    return warnings


def _sentence(problem: Any) -> str:
    wanted = str(problem["msg"]).removeprefix("Value error, ")
    if not problem["loc"]:
        return wanted
    name = str(problem["loc"][0])
    secret = Settings.model_fields[name].annotation is SecretStr if name in Settings.model_fields else True
    shown = "(a secret)" if secret else repr(problem["input"])
    return f"SPIRIT_{name.upper()} is {shown}; allowed: {wanted}"


def _with_scheme(value: str, allowed: tuple[str, ...]) -> str:
    if value and value.partition(":")[0].partition("+")[0] not in allowed:
        raise ValueError("an address that begins with " + ", ".join(f"{scheme}://" for scheme in allowed))
    return value


def _keep_originals_private(settings: Settings) -> None:
    """Refuse originals inside the media's storage, which is served to everybody. Raises SettingInvalid."""
    media, originals = _place(settings.media_url), _place(settings.originals_url)
    if f"{originals}/".startswith(f"{media}/"):
        raise SettingInvalid(f"SPIRIT_ORIGINALS_URL lies inside SPIRIT_MEDIA_URL ({media}): uploads would be public")


def _place(url: str) -> str:
    """A storage URL in canonical form, without query and password; a folder's path resolved."""
    parts = urlsplit(url)
    path = (
        os.path.realpath(unquote(url.removeprefix("file:").removeprefix("//")))
        if parts.scheme == "file"
        else parts.path
    )
    return f"{parts.scheme}://{'' if parts.scheme == 'file' else parts.netloc}{path.rstrip('/')}"


def _key_in_file(path: Path) -> str:
    """Read the key file, or create it. O_EXCL decides between processes that start together; the loser reads the winner's."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip() or _wait_for_key(path)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(48))
    return path.read_text().strip()


def _wait_for_key(path: Path) -> str:
    """Poll for the key, up to 2 s: another process has created the file and is about to write it. Raises SettingInvalid."""
    import time

    for _ in range(100):
        time.sleep(0.02)
        if key := path.read_text().strip():
            return key
    raise SettingInvalid(f"{path} is empty: remove it, or set SPIRIT_SECRET_KEY")


def env_example() -> str:
    """The text of `.env.example`: every variable with its meaning and its default, commented out."""
    lines = ["# Every setting, with its default. Copy to .env and change what you need.", ""]
    for name, field in Settings.model_fields.items():
        default = field.default.get_secret_value() if isinstance(field.default, SecretStr) else field.default
        shown = (
            ("on" if default else "off")
            if isinstance(default, bool)
            else ",".join(default)
            if isinstance(default, tuple)
            else default
        )
        lines += [f"# {field.description}", f"# SPIRIT_{name.upper()}={shown}", ""]
    return "\n".join(lines)
