"""
Rate limits on requests by network and by coach, kept in the database, so that all processes count together.

An address in a form proves nothing. So a network's first requests hold their time at once; above the gym's limit a
request waits, holding nothing, until its family presses a button in a mail (double opt-in); above the hourly limit
nothing more is taken. Families behind one address, such as the gym's own wifi, have one more step, and each confirmation
gives its place back to the others.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, text, update
from sqlalchemy.orm import Session

from core.bookings import form_conflicts, mails, requests, slots
from core.bookings.lesson_request import LessonRequest, Shown
from core.bookings.models import Booking, Status
from core.bookings.unconfirmed_requests import UnconfirmedRequest
from core.errors import LinkExpired, NotFound, TooMany
from core.gym.models import Gym, the_gym
from core.outbox.models import MessageState, OutboxMessage
from core.platform.actor import Actor, ActorRole
from core.platform.contacts import email_key
from core.platform.signed_tokens import hashed
from core.schedule import queries
from core.schedule.models import Coach

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CONFIRM_WITHIN = timedelta(hours=1)  # after it the request is removed; NO_SUCH_REQUEST says so
KEPT_AFTER_CONFIRMING = DAY  # a link that is pressed twice leads to the booking
TOO_MANY = (
    "Many requests came from your network within the hour, so we cannot take another from it just now. Please try again "
    "later or over another connection, or call us."
)
NO_SUCH_REQUEST = "This request was not confirmed within an hour, so it is gone. Nothing was booked; please ask again."


def request_from(
    session: Session, coach: Coach, wanted: LessonRequest, *, by: Actor, network: str, now: datetime
) -> Booking | UnconfirmedRequest:
    """
    Request a lesson within the rate limits: a booking, or above the limits an unconfirmed request (double opt-in).

    network: a keyed hash of the sender's network. In this order, under the coach's lock and then the network's: the same
    key is the same request; the hour's limit; the limits of what is held; else the family is asked to confirm.

    Raises:
        TooMany: this network's requests of the last hour, or this address's that wait. What `request_lesson` raises.
    """
    if earlier := _same_key(session, wanted):  # a retry, or a second click; it counts once
        return earlier
    _lock(session, network)
    gym = the_gym(session)
    _check_hour(session, network, gym, now=now)
    if _may_hold(session, coach, network, gym, now=now):
        booking = requests.request_lesson(session, coach, wanted, by=by, now=now)
        booking.network_hash = network
        session.flush()
        return booking
    return _ask_to_confirm(session, coach, wanted, by=by, network=network, gym=gym, now=now)


def confirm(
    session: Session,
    coach: Coach,
    request_id: int,
    serial: int,
    *,
    starts_at: datetime | None = None,
    agreed: bool = False,
    now: datetime,
) -> Booking:
    """
    Confirm a request by the button in its mail, which proves the address: only now the time is checked and held.

    starts_at: another time than the one asked for, where that is gone. agreed: what has changed since the form was told and is
    fine. A second press is the same booking.

    Raises:
        NotFound: no such request. LinkExpired: it was not confirmed in time. What `request_lesson` raises.
    """
    waiting = get_unconfirmed(session, request_id, serial, now=now)
    if waiting.coach_id != coach.id:
        raise NotFound
    if waiting.booking_id is not None:  # a second press of the button
        return session.get_one(Booking, waiting.booking_id)
    wanted = waiting.request()
    if starts_at is not None:
        wanted = wanted.model_copy(update={"starts_at": starts_at})
    if agreed:
        wanted = wanted.model_copy(update=dict.fromkeys(Shown.model_fields))
    booking = requests.request_lesson(
        session, coach, wanted, by=Actor(None, ActorRole.PARENT, waiting.channel), now=now
    )
    booking.idempotency_key_hash, booking.command_hash = waiting.idempotency_key_hash, waiting.command_hash
    waiting.booking_id, waiting.wanted, waiting.expires_at = booking.id, "", now + KEPT_AFTER_CONFIRMING
    session.flush()
    return booking


def get_unconfirmed(session: Session, request_id: int, serial: int, *, now: datetime) -> UnconfirmedRequest:
    """An unconfirmed request by its link's id and serial. Raises LinkExpired when it was removed or is too old."""
    found = session.get(UnconfirmedRequest, request_id)
    if found is None or found.serial != serial or now >= found.expires_at:
        raise LinkExpired(NO_SUCH_REQUEST)
    return found


def forget_old(session: Session, *, now: datetime) -> None:
    """Delete unconfirmed requests past their deadline, with their mails; clear network hashes after a day."""
    gone = session.scalars(select(UnconfirmedRequest.id).where(UnconfirmedRequest.expires_at <= now)).all()
    sending = select(OutboxMessage.unconfirmed_request_id).where(
        OutboxMessage.state == MessageState.SENDING, OutboxMessage.unconfirmed_request_id.is_not(None)
    )
    gone = [request_id for request_id in gone if request_id not in set(session.scalars(sending))]
    session.execute(delete(OutboxMessage).where(OutboxMessage.unconfirmed_request_id.in_(gone)))
    session.execute(delete(UnconfirmedRequest).where(UnconfirmedRequest.id.in_(gone)))
    session.execute(
        update(Booking)
        .where(Booking.network_hash.is_not(None), Booking.requested_at <= now - DAY)
        .where(or_(Booking.status != Status.PENDING, Booking.expires_at <= now))
        .values(network_hash=None)
        .execution_options(synchronize_session=False)
    )


def _same_key(session: Session, wanted: LessonRequest) -> Booking | UnconfirmedRequest | None:
    """What this idempotency key has made already, a booking or an unconfirmed request; None if nothing."""
    if booking := requests.same_key(session, wanted):
        return booking
    if wanted.idempotency_key is None:
        return None
    key_hash = hashed(wanted.idempotency_key)
    waiting = session.scalars(
        select(UnconfirmedRequest).where(UnconfirmedRequest.idempotency_key_hash == key_hash)
    ).one_or_none()
    if waiting is None:
        return None
    requests.check_same(waiting.command_hash, wanted)
    return waiting


def _lock(session: Session, network: str) -> None:
    """Lock a network's counters: requests to several coaches at once would each see room. SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:network, 1))"), {"network": network})


def _check_hour(session: Session, network: str, gym: Gym, *, now: datetime) -> None:
    """The hourly limit of a network: every request mails an address that may be a stranger's. Raises TooMany."""
    made = [
        *session.scalars(
            select(Booking.requested_at).where(Booking.network_hash == network, Booking.requested_at > now - HOUR)
        ),
        *session.scalars(
            select(UnconfirmedRequest.created_at).where(
                UnconfirmedRequest.network_hash == network,
                UnconfirmedRequest.created_at > now - HOUR,
                UnconfirmedRequest.booking_id.is_(None),
            )
        ),
    ]
    if len(made) >= gym.most_new_per_network:
        room_at = sorted(made)[len(made) - gym.most_new_per_network] + HOUR
        raise TooMany(TOO_MANY, retry_after_s=max(1, int((room_at - now).total_seconds())))


def _may_hold(session: Session, coach: Coach, network: str, gym: Gym, *, now: datetime) -> bool:
    """Whether both this network and all unconfirmed requests at this coach are below their limits of held time."""
    held = select(func.count(Booking.id)).where(_holds_time(now))
    of_network = session.scalars(held.where(Booking.network_hash == network)).one()
    if of_network >= gym.most_open_per_network:  # this network's own share is used up
        return False
    of_strangers = session.scalars(held.where(Booking.coach_id == coach.id, Booking.network_hash.is_not(None))).one()
    return of_strangers < gym.most_strangers_per_coach


def _holds_time(now: datetime) -> ColumnElement[bool]:
    """The condition of a booking that holds time unseen: a request that waits, or one booked directly within a day."""
    waits = and_(Booking.status == Status.PENDING, Booking.expires_at > now)
    direct = and_(Booking.status == Status.APPROVED, Booking.expires_at.is_(None), Booking.requested_at > now - DAY)
    return or_(waits, direct)


def _ask_to_confirm(
    session: Session, coach: Coach, wanted: LessonRequest, *, by: Actor, network: str, gym: Gym, now: datetime
) -> UnconfirmedRequest:
    """Store the request until its family confirms it. What would be refused is refused now, before a mail is sent."""
    coach = queries.get_coach_by_id(session, coach.id)
    lesson = queries.get_lesson_by_id(coach, wanted.lesson_id)
    requests.check_limits(session, wanted.customer_email, now=now)
    _check_address(session, email_key(wanted.customer_email), gym, now=now)
    slot = slots.check_offered(session, coach, lesson, wanted.starts_at, now=now)
    form_conflicts.check_lesson(wanted, coach, lesson, slot, gym, now=now)
    waiting = UnconfirmedRequest(
        coach_id=coach.id,
        coach=coach,
        lesson_type_id=lesson.id,
        lesson=lesson,
        channel=by.channel,
        wanted=wanted.model_copy(update={"idempotency_key": None}).model_dump_json(),
        network_hash=network,
        customer_key=email_key(wanted.customer_email),
        idempotency_key_hash=hashed(wanted.idempotency_key) if wanted.idempotency_key else None,
        command_hash=wanted.fingerprint(),
        created_at=now,
        expires_at=now + CONFIRM_WITHIN,
    )
    session.add(waiting)
    session.flush()
    mails.add_confirmation(session, waiting, wanted.customer_email, now=now)
    session.flush()
    return waiting


def _check_address(session: Session, key: str, gym: Gym, *, now: datetime) -> None:
    """The limit of unconfirmed requests for one e-mail address, from however many networks. Raises TooMany."""
    waiting: Sequence[datetime] = session.scalars(
        select(UnconfirmedRequest.expires_at)
        .where(
            UnconfirmedRequest.customer_key == key,
            UnconfirmedRequest.expires_at > now,
            UnconfirmedRequest.booking_id.is_(None),
        )
        .order_by(UnconfirmedRequest.expires_at)
    ).all()
    if len(waiting) >= gym.most_open_requests:
        raise TooMany(
            "We have sent mails to this address that wait for a click. Please look for them first, also among the spam.",
            retry_after_s=max(1, int((waiting[0] - now).total_seconds())),
        )
