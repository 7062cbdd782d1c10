"""Detail of one booking: facts, actions, a private note, its history, its mails."""

from collections.abc import Callable, Mapping
from datetime import datetime

import streamlit as st

import tasks
from console.bookings.family_mail import mail_to_family
from console.bookings.mail_log import mail_name, mail_status
from console.bookings.request_card import request_card
from console.widgets.acting import act
from console.widgets.markdown import inert
from console.widgets.session import Staff, services
from core.audit import AuditEvent
from core.bookings import lists, notes, queries
from core.bookings.approval_warnings import Concern, concerns
from core.bookings.attendance import note_attendance
from core.bookings.cancellation import cancel_as_staff
from core.bookings.mail_status import family_status
from core.bookings.models import Attendance, Booking, BookingEvent, Status
from core.bookings.override import CAN_BE_APPROVED, approve_after_all
from core.errors import NotFound
from core.people.models import Account
from core.people.reauthorization import Acting
from core.platform import clock
from core.platform.actor import ActorRole
from core.wording import money, spoken_instant, spoken_time

DONE = {
    None: "Asked for",
    Status.APPROVED: "Approved",
    Status.DENIED: "Denied",
    Status.EXPIRED: "Expired",
    Status.CANCELLED: "Cancelled",
}
CAME: dict[Attendance | None, str] = {
    Attendance.TAUGHT: "The lesson took place.",
    Attendance.NO_SHOW: "Nobody came.",
    None: "Nobody has noted yet whether they came.",
}
DONE_WITH_MAIL = "Done. A mail to the family was written."


def draw_booking(booking_id: int, staff: Staff) -> None:
    """Draw a booking's detail. Raises NotFound where there is none, and for another coach's, as if there were none."""
    with services().database.read() as session:
        booking = queries.get_booking(session, booking_id)
        if not staff.whose.covers(booking.coach_id):
            raise NotFound("There is no such booking, or it is not yours.")
        events, mails = lists.events_of(session, booking_id), lists.mails_of(session, booking_id)
        noted = lists.noted_about(session, booking_id)
        rows: list[BookingEvent | AuditEvent] = sorted((*events, *noted), key=_instant)
        names = {row.account_id: _name(session.get(Account, row.account_id)) for row in rows if row.account_id}
        own_note = notes.note_of(session, booking_id, staff.account_id)
        against = concerns(session, [booking])[booking.id]
        mailed = family_status(session, booking, now=clock.now())
    _facts(booking)
    _what_can_be_done(booking, staff, against)
    _note(booking, own_note, staff)
    st.header("What happened", anchor=False)
    for row in rows:
        st.text(_happened(row, booking, names))
    st.header("Mails", anchor=False)
    if booking.anonymised_at is None:
        mail_to_family(booking, mailed, staff)
    for message in mails:
        st.text(f"{mail_name(message)}\n{mail_status(message, booking.coach.zone)}")


def _facts(booking: Booking) -> None:
    zone = booking.coach.zone
    st.header(spoken_time(booking.starts_at, booking.ends_at, zone), anchor=False)
    lines = [
        f"{booking.lesson.name}, {money(booking.price_cents)}, with {booking.coach.name}",
        f"For {booking.athlete_name}; asked by {booking.customer_name}, {booking.customer_email}",
        *([f"Phone: {booking.customer_phone}"] if booking.customer_phone else []),
        *([f"“{booking.notes}”"] if booking.notes else []),
        *([f"Reason given to the family: {booking.denial_reason}"] if booking.denial_reason else []),
        *([f"Reason for cancelling: {booking.cancel_reason}"] if booking.cancel_reason else []),
        *(["This was a late cancellation."] if booking.cancelled_late else []),
        *([f"An admin’s reason: {booking.override_reason}"] if booking.override_reason else []),
        *([f"Why it was approved after all: {booking.after_all_reason}"] if booking.after_all_reason else []),
    ]
    st.text("\n".join(lines))


def _happened(row: BookingEvent | AuditEvent, booking: Booking, names: dict[int, str]) -> str:
    when = spoken_instant(row.at, booking.coach.zone)
    if isinstance(row, AuditEvent):
        who = names.get(row.account_id or 0) or "the clock"
        return f"{row.verb.capitalize()}: noted by {who}, {when}, {row.door.lower()}"
    who = names.get(row.account_id or 0) or {ActorRole.PARENT: "the family", ActorRole.CLOCK: "the clock"}[row.actor]
    directly = row.from_status is None and row.to_status is Status.APPROVED
    what = "Booked" if directly else "Asked for" if row.from_status is None else DONE[row.to_status]
    return f"{what} by {who}, {when}, {row.channel.value.lower()}"


def _what_can_be_done(booking: Booking, staff: Staff, against: Mapping[Concern, str]) -> None:
    now = clock.now()
    status = booking.status_at(now)
    if status is Status.PENDING:
        request_card(booking, staff, against, is_open=True)
    elif status is Status.APPROVED and now >= booking.starts_at:
        _attendance(booking, staff)
    elif status is Status.APPROVED:
        _ask("Cancel this lesson", "Why? The family will read this.", _cancel, booking, staff)
    elif status in CAN_BE_APPROVED and staff.is_admin and now < booking.starts_at:
        if against:
            st.warning(inert(" ".join(against.values())))
        question = "Why? The family and the coach will read this."
        _ask("Approve after all", question, _approve_after_all, booking, staff, tuple(against))


def _attendance(booking: Booking, staff: Staff) -> None:
    """Record the attendance; it can be changed, and taken back."""
    st.header("Did they come?", anchor=False)
    st.markdown(CAME[booking.attendance])
    choices: list[tuple[str, Attendance | None]] = [
        ("The lesson took place", Attendance.TAUGHT),
        ("Nobody came", Attendance.NO_SHOW),
    ]
    if booking.attendance is not None:
        choices.append(("Take the note back", None))
    offered = [(label, what) for label, what in choices if what is not booking.attendance]
    for column, (label, what) in zip(st.columns(len(offered)), offered, strict=True):
        column.button(
            label,
            key=f"came-{booking.id}-{label}",
            width="stretch",
            on_click=_note_attendance,
            args=(booking, staff, what),
        )


def _note_attendance(booking: Booking, shown_to: Staff, what: Attendance | None) -> None:
    _run(
        lambda tx: note_attendance(tx.session, tx.coach, booking.id, what, by=tx.by, now=tx.now),
        booking,
        shown_to,
        "It is noted.",
    )


def _note(booking: Booking, text: str, staff: Staff) -> None:
    label = "A note for myself" if not text else "My note"
    with st.expander(label, expanded=bool(text)), st.form(f"note-{booking.id}", border=False):
        st.text_area("Nobody else reads it", text, max_chars=notes.NOTE_LENGTH, key=f"note-text-{booking.id}")
        st.form_submit_button("Keep the note", on_click=_keep_note, args=(booking, staff))


def _keep_note(booking: Booking, shown_to: Staff) -> None:
    text = st.session_state[f"note-text-{booking.id}"]
    act(
        shown_to,
        lambda tx: notes.keep_note(tx.session, booking.id, text, by=tx.by, now=tx.now),
        done="Your note is kept.",
    )


def _ask(verb: str, question: str, answered: Callable[..., None], booking: Booking, *about: object) -> None:
    """A button that asks for confirmation, with a reason. answered: gets the booking, `about`, and the reason's key."""
    key = f"why-{booking.id}"
    with st.popover(f"{verb} …"), st.form(f"change-{booking.id}", border=False):
        st.text_area(question, max_chars=500, key=key)
        label = f"Yes: {verb[0].lower()}{verb[1:]}"
        st.form_submit_button(label, type="primary", on_click=answered, args=(booking, *about, key))


def _cancel(booking: Booking, shown_to: Staff, reason_in: str) -> None:
    reason = st.session_state[reason_in]
    _run(
        lambda tx: cancel_as_staff(
            tx.session,
            tx.coach,
            booking.id,
            by=tx.by,
            reason=reason,
            slot_version=booking.slot_version,
            now=tx.now,
        ),
        booking,
        shown_to,
        DONE_WITH_MAIL,
    )


def _approve_after_all(booking: Booking, shown_to: Staff, despite: tuple[Concern, ...], reason_in: str) -> None:
    reason = st.session_state[reason_in]
    _run(
        lambda tx: approve_after_all(
            tx.session,
            tx.coach,
            booking.id,
            by=tx.by,
            reason=reason,
            slot_version=booking.slot_version,
            despite=despite,
            now=tx.now,
        ),
        booking,
        shown_to,
        DONE_WITH_MAIL,
    )


def _run(command: Callable[[Acting], object], booking: Booking, shown_to: Staff, done: str) -> None:
    """The buttons' callback: the command, as the person the page was shown to; then the mails it wrote are sent."""
    if act(shown_to, command, coach=booking.coach_id, done=done):
        tasks.nudge_from_thread(services(), tasks.deliver_mail)


def _instant(row: BookingEvent | AuditEvent) -> datetime:
    return row.at


def _name(account: Account | None) -> str:
    return account.name if account else ""
