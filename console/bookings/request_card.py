"""Card of a pending request with Approve and Deny, for the pages Requests and Bookings."""

from collections.abc import Mapping

import streamlit as st

import tasks
from console.bookings.booking_link import open_button
from console.widgets.acting import act
from console.widgets.badge import URGENT
from console.widgets.markdown import inert
from console.widgets.session import Staff, services
from core.bookings.approval_warnings import Concern
from core.bookings.decisions import Decision, decide_as_staff
from core.bookings.models import Booking
from core.platform import clock
from core.wording import money, spoken_instant, spoken_time, time_left

NOT_HERE = ", who does not work here any more: an admin has to answer"


def request_card(booking: Booking, staff: Staff, concerns: Mapping[Concern, str], *, is_open: bool = False) -> None:
    """
    Draw the card: who requests which lesson, the deadline, approve and deny.

    concerns: warnings against approving. is_open: the card is part of the booking's detail.
    """
    assert booking.expires_at is not None
    left = booking.expires_at - clock.now()
    zone = booking.coach.zone
    with st.container(border=True, key=f"request-{booking.id}"):
        st.header(spoken_time(booking.starts_at, booking.ends_at, zone), anchor=False)
        urgent = f":red[**Urgent: {time_left(left)} left.**] " if left < URGENT else ""
        st.markdown(f"{urgent}Answer by {spoken_instant(booking.expires_at, zone)}")
        facts = [f"{booking.lesson.name}, {money(booking.price_cents)}", f"for {booking.athlete_name}"]
        facts.append(f"asked by {booking.customer_name}, {booking.customer_email}")
        st.text(", ".join(facts))
        if staff.is_admin:
            gone = booking.coach.account.disabled_at is not None
            st.text(f"Coach: {booking.coach.name}{NOT_HERE if gone else ''}")
        if booking.customer_phone:
            st.text(f"Phone: {booking.customer_phone}")
        if booking.notes:
            st.text(f"“{booking.notes}”")
        if concerns:
            st.warning(inert(" ".join(concerns.values())))
        _answers(booking, staff, concerns)
        if not is_open:
            open_button(booking, "request")


def _answers(booking: Booking, staff: Staff, concerns: Mapping[Concern, str]) -> None:
    """
    The two buttons. Deny opens a form for the reason that the family will read; an admin gives a reason either way.

    Approving covers the time and the concerns shown on the card; newer ones make the command raise NeedsAgreement.
    """
    own = booking.coach_id == staff.coach_id
    name = f"{booking.athlete_name}, {spoken_time(booking.starts_at, booking.ends_at, booking.coach.zone)}"
    approve, deny = st.columns(2)
    with approve:
        if own:
            st.button(
                "Approve all the same" if concerns else "Approve",
                key=f"approve-{booking.id}",
                type="primary",
                width="stretch",
                help=inert(f"Approve {name}"),
                on_click=_decide,
                args=(booking, Decision.APPROVE, staff, tuple(concerns)),
            )
        else:
            _with_reason(booking, Decision.APPROVE, "Why do you answer for the coach?", staff, tuple(concerns))
    with deny:
        question = "Why not? The family will read this." if own else "Why not? The family and the coach will read this."
        _with_reason(booking, Decision.DENY, question, staff)


def _with_reason(
    booking: Booking, decision: Decision, question: str, staff: Staff, despite: tuple[Concern, ...] = ()
) -> None:
    verb = decision.value.capitalize()
    which = f"{decision.value}-{booking.id}"
    with st.popover(f"{verb} …", width="stretch", key=f"ask-{which}"), st.form(which, border=False):
        st.text_area(question, key=f"reason-{which}", max_chars=500)
        st.form_submit_button(
            f"{verb} the request",
            type="primary",
            on_click=_decide,
            args=(booking, decision, staff, despite, f"reason-{which}"),
        )


def _decide(
    booking: Booking,
    decision: Decision,
    shown_to: Staff,
    despite: tuple[Concern, ...] = (),
    reason_in: str | None = None,
) -> None:
    """
    The buttons' callback: the same command as the mail's link. If somebody was faster, the flash message says so.

    Runs before the page does, so that the message is shown also when the request is not listed any more.
    """
    reason = st.session_state.get(reason_in) if reason_in else None
    answer = "approved" if decision is Decision.APPROVE else "denied"
    if act(
        shown_to,
        lambda tx: decide_as_staff(
            tx.session,
            tx.coach,
            booking.id,
            decision,
            reason=reason,
            slot_version=booking.slot_version,
            despite=despite,
            by=tx.by,
            now=tx.now,
        ),
        coach=booking.coach_id,
        done=f"{inert(booking.athlete_name)}’s lesson is {answer}. A mail to the family was written.",
    ):
        tasks.nudge_from_thread(services(), tasks.deliver_mail)
