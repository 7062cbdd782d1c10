"""What the staff do stands in the audit, for ever, and without a word of anybody's."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.audit import AuditEvent
from core.errors import NotAllowed
from core.gym.models import the_gym
from core.gym.rules import GymRules, set_rules
from core.gym.texts import GymTexts, set_gym
from core.mail import outbox_admin
from core.outbox.models import MessageKind, MessageState, OutboxMessage
from core.people.models import Account, Role
from core.platform.actor import COMMAND_LINE
from core.schedule import coach_page, hours
from core.schedule.availability import Window
from core.schedule.lessons import LessonFacts, save_lesson
from core.schedule.models import Coach
from core.schedule.preferences import Preferences, set_preferences
from core.staff import members
from tests.support.actors import as_staff
from tests.support.people import NOW, ZONE, ada, nora, omar

RULES = GymRules(
    most_open_requests=2,
    most_requests_a_day=5,
    most_open_per_network=6,
    most_new_per_network=12,
    most_strangers_per_coach=30,
    anonymise_after_months=12,
    console_refresh_s=60,
    monitoring_days=30,
    monitoring_budget_mb=64,
)
RINGS = LessonFacts(slug="rings", name="Rings", minutes=50, price_cents=7000)


@pytest.fixture
def admin(session: Session) -> Account:
    return ada(session)


@pytest.fixture
def coach(session: Session) -> Coach:
    return nora(session)


def rows(session: Session) -> list[tuple[int | None, str, str, str]]:
    found = session.scalars(select(AuditEvent).order_by(AuditEvent.id))
    return [(row.account_id, row.verb, row.subject, row.door) for row in found]


def a_mail(session: Session, state: MessageState = MessageState.DEAD) -> OutboxMessage:
    mail = OutboxMessage(
        kind=MessageKind.SIGN_IN,
        recipient="nora@spirit.example",
        dedupe_key="one",
        created_at=NOW,
        due_at=NOW,
        message_id="1",
        state=state,
    )
    session.add(mail)
    session.flush()
    return mail


Act = Callable[[Session, Account, Coach], Any]
ACTS: dict[str, tuple[str, Act]] = {
    "gym changed": ("gym", lambda s, a, _: set_gym(s, GymTexts(name="Spirit"), by=as_staff(a.id), now=NOW)),
    "rules changed": ("gym", lambda s, a, _: set_rules(s, RULES, by=as_staff(a.id), now=NOW)),
    "lesson changed": ("lesson", lambda s, a, _: save_lesson(s, None, RINGS, by=as_staff(a.id), now=NOW)),
    "hours changed": ("coach", lambda s, a, c: hours.set_weekly_hours(s, c, [], by=as_staff(a.id), now=NOW)),
    "preferences changed": (
        "coach",
        lambda s, a, c: set_preferences(s, c, Preferences.of(c), by=as_staff(a.id), now=NOW),
    ),
    "page changed": (
        "coach",
        lambda s, a, c: coach_page.set_page(
            s, c, name="N", tagline="", bio="", lesson_ids=[], by=as_staff(a.id), now=NOW
        ),
    ),
    "feed renewed": ("coach", lambda s, a, c: coach_page.renew_feed(s, c, by=as_staff(a.id), now=NOW)),
    "invited": (
        "account",
        lambda s, a, _: members.invite(
            s,
            email="zoe@spirit.example",
            name="Zoë",
            role=Role.COACH,
            teaches=False,
            zone=ZONE.key,
            by=as_staff(a.id),
            now=NOW,
        ),
    ),
    "role changed": (
        "account",
        lambda s, a, c: members.change_role(s, c.account_id, Role.ADMIN, by=as_staff(a.id), now=NOW),
    ),
    "disabled": ("account", lambda s, a, c: members.disable(s, c.account_id, by=as_staff(a.id), now=NOW)),
    "enabled": ("account", lambda s, a, c: members.enable(s, c.account_id, by=as_staff(a.id), now=NOW)),
    "sessions ended": ("account", lambda s, a, c: members.end_sessions(s, c.account_id, by=as_staff(a.id), now=NOW)),
    "mail retried": ("mail", lambda s, a, _: outbox_admin.retry(s, a_mail(s).id, by=as_staff(a.id), now=NOW)),
    "mail dropped": ("mail", lambda s, a, _: outbox_admin.drop(s, a_mail(s).id, by=as_staff(a.id), now=NOW)),
    "mail held": ("gym", lambda s, a, _: outbox_admin.hold(s, by=as_staff(a.id), now=NOW)),
    "mail released": ("gym", lambda s, a, _: outbox_admin.release(s, by=as_staff(a.id), now=NOW)),
}


@pytest.mark.parametrize("verb", ACTS)
def test_what_an_admin_does_is_one_row(session: Session, admin: Account, coach: Coach, verb: str) -> None:
    subject, act = ACTS[verb]
    act(session, admin, coach)
    session.flush()
    assert rows(session) == [(admin.id, verb, subject, "CONSOLE")]


@pytest.mark.parametrize("verb", [verb for verb, (subject, _) in ACTS.items() if subject != "coach"])
def test_nobody_else_may_do_it_and_nothing_is_noted(session: Session, admin: Account, coach: Coach, verb: str) -> None:
    teammate = omar(session)
    with pytest.raises(NotAllowed):
        ACTS[verb][1](session, teammate.account, coach)
    assert rows(session) == []


def test_a_single_day_that_comes_and_goes_is_two_rows(session: Session, coach: Coach) -> None:
    day = (NOW + timedelta(days=3)).date()
    off = hours.add_override(session, coach, day, Window(0, 1440), adds=False, by=as_staff(coach.account_id), now=NOW)
    hours.remove_override(session, coach, off.id, by=as_staff(coach.account_id), now=NOW)
    assert rows(session) == [(coach.account_id, "hours changed", "coach", "CONSOLE")] * 2


def test_at_the_command_line_it_was_nobody_of_the_staff(session: Session) -> None:
    outbox_admin.hold(session, by=COMMAND_LINE, now=NOW)
    session.flush()
    assert rows(session) == [(None, "mail held", "gym", "COMMAND_LINE")] and the_gym(session).mail_held


def test_no_row_is_ever_altered(session: Session) -> None:
    outbox_admin.hold(session, by=COMMAND_LINE, now=NOW)
    session.flush()
    for statement in (update(AuditEvent).values(verb="nothing"), delete(AuditEvent)):
        with pytest.raises(IntegrityError, match="audit_event_append_only"), session.begin_nested():
            session.execute(statement)
    assert len(rows(session)) == 1
