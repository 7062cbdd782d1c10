"""A kind of mail is added in three files, without a migration; and the program before it lives beside it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from core.bookings import lists, mail_status, queries
from core.bookings.access_scope import Everyone
from core.errors import NotFound
from core.mail.delivery import Delivery
from core.mail.undelivered import unreached_families
from core.outbox import messages
from core.platform.db import Database
from tests.outbox.conftest import SAMS, Post
from tests.support.people import NOW

ROOT = Path(__file__).parents[2]
ENTRY = '    PARKING = "parking", KindSpec(Audience.PARENT, TrueWhile.APPROVED, DiesWith.LESSON)\n'
TEMPLATE = """{% extends layout %}
{% block subject %}Where to park for {{ lesson }} with {{ coach }}{% endblock %}
{% block preheader %}{{ athlete }}, {{ when }}.{% endblock %}
{% block status %}Good to know{% endblock %}
{% block heading %}Where to park{% endblock %}
{% block before %}
Behind the house, at the green door.
{% endblock %}
"""
SAMPLE = "        MessageKind.PARKING: {**APPROVED, **BY_NORA},\n"
PROGRAM = """
import sys

import time_machine

import core
from core.bookings import mails
from core.bookings.models import Booking
from core.bootstrap import services
from core.mail.compose import compose
from core.mail.delivery import deliver_due
from core.outbox.kinds import MessageKind
from tests.support.mail_samples import SAMPLES, settings, signer


def write(session, booking_id, *, now):
    mails.add(session, MessageKind.PARKING, session.get_one(Booking, booking_id), now=now)


def change(session, booking_id, *, now):
    session.get_one(Booking, booking_id).version += 1
    write(session, booking_id, now=now)


print(core.__file__)
print(compose(SAMPLES[MessageKind.PARKING], settings=settings, signer=signer)["Subject"])
with time_machine.travel(sys.argv[1], tick=False):
    services().database.transact(lambda tx: write(tx.session, int(sys.argv[2]), now=tx.now))
    print(deliver_due(services()).sent)
    services().database.transact(lambda tx: change(tx.session, int(sys.argv[2]), now=tx.now))
"""


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """A copy of the program that knows one kind of mail more."""
    copy = tmp_path / "newer"
    for part in ("core", "tests/support"):
        shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
    insert(copy / "core/outbox/kinds.py", ENTRY, before="\n    # To whoever has an account")
    (copy / "core/mail/templates/parking.j2").write_text(TEMPLATE)
    insert(copy / "tests/support/mail_samples.py", SAMPLE, before="        MessageKind.REQUEST_EXPIRED: EXPIRED,\n")
    return copy


def insert(file: Path, line: str, *, before: str) -> None:
    written = file.read_text()
    assert written.count(before) == 1
    file.write_text(written.replace(before, line + before))


def run(newer: Path, post: Post, booking_id: int) -> list[str]:
    settings = post.services.settings
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(newer),
        "SPIRIT_DATA_DIR": str(settings.data_dir),
        "SPIRIT_DATABASE_URL": settings.database_url,
        "SPIRIT_SECRET_KEY": settings.secret_key.get_secret_value(),
        "SPIRIT_TELEMETRY": "false",
    }
    arguments = [sys.executable, "-c", PROGRAM, NOW.isoformat(), str(booking_id)]
    done = subprocess.run(
        arguments, cwd=newer, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_kind_of_mail_is_its_entry_its_template_and_its_sample(post: Post, newer: Path) -> None:
    booking = post.book()
    assert post.deliver().sent == 2
    home, subject, sent = run(newer, post, booking.id)
    assert Path(home).is_relative_to(newer)
    assert subject == "Where to park for Private tumbling with Nora Lindqvist"
    assert sent == "1"
    (file,) = post.services.settings.data_dir.rglob("*-parking-*.eml")
    written = file.read_text()
    assert f"To: {SAMS}" in written and "Behind the house, at the green door." in written

    check_that_the_program_before_it_is_at_ease(post, booking.id)


def check_that_the_program_before_it_is_at_ease(post: Post, booking_id: int) -> None:
    """One of the new kind was sent, one is due: what this program cannot read it leaves alone, and shows the rest."""
    database: Database = post.services.database
    assert post.deliver() == Delivery()
    with database.read() as session:
        stored = session.execute(text("SELECT id, state FROM outbox WHERE kind = 'PARKING' ORDER BY id")).all()
        assert [state for _, state in stored] == ["SENT", "QUEUED"]
        assert len(lists.mails_of(session, booking_id)) == 2
        booking = queries.get_booking(session, booking_id)
        assert {message.kind.label for message in messages.list_messages(session)} == {"confirmed", "booked directly"}
        assert mail_status.family_statuses(session, [booking], now=NOW)[booking_id] is mail_status.DeliveryStatus.SENT
        assert unreached_families(session, whose=Everyone(), now=NOW) == []
        with pytest.raises(NotFound):
            messages.get_message(session, stored[0].id)
