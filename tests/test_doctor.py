"""`spirit doctor` finds what stops a gym, and says what to do."""

from collections import namedtuple
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from core.bootstrap import build
from core.gym.models import the_gym
from core.images import image_commands as changes
from core.images import intake, uploads
from core.images.models import ImageKind
from core.mail.transports import transport_for
from core.ops.doctor import examine
from core.ops.sweep import sweep
from core.platform import clock
from core.platform.actor import COMMAND_LINE
from core.platform.services import Services
from core.platform.settings import load_settings
from tests.images.photos import detailed, saved
from tests.support.people import nora, omar
from tests.support.processes import free_port
from tests.support.provider import running_provider
from tests.support.smtp import mail_server

LONG_KEY = "k" * 40


def complaints(services: Services) -> dict[str, str]:
    """What is wrong, by what it is about."""
    return {finding.about: finding.sentence for finding in examine(services) if not finding.is_well}


@pytest.fixture
def healthy(services: Services) -> Services:
    services.settings.data_dir.chmod(0o700)
    sweep(services)
    return services


def test_a_healthy_gym_has_nothing_to_complain_of(healthy: Services) -> None:
    assert complaints(healthy) == {}
    assert [str(finding)[:14] for finding in examine(healthy)] == [
        "ok    settings",
        "ok    zones   ",
        "ok    database",
        "ok    disk    ",
        "ok    mail    ",
        "ok    replies ",
        "ok    pictures",
        "ok    secrets ",
        "ok    sign-in ",
        "ok    worker  ",
        "ok    duties  ",
    ]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_it_says_where_the_replies_of_families_go(healthy: Services) -> None:
    def said() -> str:
        return next(finding.sentence for finding in examine(healthy) if finding.about == "replies")

    assert "bookings@spirit.example" in said() and "on the page Gym" in said()
    with healthy.database.write() as transaction:
        the_gym(transaction.session).email = "desk@spirit.example"
    assert said() == "families’ replies go to desk@spirit.example"


def test_a_missing_guard_is_named(healthy: Services) -> None:
    with healthy.database.write() as transaction:
        statement = (
            "DROP TRIGGER ex_hold_coach_insert"
            if healthy.database.is_sqlite
            else "ALTER TABLE hold DROP CONSTRAINT ex_hold_coach"
        )
        transaction.session.execute(text(statement))
    assert "ex_hold_coach" in complaints(healthy)["database"]


def test_a_database_without_tables_is_named(empty_database_url: str, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    services = build(load_settings(_env_file=None, data_dir=tmp_path, database_url=empty_database_url))
    found = complaints(services)
    services.database.dispose()
    assert "spirit migrate" in found["database"]
    assert {"mail", "worker"} <= found.keys()


def test_a_full_disk_is_named(healthy: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage(10 << 30, 10 << 30, 100 << 20))
    assert "100 MiB left" in complaints(healthy)["disk"]


def test_a_folder_that_cannot_be_written_is_named(healthy: Services, tmp_path: Path) -> None:
    (tmp_path / "no-folder").write_text("")
    settings = healthy.settings.model_copy(update={"data_dir": tmp_path / "no-folder"})
    assert str(tmp_path / "no-folder") in complaints(replace(healthy, settings=settings))["disk"]


def test_a_mail_server_that_answers_is_fine(healthy: Services) -> None:
    with mail_server() as server:
        assert complaints(replace(healthy, transport=transport_for(server.url))) == {}


def test_a_mail_server_that_does_not_answer_is_named(healthy: Services) -> None:
    port = free_port()
    found = complaints(replace(healthy, transport=transport_for(f"smtp://127.0.0.1:{port}")))
    assert f"127.0.0.1:{port} does not answer" in found["mail"]


def with_provider(services: Services, issuer: str) -> Services:
    given = {"oidc_issuer": issuer, "oidc_client_id": "gym", "oidc_client_secret": SecretStr("secret")}
    return replace(services, settings=services.settings.model_copy(update=given))


def test_a_provider_that_answers_is_fine_and_its_name_is_compared_letter_by_letter(healthy: Services) -> None:
    with running_provider() as provider:
        assert complaints(with_provider(healthy, provider.issuer)) == {}
        found = complaints(with_provider(healthy, f"{provider.issuer}/"))
        assert f"{provider.issuer}/ calls itself {provider.issuer};" in found["sign-in"]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_provider_that_does_not_answer_is_named(healthy: Services) -> None:
    found = complaints(with_provider(healthy, f"http://127.0.0.1:{free_port()}"))
    assert "does not answer as a provider (ConnectError)" in found["sign-in"]


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("mail_held", True, "is held; let it go with: spirit outbox release"),
        ("last_swept_at", None, "start `spirit worker`"),
        ("last_swept_at", clock.now() - timedelta(hours=8), "no sweep since"),
        ("last_swept_at", clock.now() + timedelta(hours=8), "clock has gone back"),
    ],
)
def test_a_gym_that_stands_still_is_named(healthy: Services, column: str, value: Any, says: str) -> None:
    with healthy.database.write() as transaction:
        setattr(the_gym(transaction.session), column, value)
    assert says in " ".join(complaints(healthy).values())


def test_a_mail_server_that_refuses_us_is_named_with_what_it_said(healthy: Services) -> None:
    with healthy.database.write() as transaction:
        gym = the_gym(transaction.session)
        gym.mail_trouble, gym.mail_trouble_since = "the mail server refused our sign-in (login: 535)", transaction.now
    assert "none was taken: the mail server refused our sign-in (login: 535)" in complaints(healthy)["mail"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"secret_key": "only sixteen char", "console_url": "https://staff.example.org"}, "32 characters"),
        ({"secret_key": LONG_KEY, "console_url": "http://staff.example.org"}, "in the clear"),
        ({"secret_key": LONG_KEY, "console_url": "https://staff.example.org"}, "nobody would get a mail"),
        (
            {"secret_key": LONG_KEY, "console_url": "https://gym.example.org", "mail_url": "smtp://127.0.0.1:25"},
            "the same",
        ),
    ],
)
def test_a_public_gym_is_held_to_more(healthy: Services, changes: dict[str, str], says: str) -> None:
    public = load_settings(
        _env_file=None,
        data_dir=healthy.settings.data_dir,
        database_url=healthy.settings.database_url,
        base_url="https://gym.example.org",
        **changes,
    )
    assert says in complaints(replace(healthy, settings=public))["secrets"]


def test_a_key_that_others_can_read_is_named(healthy: Services) -> None:
    key = healthy.settings.data_dir / "secret_key"
    key.write_text(LONG_KEY)
    key.chmod(0o644)
    assert complaints(healthy) == {"secrets": f"others on this machine can open {key}: chmod go= {key}"}


def test_a_storage_that_takes_no_pictures_is_named(healthy: Services) -> None:
    folder = healthy.media.folder
    assert folder is not None
    folder.rmdir()
    folder.write_text("in the way")
    assert "SPIRIT_MEDIA_URL" in complaints(healthy)["pictures"]


def test_room_for_pictures_that_is_nearly_used_up_is_named(healthy: Services) -> None:
    upload = intake.checked(saved(detailed(1000, 800), "PNG"), name="photo.png")
    uploads.accept(healthy, upload, ImageKind.GALLERY, by=COMMAND_LINE)
    healthy.database.transact(lambda tx: changes.set_budget(tx.session, 1 << 20, by=COMMAND_LINE, now=tx.now))
    assert "% of the room for pictures" in complaints(healthy)["pictures"]


def test_a_mistyped_setting_is_named_with_the_one_that_is_meant(
    healthy: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPIRIT_TIMEZON", "Europe/Berlin")
    assert complaints(healthy) == {
        "settings": "SPIRIT_TIMEZON is not a setting of ours, and is ignored. Do you mean SPIRIT_TIMEZONE?"
    }


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_damaged_page_and_a_row_without_its_parent_are_found(healthy: Services) -> None:
    with healthy.database.write_engine.raw_connection() as raw:
        raw.execute("PRAGMA foreign_keys = OFF")
        raw.execute(
            "INSERT INTO hold (coach_id, booking_id, kind, busy_from, busy_to) VALUES (99, 99, 'LESSON', '1', '2')"
        )
        raw.execute("PRAGMA foreign_keys = ON")
    assert "names a" in complaints(healthy)["database"]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_copies_older_than_the_rule_are_named(healthy: Services) -> None:
    folder = healthy.settings.data_dir / "backups"
    folder.mkdir()
    copy = folder / "spirit-before-migration-from-0001-20200101T000000.db"
    copy.write_bytes(b"")
    assert copy.name in complaints(healthy)["disk"]


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_a_clock_that_is_not_the_databases_is_found(healthy: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime.now(UTC) + timedelta(seconds=61))
    assert "s away" in complaints(healthy)["database"]


def test_a_storage_of_another_gym_is_found(healthy: Services) -> None:
    healthy.originals.put("gym-id", b"somebody else's", media_type="text/plain")
    assert "spirit images claim" in complaints(healthy)["pictures"]


def test_coaches_who_all_live_elsewhere_are_told_and_one_who_does_is_named(healthy: Services) -> None:
    """The gym's zone was set after they were made; or one of them teaches from afar."""
    with healthy.database.write() as transaction:
        hers, his = nora(transaction.session), omar(transaction.session)
        hers.timezone = his.timezone = "America/New_York"
    assert "Nora Lindqvist in America/New_York" in complaints(healthy)["zones"]
    with healthy.database.write() as transaction:
        transaction.session.merge(his).timezone = healthy.settings.timezone
    assert "zones" not in complaints(healthy)
