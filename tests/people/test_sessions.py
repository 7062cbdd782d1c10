"""A staff session lives while it is used, a week at most, and never for a disabled account."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.people import sessions
from core.people.accounts import create_account
from core.people.models import Account, Role, StaffSession
from core.people.sessions import end_session, find_session, forget_old_sessions, start_session, touch_session
from core.platform.signed_tokens import hashed
from tests.support.people import NOW

MINUTE, HOUR, DAY, INSTANT = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(microseconds=1)


@pytest.fixture
def nora(session: Session) -> Account:
    return create_account(session, email="nora@spirit.example", name="Nora", role=Role.COACH, now=NOW)


@pytest.fixture
def token(session: Session, nora: Account) -> str:
    return start_session(session, nora.id, user_agent="Firefox", now=NOW)


def found(session: Session, token: str) -> StaffSession:
    live = find_session(session, token, now=NOW)
    assert live is not None
    return live


def test_a_session_is_found_by_its_token_with_its_account(session: Session, nora: Account, token: str) -> None:
    live = found(session, token)
    assert (live.account, live.user_agent, live.created_at, live.last_used_at) == (nora, "Firefox", NOW, NOW)
    assert find_session(session, token + "x", now=NOW) is None
    assert find_session(session, "", now=NOW) is None


def test_the_token_itself_is_kept_nowhere(session: Session, token: str) -> None:
    live = found(session, token)
    assert live.token_hash == hashed(token)
    assert token not in str([getattr(live, column.key) for column in StaffSession.__table__.columns])
    assert find_session(session, live.token_hash, now=NOW) is None


def test_every_token_is_new_and_long(session: Session, nora: Account) -> None:
    tokens = {start_session(session, nora.id, user_agent="", now=NOW) for _ in range(5)}
    assert len(tokens) == 5
    assert all(len(token) >= 43 for token in tokens)


def test_a_session_ends_after_12_idle_hours(session: Session, token: str) -> None:
    assert find_session(session, token, now=NOW + 12 * HOUR - INSTANT)
    assert find_session(session, token, now=NOW + 12 * HOUR) is None


def test_a_session_that_is_used_ends_after_a_week(session: Session, token: str) -> None:
    live = found(session, token)
    now = NOW
    while now < NOW + 7 * DAY - 11 * HOUR:
        now += 11 * HOUR
        touch_session(session, live.id, now=now)
        assert find_session(session, token, now=now)
    assert find_session(session, token, now=NOW + 7 * DAY - INSTANT)
    assert find_session(session, token, now=NOW + 7 * DAY) is None


def test_use_is_written_down_at_most_once_a_minute(session: Session, token: str) -> None:
    live = found(session, token)
    for later, kept in ((30, 0), (60, 0), (61, 61), (90, 61), (122, 122)):
        touch_session(session, live.id, now=NOW + timedelta(seconds=later))
        session.refresh(live)
        assert live.last_used_at == NOW + timedelta(seconds=kept)


def test_signing_out_ends_this_session_alone(session: Session, nora: Account, token: str) -> None:
    other = start_session(session, nora.id, user_agent="Phone", now=NOW)
    end_session(session, token, now=NOW + MINUTE)
    assert find_session(session, token, now=NOW + MINUTE) is None
    assert find_session(session, other, now=NOW + MINUTE)
    end_session(session, token, now=NOW + HOUR)
    ended = session.scalars(select(StaffSession).where(StaffSession.token_hash == hashed(token))).one()
    session.refresh(ended)
    assert ended.ended_at == NOW + MINUTE


def test_a_disabled_account_has_no_live_session(session: Session, nora: Account, token: str) -> None:
    nora.disabled_at = NOW
    session.flush()
    assert find_session(session, token, now=NOW) is None


def test_a_browsers_name_is_cut_to_a_fair_length(session: Session, nora: Account) -> None:
    token = start_session(session, nora.id, user_agent="M" * 5000, now=NOW)
    assert found(session, token).user_agent == "M" * sessions.USER_AGENT_LENGTH


def test_old_sessions_are_forgotten_a_month_after_their_end(session: Session, token: str) -> None:
    for late, left in ((37 * DAY, 1), (37 * DAY + INSTANT, 0)):
        forget_old_sessions(session, now=NOW + late)
        assert session.scalar(select(func.count()).select_from(StaffSession)) == left
