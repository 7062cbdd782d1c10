"""The lesson in a calendar: one entry for life."""

from datetime import timedelta
from email.message import EmailMessage, MIMEPart
from typing import Any

import pytest
from icalendar import Calendar

from core.bookings.models import Status
from core.bookings.sentences import first_names
from core.errors import NotFound
from core.mail.calendar import calendar, calendar_file, feed
from core.outbox.kinds import CalendarMethod
from core.outbox.models import MessageKind
from core.platform.actor import ActorRole
from tests.mail.reading import read
from tests.support.mail_samples import (
    APPROVED,
    CANCELLED,
    HANDLE,
    HOUR,
    NOW,
    SAMPLES,
    STARTS_AT,
    booking,
    gym,
    sample,
    settings,
)

UID = "booking-41@spirit.example"


def event_of(file: bytes) -> Any:
    (event,) = Calendar.from_ical(file).events
    return event


def parts_of(mail: EmailMessage) -> tuple[MIMEPart, MIMEPart]:
    """The calendar part beside text and HTML, and the attached file."""
    alternative, attached = mail.iter_parts()
    (part,) = [part for part in alternative.iter_parts() if part.get_content_type() == "text/calendar"]
    return part, attached


def test_a_confirmed_lesson_invites_its_parent_alone() -> None:
    mail = read(SAMPLES[MessageKind.CONFIRMED]).mail
    part, attached = parts_of(mail)
    assert part.get_param("method") == "REQUEST"
    file = Calendar.from_ical(part.get_content())
    event = event_of(part.get_content())
    assert (file["VERSION"], file["METHOD"]) == ("2.0", "REQUEST")
    assert (event["UID"], event["SEQUENCE"], event["STATUS"]) == (UID, 2, "CONFIRMED")
    assert (event.start, event.end, event["DTSTAMP"].dt) == (STARTS_AT, STARTS_AT + HOUR, NOW + HOUR)
    assert b"DTSTART:20261125T000000Z" in attached.get_content()
    assert event["SUMMARY"] == "Private tumbling with Nora Lindqvist"
    assert event["LOCATION"] == "Spirit Athletics, 48 Harbor Street, Oakland"
    assert (event["ORGANIZER"], event["ORGANIZER"].params["CN"]) == (
        "mailto:bookings@spirit.example",
        "Spirit Athletics",
    )
    assert event["ATTENDEE"] == "mailto:sam.rivera@example.org"  # one: a list would be no string
    assert event["ATTENDEE"].params["RSVP"] == "FALSE"


def test_the_attached_file_is_the_calendar_part() -> None:
    part, attached = parts_of(read(SAMPLES[MessageKind.CONFIRMED]).mail)
    assert attached.get_filename() == "lesson.ics"
    assert attached.get_content_type() == "application/ics"
    assert attached.get_content() == part.get_content().replace("\r\n", "\n").replace("\n", "\r\n").encode()


def test_a_mail_with_a_calendar_reads_text_first_then_html_then_calendar() -> None:
    mail = read(SAMPLES[MessageKind.CONFIRMED]).mail
    alternative, _ = mail.iter_parts()
    assert mail.get_content_type() == "multipart/mixed"
    assert [part.get_content_type() for part in alternative.iter_parts()] == [
        "text/plain",
        "text/html",
        "text/calendar",
    ]


def test_a_cancelled_lesson_leaves_the_calendar() -> None:
    part, _ = parts_of(read(SAMPLES[MessageKind.CANCELLED]).mail)
    event = event_of(part.get_content())
    assert part.get_param("method") == "CANCEL"
    assert Calendar.from_ical(part.get_content())["METHOD"] == "CANCEL"
    assert (event["UID"], event["SEQUENCE"], event["STATUS"]) == (UID, 3, "CANCELLED")
    assert event["ATTENDEE"] == "mailto:sam.rivera@example.org"


def test_a_withdrawn_request_was_in_no_calendar() -> None:
    mail = read(sample(MessageKind.CANCELLED, approved_at=None, changed_by=ActorRole.PARENT)).mail
    assert mail.get_content_type() == "multipart/alternative"


@pytest.mark.parametrize(
    "kind", [kind for kind in MessageKind if kind not in (MessageKind.CONFIRMED, MessageKind.CANCELLED)]
)
def test_no_other_mail_carries_a_calendar(kind: MessageKind) -> None:
    mail = read(SAMPLES[kind]).mail
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


def test_a_cancellation_and_a_confirmation_differ_from_the_first_word_of_their_subjects() -> None:
    lesson = "Private tumbling with Nora Lindqvist, Tuesday, November 24, 4:00–5:00 pm (Pacific)"
    assert read(SAMPLES[MessageKind.CONFIRMED]).subject == f"Confirmed: {lesson}"
    assert read(SAMPLES[MessageKind.CANCELLED]).subject == f"Cancelled: {lesson}"


def test_the_entry_keeps_its_name_when_the_gym_gets_another_sender() -> None:
    moved = settings.model_copy(update={"mail_from": "Spirit <hello@spirit-gym.example>"})
    file = calendar(booking(**CANCELLED), gym(), CalendarMethod.CANCEL, settings=moved, now=NOW)
    assert event_of(file)["UID"] == UID


def test_a_feed_without_lessons_is_a_whole_calendar() -> None:
    file = feed(booking().coach, [], settings=settings, now=NOW)
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT30M" in file
    (zone,) = Calendar.from_ical(file).subcomponents
    assert (zone.name, zone["TZID"]) == ("VTIMEZONE", "America/Los_Angeles")


def test_no_surname_of_a_child_is_in_a_feed_or_an_entry() -> None:
    zeb = booking(**APPROVED, athlete_name="Zeb Kidsurname", customer_name="Ann Kidsurname")
    for file in (
        feed(zeb.coach, [zeb], settings=settings, now=NOW),
        calendar(zeb, gym(), CalendarMethod.REQUEST, settings=settings, now=NOW),
    ):
        assert b"Zeb" in file and b"Kidsurname" not in file


@pytest.mark.parametrize(
    ("typed", "parent", "named"),
    [
        ("Ida", "Sam Rivera", "Ida"),
        ("Zeb Miller", "Ann Smith", "Zeb"),
        ("Miller, Zeb", "Ann Miller", "Zeb"),
        ("MILLER Zeb", "Ann Miller", "Zeb"),
        ("Ida and Bo Miller", "Ann Smith", "Ida, Bo"),
        ("Ida & Bo", "Ann Smith", "Ida, Bo"),
        ("Anne-Marie O’Neil", "Ann Smith", "Anne-Marie"),
        ("Grace", "Sam Grace", "Grace"),
        ("李小龙", "李国豪", "李小龙"),
    ],
)
def test_children_are_named_by_their_first_names(typed: str, parent: str, named: str) -> None:
    assert first_names(booking(athlete_name=typed, customer_name=parent)) == named


def test_the_file_for_the_site_publishes_and_names_no_attendee() -> None:
    file = calendar_file(booking(**APPROVED), gym(), settings=settings, now=NOW)
    event = event_of(file)
    assert Calendar.from_ical(file)["METHOD"] == "PUBLISH"
    assert event["UID"] == UID
    assert "ATTENDEE" not in event
    assert b"sam.rivera" not in file


def test_the_file_of_a_cancelled_lesson_says_so() -> None:
    assert event_of(calendar_file(booking(**CANCELLED), gym(), settings=settings, now=NOW))["STATUS"] == "CANCELLED"


def test_a_request_that_waits_has_no_file() -> None:
    with pytest.raises(NotFound):
        calendar_file(booking(), gym(), settings=settings, now=NOW)


@pytest.mark.parametrize("method", list(CalendarMethod))
def test_no_calendar_holds_the_familys_secret(method: CalendarMethod) -> None:
    assert HANDLE.encode() not in calendar(booking(**APPROVED), gym(), method, settings=settings, now=NOW)


def test_the_entry_keeps_its_name_while_the_booking_changes() -> None:
    moved = booking(**{**APPROVED, "version": 9, "slot_version": 2, "starts_at": STARTS_AT + timedelta(days=1)})
    event = event_of(calendar_file(moved, gym(), settings=settings, now=NOW))
    assert (event["UID"], event["SEQUENCE"]) == (UID, 9)


@pytest.mark.parametrize(
    "name", ['Eve"\r\nEND:VEVENT\r\nBEGIN:VALARM', "a;b,c\\n", "https://evil.example", "W" * 80, "李小龙" * 20]
)
def test_a_hostile_name_adds_nothing_to_the_file(name: str) -> None:
    hostile = booking(**APPROVED, athlete_name=name, customer_name=name)
    file = calendar(hostile, gym(), CalendarMethod.REQUEST, settings=settings, now=NOW)
    event = event_of(file)
    assert event.subcomponents == []
    assert event["STATUS"] == Status.APPROVED.value.replace("APPROVED", "CONFIRMED")
    assert b"evil.example" not in file
    assert max(len(line) for line in file.split(b"\r\n")) <= 75
