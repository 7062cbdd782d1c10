"""What all pages share has a version that every change moves, however many come at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core.bookings.requests import request_lesson
from core.errors import Invalid
from core.gym.models import content_changed, the_gym
from core.gym.texts import GymTexts
from core.mail.delivery import deliver_due
from core.outbox.messages import list_messages
from core.outbox.models import MessageKind, MessageState
from core.platform.db import Database
from core.platform.services import Services
from core.staff import members
from tests.support.actors import as_staff
from tests.support.people import ada, nora, sam_wants


def change(session: Session, *, now: datetime) -> None:
    content_changed(session)


def test_changes_that_come_at_once_are_all_counted(database: Database) -> None:
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda _: database.transact(lambda tx: change(tx.session, now=tx.now)), range(30)))
    with database.read() as session:
        assert the_gym(session).content_version == 30


@pytest.mark.parametrize("email", ["büro@gym.example", "gym", "a@b, c@d"])
def test_an_address_that_no_mail_could_carry_is_refused(email: str) -> None:
    with pytest.raises(Invalid):
        GymTexts.parse({"name": "Spirit", "email": email})


def test_an_address_of_an_accented_domain_is_carried(services: Services) -> None:
    """Every mail has it as Reply-To, so one that cannot be written would stop them all."""
    with services.database.write() as transaction:
        the_gym(transaction.session).email = GymTexts.parse({"name": "S", "email": "info@köln.example"}).email
        coach = nora(transaction.session)
        wanted = wish(coach, transaction.now)
    services.database.transact(lambda tx: request_lesson(tx.session, tx.coach, wanted, now=tx.now), coach=coach.id)
    assert deliver_due(services).sent == 2


def test_whoever_works_here_no_more_gets_no_mail_about_families(services: Services) -> None:
    with services.database.write() as transaction:
        admin, coach = ada(transaction.session), nora(transaction.session)
        wanted = wish(coach, transaction.now)
    services.database.transact(lambda tx: request_lesson(tx.session, tx.coach, wanted, now=tx.now), coach=coach.id)
    services.database.transact(
        lambda tx: members.disable(tx.session, coach.account_id, by=as_staff(admin.id), now=tx.now)
    )
    deliver_due(services)
    with services.database.read() as session:
        told = {message.kind: message for message in list_messages(session)}
    assert told[MessageKind.REQUEST_RECEIVED].state is MessageState.SENT
    assert told[MessageKind.REQUEST].state is MessageState.DROPPED
    assert told[MessageKind.REQUEST].last_error == "its reader does not work here any more; the admins have it instead"


def wish(coach: Any, now: datetime) -> Any:
    """Sam's, for a weekday two to four weeks ahead, at noon."""
    day = (now + timedelta(days=14)).astimezone(coach.zone)
    day += timedelta(days=(7 - day.weekday()) % 7)
    return sam_wants(coach, coach.lessons[1], day.replace(hour=12, minute=0, second=0, microsecond=0))
