"""Request a lesson: – → PENDING, or APPROVED where no approval is needed; idempotent by key; a family's rate limits."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.bookings import expiry, form_conflicts, history, mails, slots
from core.bookings.cancellation_terms import Terms, gyms_terms
from core.bookings.holds import HOLD_GUARD, hold_for
from core.bookings.lesson_request import LessonRequest
from core.bookings.models import Booking, Status
from core.bookings.queries import find_by_key
from core.bookings.request_notifications import tell_coach
from core.errors import IdempotencyMismatch, TooMany
from core.gym.models import the_gym
from core.outbox.models import MessageKind
from core.platform.actor import PARENT_ON_SITE, Actor
from core.platform.contacts import email_key
from core.platform.db import guard_named
from core.platform.signed_tokens import hashed, new_handle
from core.schedule import queries
from core.schedule.availability import Slot
from core.schedule.models import Coach, LessonType

__all__ = ["LessonRequest", "request_lesson"]

DAY = timedelta(days=1)


def request_lesson(
    session: Session, coach: Coach, wanted: LessonRequest, *, by: Actor = PARENT_ON_SITE, now: datetime
) -> Booking:
    """
    Create a booking: PENDING, or APPROVED where no approval is needed. Its time is held at once.

    Under the coach's lock, in this order: the same key means the same booking; the parent's limits; what has expired
    makes room; the time is offered, as it was shown; booking, hold, history and mails are written together.

    Raises:
        NotFound: the coach is not shown, or does not teach this lesson.
        SlotUnavailable: with the next free times.
        NotAsShown: price, length, way of booking or terms have changed since they were shown.
        TooMany: the parent's limits.
        IdempotencyMismatch: the key belongs to another request.
    """
    if earlier := same_key(session, wanted):  # a retry, or a second click
        return earlier
    coach = queries.get_coach_by_id(session, coach.id)  # the locked one again: is she still shown?
    lesson = queries.get_lesson_by_id(coach, wanted.lesson_id)
    check_limits(session, wanted.customer_email, now=now)
    expiry.expire_overdue(session, coach, now=now)
    slot = slots.check_offered(session, coach, lesson, wanted.starts_at, now=now)
    gym = the_gym(session)
    form_conflicts.check_lesson(wanted, coach, lesson, slot, gym, now=now)
    booking = _booking(coach, lesson, slot, wanted, gyms_terms(gym), by=by, now=now)
    _store(session, booking, coach, lesson, now=now)
    history.record(session, booking, before=None, by=by, now=now)
    _write_mails(session, booking, coach, now=now)
    session.flush()
    return booking


def same_key(session: Session, wanted: LessonRequest) -> Booking | None:
    """The booking that this idempotency key has made already, or None. Raises IdempotencyMismatch for another request's key."""
    if wanted.idempotency_key is None:  # a program that does not retry
        return None
    earlier = find_by_key(session, hashed(wanted.idempotency_key))
    if earlier is not None:
        check_same(earlier.command_hash, wanted)
    return earlier


def check_same(command_hash: str | None, wanted: LessonRequest) -> None:
    """Check that a repeated idempotency key comes with the same request. Raises IdempotencyMismatch."""
    if not secrets.compare_digest(command_hash or "", wanted.fingerprint()):
        raise IdempotencyMismatch(
            "This form was sent before with other answers. Please open a fresh form for another lesson."
        )


def check_limits(session: Session, email: str, *, now: datetime) -> None:
    """
    Rate limits by a family's e-mail address: requests that wait, and requests within 24 hours.

    Under a lock on the address: requests to several coaches at once would each see room otherwise.

    Raises TooMany.
    """
    key = email_key(email)
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:address, 0))"), {"address": key})
    of_parent = Booking.customer_key == key
    gym = the_gym(session)
    open_until = session.scalars(
        select(Booking.expires_at)
        .where(of_parent, Booking.status == Status.PENDING, Booking.expires_at > now)
        .order_by(Booking.expires_at)
    ).all()
    if len(open_until) >= gym.most_open_requests:
        many = len(open_until) > 1
        waits = f"{len(open_until)} requests that wait" if many else "a request that waits"
        one = "one of them, or cancel one" if many else "it, or cancel it"
        raise TooMany(
            f"You have {waits} for an answer. Please wait for {one}.",
            retry_after_s=_seconds(open_until[0], now),
        )
    today = session.scalars(
        select(Booking.requested_at).where(of_parent, Booking.requested_at > now - DAY).order_by(Booking.requested_at)
    ).all()
    if len(today) >= gym.most_requests_a_day:
        raise TooMany(
            f"You have asked for {len(today)} lessons within a day. Please call us, or try again later.",
            retry_after_s=_seconds(today[0] + DAY, now),
        )


def _seconds(until: datetime | None, now: datetime) -> int:
    return max(1, int((until - now).total_seconds())) if until else 60


def _booking(
    coach: Coach, lesson: LessonType, slot: Slot, wanted: LessonRequest, terms: Terms, *, by: Actor, now: datetime
) -> Booking:
    asks = slot.requires_approval
    return Booking(
        handle=new_handle(),
        coach=coach,
        lesson=lesson,
        status=Status.PENDING if asks else Status.APPROVED,
        version=1,
        slot_version=1,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        price_cents=lesson.price_cents,
        late_cancel_hours=terms.late_hours,
        late_fee_text=terms.fee,
        customer_name=wanted.customer_name,
        customer_email=wanted.customer_email,
        customer_phone=wanted.customer_phone,
        athlete_name=wanted.athlete_name,
        notes=wanted.notes,
        requested_at=now,
        expires_at=expiry.expires_at(coach, slot.starts_at, now=now) if asks else None,
        approved_at=None if asks else now,
        changed_at=now,
        changed_by=by.role,
        channel=by.channel,
        idempotency_key_hash=hashed(wanted.idempotency_key) if wanted.idempotency_key else None,
        command_hash=wanted.fingerprint() if wanted.idempotency_key else None,
    )


def _store(session: Session, booking: Booking, coach: Coach, lesson: LessonType, *, now: datetime) -> None:
    """Insert booking and hold. The slot was checked under the lock; the exclusion constraint refuses what slipped through."""
    try:
        with session.begin_nested():
            session.add(booking)
            session.flush()
            session.add(hold_for(booking, lesson))
            session.flush()
    except IntegrityError as error:
        guard = guard_named(error)
        if HOLD_GUARD in guard:
            raise slots.slot_taken(session, coach, lesson, booking.starts_at, now=now) from error
        if "idempotency_key_hash" in guard:
            raise IdempotencyMismatch("This form was just sent for another coach. Please open a fresh form.") from error
        raise


def _write_mails(session: Session, booking: Booking, coach: Coach, *, now: datetime) -> None:
    """Write the mails about a new booking: confirmations, or receipt, request and reminder."""
    if booking.status is Status.APPROVED:  # nothing to answer, so no request and no reminder
        mails.add(session, MessageKind.CONFIRMED, booking, now=now)
        mails.add(session, MessageKind.BOOKED_DIRECTLY, booking, now=now)
        return
    mails.add(session, MessageKind.REQUEST_RECEIVED, booking, now=now)
    tell_coach(session, coach, booking, now=now)
    remind_at = expiry.reminder_at(coach, booking, now=now)
    if remind_at is not None:
        mails.add(session, MessageKind.REMINDER, booking, now=now, due_at=remind_at)
