"""What a restore ends, holds and never gives out again."""

from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from core.audit import AuditEvent
from core.bookings import slots
from core.bookings.requests import request_lesson
from core.bootstrap import build
from core.errors import LinkExpired
from core.gym.models import the_gym
from core.ops.backup import after_restore, back_up, restore
from core.people import api_keys, sessions
from core.people.accounts import create_account
from core.people.models import Account, Role
from core.platform import clock
from core.platform.services import Services
from core.platform.settings import load_settings
from core.rehearsals import practice
from core.schedule.models import Coach
from core.staff import sign_in_links
from core.staff.sign_in_links import use_link
from public_site.app import create_app
from tests.support import people
from tests.support.actors import as_staff
from tests.support.people import new_key_of

sqlite_only = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def nora(services: Services) -> int:
    with services.database.write() as transaction:
        return people.nora(transaction.session).id


def elsewhere(services: Services, folder: Path, **options: bool) -> tuple[Services, list[str]]:
    """Backed up now, restored in another place."""
    said: list[str] = []
    back_up(services, folder / "gym.backup")
    settings = load_settings(
        _env_file=None,
        data_dir=folder / "another",
        secret_key=services.settings.secret_key.get_secret_value(),
        telemetry=False,
    )
    restore(settings, folder / "gym.backup", say=said.append, **options)
    return build(settings), said


def account_of(session: Session, coach: int) -> Account:
    return session.get_one(Coach, coach).account


@sqlite_only
def test_sessions_links_and_keys_end_and_that_is_said(services: Services, nora: int, tmp_path: Path) -> None:
    def set_up(session: Session, *, now: datetime) -> tuple[str, str, int]:
        account = account_of(session, nora)
        token = sessions.start_session(session, account.id, user_agent="", now=now)
        key = new_key_of(session, account.id, now=now)
        return token, key, sign_in_links.new_link(session, account, now=now).id

    token, key, link_id = services.database.transact(lambda tx: set_up(tx.session, now=tx.now))
    restored, said = elsewhere(services, tmp_path)

    with restored.database.read() as session:
        now = clock.now()
        assert sessions.find_session(session, token, now=now) is None
        assert api_keys.find_key(session, key) is None
        assert session.get_one(Coach, nora).feed_version > 1
        assert "restored from a backup" in [event.verb for event in session.scalars(select(AuditEvent))]
    with pytest.raises(LinkExpired):
        use_link(restored, token=restored.signer.sign_in(link_id), user_agent="")
    words = "\n".join(said)
    assert "1 session and 1 sign-in link" in words and "1 API key and 1 calendar address ended" in words
    assert "Nora Lindqvist" in words and "disabled, demoted" in words


@sqlite_only
def test_keys_and_calendar_addresses_stay_if_that_is_asked(services: Services, nora: int, tmp_path: Path) -> None:
    def make(session: Session, *, now: datetime) -> str:
        return new_key_of(session, account_of(session, nora).id, now=now)

    key = services.database.transact(lambda tx: make(tx.session, now=tx.now))
    restored, said = elsewhere(services, tmp_path, keep_keys=True)
    with restored.database.read() as session:
        assert api_keys.find_key(session, key) is not None
        assert session.get_one(Coach, nora).feed_version == 1
    assert "were kept" in "\n".join(said)


@sqlite_only
def test_a_link_of_after_the_backup_never_names_what_comes_after_the_restore(
    services: Services, nora: int, tmp_path: Path
) -> None:
    restored, _ = elsewhere(services, tmp_path)
    mailed = live_on(services, nora)
    made_after = live_on(restored, nora)
    assert all(made_after[what] > mailed[what] + 100_000 for what in mailed)

    old_link = restored.signer.decide(mailed["booking"], nora, 1)
    with TestClient(create_app(restored)) as visitor:
        assert visitor.get(f"/approvals/{old_link}").status_code == 404
        new_link = restored.signer.decide(made_after["booking"], nora, 1)
        assert visitor.get(f"/approvals/{new_link}").status_code == 200


@sqlite_only
def test_a_link_of_a_booking_that_is_in_the_backup_still_works(services: Services, nora: int, tmp_path: Path) -> None:
    made = live_on(services, nora)
    restored, _ = elsewhere(services, tmp_path)
    with TestClient(create_app(restored)) as visitor:
        assert visitor.get(f"/approvals/{services.signer.decide(made['booking'], nora, 1)}").status_code == 200
        assert visitor.get(f"/rehearsals/{services.signer.rehearsal(made['rehearsal'])}").status_code == 200
        assert visitor.get(f"/calendar/{services.signer.feed(nora, 1)}.ics").status_code == 404


def live_on(services: Services, coach_id: int) -> dict[str, int]:
    """A day of a gym; the ids that its mails name."""

    def staff(session: Session, coach: Coach, *, now: datetime) -> tuple[int, int, int]:
        hired = create_account(session, email=f"{now:%f}@spirit.example", name="New", role=Role.COACH, now=now)
        link = sign_in_links.new_link(session, hired, now=now)
        rehearsal = practice.rehearse(session, coach, by=as_staff(coach.account_id), now=now)
        return hired.id, link.id, rehearsal.id

    def request(session: Session, coach: Coach, *, now: datetime) -> int:
        lesson = coach.lessons[0]
        (slot,) = slots.next_free(session, coach, lesson, now=now, count=1)
        return request_lesson(session, coach, people.sam_wants(coach, lesson, slot.starts_at), now=now).id

    account, link, rehearsal = services.database.transact(
        lambda tx: staff(tx.session, tx.coach, now=tx.now), coach=coach_id
    )
    booking = services.database.transact(lambda tx: request(tx.session, tx.coach, now=tx.now), coach=coach_id)
    return {"account": account, "sign_in_link": link, "rehearsal": rehearsal, "booking": booking}


@sqlite_only
def test_ids_are_not_given_out_again_when_their_rows_are_gone(services: Services, nora: int) -> None:
    def make(session: Session, *, now: datetime) -> int:
        return sign_in_links.new_link(session, account_of(session, nora), now=now).id

    def remove(session: Session, link_id: int, *, now: datetime) -> None:
        session.execute(text("DELETE FROM sign_in_link WHERE id = :id"), {"id": link_id})

    first = services.database.transact(lambda tx: make(tx.session, now=tx.now))
    services.database.transact(lambda tx: remove(tx.session, first, now=tx.now))
    assert services.database.transact(lambda tx: make(tx.session, now=tx.now)) > first


def test_a_database_that_its_own_tools_restored_is_checked_held_and_renewed(services: Services, nora: int) -> None:
    def set_up(session: Session, *, now: datetime) -> str:
        return sessions.start_session(session, account_of(session, nora).id, user_agent="", now=now)

    token = services.database.transact(lambda tx: set_up(tx.session, now=tx.now))
    with services.database.read() as session:
        storage_before = the_gym(session).storage_id
    services.database.dispose()
    renewed = after_restore(services.settings)
    assert renewed.sessions == 1
    with services.database.read() as session:
        gym = the_gym(session)
        assert gym.mail_held and gym.restored_at is not None and gym.storage_id != storage_before
        assert sessions.find_session(session, token, now=clock.now()) is None
        highest = session.scalar(select(Account.id).order_by(Account.id.desc()).limit(1)) or 0
    with services.database.write() as transaction:
        hired = create_account(
            transaction.session, email="x@spirit.example", name="X", role=Role.COACH, now=transaction.now
        )
        assert hired.id > highest + 100_000
