"""Delivery status of the mail to a family: sent, waiting, failed, dropped; for every page that says it was mailed."""

import enum
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.bookings.models import Booking, Status
from core.outbox.kinds import MessageKind
from core.outbox.models import MessageState, OutboxMessage


class DeliveryStatus(enum.StrEnum):
    """Delivery status of one mail."""

    SENT = "sent"  # accepted by the mail server, or written as a file
    WAITING = "waiting to be sent"
    FAILED = "could not be delivered"
    NOT_SENT = "not sent"  # dropped, with a reason
    NONE = "none"  # no mail was written


OF_STATE = {
    MessageState.QUEUED: DeliveryStatus.WAITING,
    MessageState.SENDING: DeliveryStatus.WAITING,
    MessageState.SENT: DeliveryStatus.SENT,
    MessageState.DROPPED: DeliveryStatus.NOT_SENT,
    MessageState.DEAD: DeliveryStatus.FAILED,
}


def state_of(kind: MessageKind) -> Status | None:
    """The state that a booking has while a mail of this kind about it is true; None for kinds that depend on no one state."""
    return Status.__members__.get(kind.spec.true_while.name)


ANNOUNCED_BY = {state: kind for kind in MessageKind if kind.spec.announces and (state := state_of(kind)) is not None}


def status_of(message: OutboxMessage | None) -> DeliveryStatus:
    """The delivery status of a message; NONE for None."""
    return DeliveryStatus.NONE if message is None else OF_STATE[message.state]


def family_mail(session: Session, booking: Booking) -> OutboxMessage | None:
    """The newest mail that tells the family the state their booking has; None when none was written (yet)."""
    if booking.id is None:
        return None
    return session.scalars(
        select(OutboxMessage)
        .where(
            OutboxMessage.booking_id == booking.id,
            OutboxMessage.account_id.is_(None),
            OutboxMessage.kind == ANNOUNCED_BY[booking.status],
        )
        .order_by(OutboxMessage.id.desc())
        .limit(1)
    ).one_or_none()


def family_status(session: Session, booking: Booking, *, now: datetime) -> DeliveryStatus:
    """The delivery status of the mail about the booking's present state."""
    if booking.status is not booking.status_at(now):
        return DeliveryStatus.WAITING  # past its expiry, and the sweep that writes the mail comes within seconds
    return status_of(family_mail(session, booking))


def family_statuses(session: Session, bookings: Sequence[Booking], *, now: datetime) -> Mapping[int, DeliveryStatus]:
    """The delivery status of each booking's mail, by booking id, in one query."""
    rows = session.scalars(
        select(OutboxMessage)
        .where(
            OutboxMessage.booking_id.in_([booking.id for booking in bookings]),
            OutboxMessage.account_id.is_(None),
            OutboxMessage.kind.in_(ANNOUNCED_BY.values()),
        )
        .order_by(OutboxMessage.id)
    )
    newest = {(row.booking_id, row.kind): row for row in rows}
    return {
        booking.id: status_of(newest.get((booking.id, ANNOUNCED_BY[booking.status])))
        if booking.status is booking.status_at(now)
        else DeliveryStatus.WAITING
        for booking in bookings
    }


def said_to_staff(status: DeliveryStatus, booking: Booking) -> str:
    """A sentence about a delivery status for staff; empty for NONE."""
    if status is DeliveryStatus.FAILED:
        phone = f"call {booking.customer_phone}" if booking.customer_phone else "look at the address they gave"
        return f"The mail to the family could not be delivered: please {phone}."
    return {
        DeliveryStatus.SENT: "The mail to the family was sent.",
        DeliveryStatus.WAITING: "The mail to the family is waiting to be sent.",
        DeliveryStatus.NOT_SENT: "The mail to the family was not sent.",
    }.get(status, "")


def masked(address: str) -> str:
    """Mask an e-mail address: its owner recognises it, a stranger does not learn it: "s•••@example.org"."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}•••@{domain}"
