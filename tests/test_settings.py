"""The settings: what is told, checked, and written down."""

import multiprocessing
from pathlib import Path

import pytest

from core.errors import SettingInvalid
from core.settings import Settings, env_example, load_settings

ROOT = Path(__file__).parent.parent
LONG_KEY = "k" * 32


def test_the_example_file_tells_every_setting() -> None:
    """After a change: .venv/bin/python -c 'from core.settings import *; print(env_example(), end="")' > .env.example"""
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
