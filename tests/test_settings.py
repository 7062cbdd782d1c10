"""The settings: what is told, checked, and written down."""

import multiprocessing
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from uvicorn.middleware.proxy_headers import _TrustedHosts

from core.errors import SettingInvalid
from core.platform.setting_values import same_host
from core.platform.settings import Settings, env_example, load_settings, unknown_names

ROOT = Path(__file__).parent.parent
LONG_KEY = "k" * 32


def test_the_example_file_tells_every_setting() -> None:
    """After a change: .venv/bin/python -c 'from core.platform.settings import *; print(env_example(), end="")' > .env.example"""
    assert (ROOT / ".env.example").read_text() == env_example()


def test_the_example_changes_nothing(tmp_path: Path) -> None:
    uncommented = [line.removeprefix("# ") for line in env_example().splitlines() if line.startswith("# SPIRIT_")]
    (tmp_path / ".env").write_text("\n".join(uncommented))
    as_told = Settings(_env_file=tmp_path / ".env")
    assert as_told == Settings(_env_file=None)


def test_everything_lies_in_the_data_folder(tmp_path: Path) -> None:
    settings = load_settings(_env_file=None, data_dir=tmp_path / "var")
    assert settings.database_url == f"sqlite:///{tmp_path}/var/spirit.db"
    assert settings.queue_url == f"sqlite:///{tmp_path}/var/queue.db"
    assert settings.mail_url == f"file://{tmp_path}/var/mail"
    assert (tmp_path / "var").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("TIMEZONE", "Pacific", "America/Los_Angeles"),
        ("DATABASE_URL", "mysql://x", "postgresql://"),
        ("QUEUE_URL", "amqp://x", "redis://"),
        ("MAIL_URL", "mailto:x", "smtp://"),
        ("MAIL_FROM", "Spirit", "bookings@example.org"),
        ("BASE_URL", "lessons.example.org", "https://lessons.example.org"),
        ("BASE_URL", "https://lessons.example.org/gym", "without a path"),
        ("CONSOLE_URL", "ftp://x", "https://"),
        ("COUNTRY", "Germany", "two letters"),
        ("SITE_WORKERS", "0", "1"),
        ("TRUSTED_PROXIES", "10.0.0.1, proxy", "IP addresses"),
        ("TRUSTED_PROXIES", "10.0.0.0/99", "10.0.0.0/8"),
        ("BASE_URL", "https://lessons.example.org:99999", "https://lessons.example.org"),
        ("BASE_URL", "https://user@lessons.example.org", "https://lessons.example.org"),
        ("BASE_URL", "https://lessons.example.org?", "without a path"),
        ("BASE_URL", "https://les sons.example.org", "https://lessons.example.org"),
        ("BASE_URL", "https://", "https://lessons.example.org"),
        ("CONSOLE_URL", "https://[::1", "https://"),
        ("MAIL_FROM", "Spirit\nBcc: x <bookings@example.org>", "bookings@example.org"),
        ("MAIL_FROM", "a@example.org, b@example.org", "bookings@example.org"),
        ("MAIL_FROM", "Spirit <büro@example.org>", "bookings@example.org"),
        ("MAIL_FROM", "", "bookings@example.org"),
        ("DATABASE_URL", "postgresql://u:p@host:port/x", "postgresql://"),
        ("DATABASE_URL", "sqlite://", "a file"),
        ("DATABASE_URL", "nonsense", "sqlite://"),
        ("MEDIA_BASE_URL", "https://cdn.example.org/x?y=1", "https://pictures.example.org"),
        ("OIDC_ISSUER", "https://issuer.example.org:0", "issuer"),
        ("LOG", "xml", "json"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(
    name: str, value: str, allowed: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(f"SPIRIT_{name}", value)
    with pytest.raises(SettingInvalid) as refused:
        load_settings(_env_file=None, data_dir=tmp_path)
    assert f"SPIRIT_{name} is {value!r}" in str(refused.value)
    assert allowed in str(refused.value)


@pytest.mark.parametrize(
    ("zone", "country"),
    [
        ("America/Los_Angeles", "US"),
        ("Europe/Berlin", "DE"),
        ("Europe/London", "GB"),
        ("Asia/Kolkata", "IN"),
        ("US/Eastern", "US"),
        ("Europe/Kyiv", "UA"),
        ("America/Argentina/Buenos_Aires", "AR"),
        ("UTC", "US"),
    ],
)
def test_the_country_is_the_zones_unless_it_is_set(zone: str, country: str, tmp_path: Path) -> None:
    assert load_settings(_env_file=None, data_dir=tmp_path, timezone=zone).country == country
    assert load_settings(_env_file=None, data_dir=tmp_path, timezone=zone, country=" fr").country == "FR"


ADDRESSES = [
    ("https://Staff.Example.org", "https://staff.example.org"),
    ("HTTPS://staff.example.org:443/", "https://staff.example.org"),
    ("http://staff.example.org:80", "http://staff.example.org"),
    ("https://staff.example.org:8443/", "https://staff.example.org:8443"),
    (" https://staff.example.org. ", "https://staff.example.org"),
    ("https://bücher.example.org", "https://xn--bcher-kva.example.org"),
    ("http://[::1]:8501/", "http://[::1]:8501"),
]


@pytest.mark.parametrize(("written", "origin"), ADDRESSES)
def test_an_address_is_what_a_browser_calls_its_origin(written: str, origin: str, tmp_path: Path) -> None:
    settings = load_settings(
        _env_file=None, data_dir=tmp_path, base_url=written, console_url=written, secret_key=LONG_KEY
    )
    assert settings.base_url == settings.console_url == origin


def test_a_host_is_ours_in_any_case_and_with_the_default_port() -> None:
    ours = "https://staff.example.org"
    for given in ("staff.example.org", "Staff.Example.ORG", "staff.example.org:443"):
        assert same_host(given, ours), given
    for given in ("", "example.org", "staff.example.org:8443", "staff.example.org:x", "staff.example.org@evil", "a b"):
        assert not same_host(given, ours), given


SENDERS = [
    ("Spirit, Inc <bookings@example.org>", "Spirit, Inc", '"Spirit, Inc" <bookings@example.org>'),
    ('"Spirit, Inc" <bookings@example.org>', "Spirit, Inc", '"Spirit, Inc" <bookings@example.org>'),
    ("Spirit (gym) & Co. <bookings@example.org>", "Spirit (gym) & Co.", None),
    ("Spirit: gym; <bookings@example.org>", "Spirit: gym;", None),
    ("Café Größe <bookings@example.org>", "Café Größe", None),
    ("体操 <bookings@example.org>", "体操", None),
    ("bookings@example.org", "", "bookings@example.org"),
    ("<bookings@example.org>", "", "bookings@example.org"),
    ("A <b> c <bookings@example.org>", "A <b> c", None),
    ("Spirit <bookings@bücher.example>", "Spirit", "Spirit <bookings@xn--bcher-kva.example>"),
]


@pytest.mark.parametrize(("written", "name", "kept"), SENDERS)
def test_a_sender_is_read_by_the_mail_library(written: str, name: str, kept: str | None, tmp_path: Path) -> None:
    """And reads the same in the header of every mail, quoted where it has to be."""
    settings = load_settings(_env_file=None, data_dir=tmp_path, mail_from=written)
    mail = EmailMessage(policy=SMTP)
    mail["From"] = settings.sender
    mail.set_content("")
    (read,) = message_from_bytes(mail.as_bytes(), policy=SMTP)["From"].addresses
    assert read.display_name == settings.sender.display_name == name
    assert "@" in read.addr_spec and read.addr_spec == settings.sender.addr_spec
    assert kept is None or settings.mail_from == kept


def test_proxies_are_addresses_and_networks_as_the_server_reads_them(tmp_path: Path) -> None:
    settings = load_settings(_env_file=None, data_dir=tmp_path, trusted_proxies=" 127.0.0.1, 10.1.2.3/8 ,fd00::/8,")
    assert settings.trusted_proxies == ("127.0.0.1", "10.0.0.0/8", "fd00::/8")
    trusted = _TrustedHosts(",".join(settings.trusted_proxies))
    assert "10.200.0.1" in trusted and "fd00::7" in trusted and "127.0.0.1" in trusted
    assert "11.0.0.1" not in trusted and not trusted.trusted_literals
    assert trusted.get_trusted_client_address("203.0.113.9, 198.51.100.7, 10.9.9.9")[0] == "198.51.100.7"


def test_spaces_around_a_value_are_nobodys_meaning(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SPIRIT_CRON_SECRET", " knock-knock\n")
    monkeypatch.setenv("SPIRIT_LOG", " JSON ")
    monkeypatch.setenv("SPIRIT_TIMEZONE", "Europe/Berlin ")
    settings = load_settings(_env_file=None, data_dir=tmp_path)
    assert settings.cron_secret.get_secret_value() == "knock-knock"
    assert settings.log == "json" and settings.timezone == "Europe/Berlin"
    monkeypatch.setenv("SPIRIT_CRON_SECRET", "two words")
    with pytest.raises(SettingInvalid, match="SPIRIT_CRON_SECRET is \\(a secret\\)"):
        load_settings(_env_file=None, data_dir=tmp_path)


def test_a_mistyped_name_is_told_with_the_one_that_is_meant(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SPIRIT_TIMEZOEN=Europe/Berlin\nOTHER=1\n")
    given = {"SPIRIT_BASEURL": "x", "spirit_mail_form": "x", "SPIRIT_LOG": "json", "SPIRIT_TEST_X": "1", "PATH": "/"}
    told = unknown_names(given, tmp_path / ".env")
    assert [sentence.split()[0] for sentence in told] == ["SPIRIT_BASEURL", "SPIRIT_MAIL_FORM", "SPIRIT_TIMEZOEN"]
    for meant, sentence in zip(("SPIRIT_BASE_URL", "SPIRIT_MAIL_FROM", "SPIRIT_TIMEZONE"), told, strict=True):
        assert sentence.endswith(f"Do you mean {meant}?")


def test_a_public_gym_needs_a_key_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(SettingInvalid, match="SPIRIT_SECRET_KEY must be set"):
        load_settings(_env_file=None, data_dir=tmp_path, base_url="https://lessons.example.org")
    with pytest.raises(SettingInvalid, match="16 characters") as refused:
        load_settings(_env_file=None, data_dir=tmp_path, secret_key=f"{LONG_KEY},short")
    assert "short" not in str(refused.value)


def test_several_keys_keep_their_order(tmp_path: Path) -> None:
    settings = load_settings(_env_file=None, data_dir=tmp_path, secret_key=f" new-{LONG_KEY}, old-{LONG_KEY} ,")
    assert settings.signing_keys() == [f"new-{LONG_KEY}", f"old-{LONG_KEY}"]
    assert LONG_KEY not in repr(settings)


def test_processes_that_start_together_make_one_key(tmp_path: Path) -> None:
    settings = load_settings(_env_file=None, data_dir=tmp_path)
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        keys = pool.map(_key_in, [str(tmp_path)] * 8)
    assert set(keys) == set(settings.signing_keys())
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0


def _key_in(folder: str) -> str:
    return load_settings(_env_file=None, data_dir=folder).signing_keys()[0]
