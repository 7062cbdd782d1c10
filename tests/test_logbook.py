"""The log: bookings and everything else, as one list, by person, kind and dates, page after page."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from core import audit
from core.audit import Verb
from core.bookings.decisions import Decision, by_link, decide
from core.bookings.requests import request_lesson
from core.ops.audit_view import BOOKINGS, THE_REST, Entry, Question, all_entries, entries
from core.people.models import Account
from core.platform.actor import COMMAND_LINE
from core.schedule.models import Coach
from tests.support.actors import as_staff
from tests.support.people import NOW, ada, at, nora, sam_wants

HOUR = timedelta(hours=1)


@pytest.fixture
def coach(session: Session) -> Coach:
    return nora(session)


@pytest.fixture
def admin(session: Session, coach: Coach) -> Account:
    """Ada held the mail at nine, Sam asked at ten, Nora approved at eleven, Ada released the mail then too."""
    account = ada(session)
    audit.record(session, Verb.MAIL_HELD, "gym", by=as_staff(account.id), now=NOW)
    booking = request_lesson(session, coach, sam_wants(coach, coach.lessons[1], at(1, 16)), now=NOW + HOUR)
    decide(session, coach, booking.id, Decision.APPROVE, by=by_link(coach), now=NOW + 2 * HOUR)
    audit.record(session, Verb.MAIL_RELEASED, "gym", by=as_staff(account.id), now=NOW + 2 * HOUR)
    audit.record(session, Verb.INVITED, "account", account.id, by=COMMAND_LINE, now=NOW + 3 * HOUR)
    session.flush()
    return account


def said(found: list[Entry]) -> list[str]:
    return [f"{entry.who} {entry.verb} ({entry.door})" for entry in found]


def test_all_of_it_is_one_list_latest_first(session: Session, admin: Account) -> None:
    assert said(entries(session, Question())) == [
        "the command line invited (command line)",
        "Ada Moreno mail released (console)",
        "Nora Lindqvist approved (mail)",
        "the family asked for (site)",
        "Ada Moreno mail held (console)",
    ]


def test_it_is_narrowed_by_person_kind_and_dates(session: Session, admin: Account, coach: Coach) -> None:
    assert said(entries(session, Question(account_id=coach.account_id))) == ["Nora Lindqvist approved (mail)"]
    assert len(entries(session, Question(source=BOOKINGS))) == 2
    assert len(entries(session, Question(source=THE_REST))) == 3
    between = Question(start=NOW + HOUR, end=NOW + 2 * HOUR)
    assert said(entries(session, between)) == ["the family asked for (site)"]
    assert not entries(session, replace(between, account_id=admin.id))


@pytest.mark.parametrize("size", [1, 2, 3])
def test_page_after_page_has_every_line_once_also_within_one_instant(
    session: Session, admin: Account, size: int
) -> None:
    everything = entries(session, Question())
    seen: list[Entry] = []
    while page := entries(session, Question(), after=seen[-1].cursor if seen else None, limit=size):
        seen += page
    assert seen == everything
    assert list(all_entries(session, Question(), at_most=2)) == everything[:2]
    assert list(all_entries(session, Question(), at_most=100)) == everything
