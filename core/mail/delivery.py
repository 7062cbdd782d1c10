"""
Delivery of what is due in the outbox, in numbered steps. At least once while it is true; at most one duplicate for a crash.

1. Claim one due row by lease, in a short transaction (core/outbox/claims.py, core/platform/leases.py). A lease that ran out is claimed again.
2. Read the booking again: is this message still true? If not, it is DROPPED with the reason.
3. Render. Links are signed now, so that no usable secret of a decision is at rest.
4. Send, outside any transaction, with a time limit per phase, and done with before the lease ends.
5. Record: SENT, tried until the lease ends; or tried again later; or DEAD, when its reader's address takes no mail.

No number of tries ends a mail that is still true. What would stop every mail opens a circuit (core/outbox/circuit_breaker.py).
"""

import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import astuple, dataclass, replace
from typing import Any

import structlog

from core.errors import Unavailable
from core.mail import validity
from core.mail.compose import compose
from core.mail.context_reader import read_context
from core.mail.mail_context import MailContext
from core.mail.transports import MailFailure
from core.outbox import claims
from core.outbox.lanes import ALL_LANES, Lane
from core.outbox.models import WEBHOOK, MessageState, OutboxMessage
from core.people.models import Role, SignInLink
from core.platform import clock
from core.platform.coalescing import CoalescingRunner
from core.platform.failpoints import failpoint
from core.platform.leases import Claim
from core.platform.services import Services
from core.telemetry import recording

AT_ONCE = 2  # senders a lane: one slow mail does not stop the others, and no server sees many connections
MAX_SENDING_S = 50.0  # of any transport; whoever has less left of a lease leaves the mail to the next who claims it
RECORD_AGAIN_S = 0.5  # a database that restarts is asked about a hundred times within a lease

log = structlog.get_logger()


@dataclass(frozen=True)
class Delivery:
    """How many mails a pass sent, dropped as no longer true, will try again, and gave up."""

    sent: int = 0
    dropped: int = 0
    retried: int = 0
    dead: int = 0

    def counting(self, state: MessageState) -> "Delivery":
        name = {MessageState.SENT: "sent", MessageState.DROPPED: "dropped", MessageState.DEAD: "dead"}.get(
            state, "retried"
        )
        return replace(self, **{name: getattr(self, name) + 1})


def total(passes: Iterable[Delivery]) -> Delivery:
    """Several passes as one."""
    return Delivery(*(sum(count) for count in zip(*map(astuple, passes), strict=True)))


def _never() -> bool:
    return False


def deliver_due(
    services: Services, lanes: Collection[Lane] = ALL_LANES, *, enough: Callable[[], bool] = _never
) -> Delivery:
    """Deliver until nothing is due, or it is enough. Safe to run at any time, anywhere, any number of times."""
    done = Delivery()
    while (
        not enough()
        and (claim := services.database.transact(lambda tx: claims.claim(tx.session, lanes, now=tx.now))) is not None
    ):
        if (state := _deliver(services, claim)) is not None:
            done = done.counting(state)
    return done


class MailPump(CoalescingRunner):
    """Sends what waits in some lanes, two mails at a time or as many as are said."""

    def __init__(self, lanes: Collection[Lane] = ALL_LANES, at_once: int | None = None) -> None:
        super().__init__(at_once or AT_ONCE)
        self.lanes = lanes

    def ring(self, services: Services, *, enough: Callable[[], bool] = _never) -> Delivery:
        """Deliver what is due, unless others are at it already and will look again."""
        return total(self.run(lambda: deliver_due(services, self.lanes, enough=enough)))


def _deliver(services: Services, claim: Claim) -> MessageState | None:
    """Steps 2 to 5. What became of it; None if we slept so long that it is not ours to send any more."""
    failpoint("claimed")
    with services.database.read() as session:
        message = session.get_one(OutboxMessage, claim.row_id)
    if message.leased_by != claim.holder or claim.left_s() < MAX_SENDING_S:
        return None  # this process was stopped for a while: another has the claim, or would take it while we send
    if HANDED_OVER.has(message.message_id):
        return _record_sent(services, message, claim)  # by us, and the database was away when we wanted to say so
    try:
        untrue = _send(services, message)
    except MailFailure as failure:
        return _record_failure(services, message, claim, failure)
    except Exception as error:  # a mail that cannot be written must not stop the others
        log.exception("mail failed", outbox_id=message.id, kind=message.kind.value)
        return _record_failure(services, message, claim, MailFailure(f"could not be written: {type(error).__name__}"))
    if untrue is not None:  # step 2: no longer true
        return _noted(
            message,
            services.database.transact(
                lambda tx: claims.finish(tx.session, claim, MessageState.DROPPED, untrue, now=tx.now)
            ),
        )
    HANDED_OVER.add(message.message_id)
    failpoint("mail_sent")
    return _record_sent(services, message, claim)


def _send(services: Services, message: OutboxMessage) -> str | None:
    """Steps 2 to 4. Returns why it is no longer true, if so; then nothing was sent."""
    with services.database.read() as session:
        now = clock.now()
        link = session.get(SignInLink, message.sign_in_link_id) if message.sign_in_link_id is not None else None
        context = read_context(session, message, zone=services.settings.zone, now=now)
    if context.account is not None and context.account.disabled_at is not None:
        return "its reader does not work here any more"  # whoever has left learns nothing more about families
    if reason := validity.why_untrue(message, context.booking, link, context.digest, now=now):
        return reason
    if context.notice is not None and (reason := _why_no_alert(context)):
        return reason
    if message.channel == WEBHOOK:  # a program reads facts, not a mail
        services.webhook.post(_payload(services, context))
        return None
    mail = compose(context, settings=services.settings, signer=services.signer)
    services.transport.send(mail, recipient=message.recipient)
    return None


def _why_no_alert(context: MailContext) -> str | None:
    if context.account is not None and context.account.role is not Role.ADMIN:
        return "its reader does not administer any more"
    return context.notice.why_needless() if context.notice is not None else None


def _payload(services: Services, context: MailContext) -> Mapping[str, Any]:
    if context.notice is None:
        raise ValueError("only incidents go to the webhook")
    return context.notice.payload(
        gym=context.gym.name,
        console_url=services.settings.console_url,
        delivery=context.message.message_id,
        zone=services.settings.zone,
    )


def _record_failure(
    services: Services, message: OutboxMessage, claim: Claim, failure: MailFailure
) -> MessageState | None:
    recorded = services.database.transact(lambda tx: claims.fail(tx.session, claim, failure, now=tx.now))
    state = recorded.state.value if recorded is not None else "another's"
    log.warning("mail not sent", outbox_id=message.id, kind=message.kind.value, why=str(failure), state=state)
    return _noted(message, recorded)


def _record_sent(services: Services, message: OutboxMessage, claim: Claim) -> MessageState | None:
    """Step 5, until the lease ends: another would send it once more. Raises Unavailable."""
    while True:
        try:
            recorded = services.database.transact(
                lambda tx: claims.finish(tx.session, claim, MessageState.SENT, None, now=tx.now)
            )
        except Unavailable:
            if claim.left_s() <= 0:
                raise  # the next claim sends it again, with the same Message-ID
            time.sleep(RECORD_AGAIN_S)
        else:
            HANDED_OVER.forget(message.message_id)
            return _noted(message, recorded)


def _noted(message: OutboxMessage, recorded: OutboxMessage | None) -> MessageState | None:
    """Record the delivery as an event of the monitor, and return what became of the mail."""
    if recorded is None:
        return None  # another worker has claimed it since, and records what becomes of it
    if (recorder := recording.active()) is not None:
        recorder.event(
            "mail",
            recorded.state.value,
            value=(clock.now() - (message.first_due_at or message.due_at)).total_seconds(),
            subject_id=message.id,
            request_id=message.request_id or "",
            detail=message.kind.value,
        )
    return recorded.state


class _HandedOver:
    """Message-IDs that a server has taken from this process while the database does not know it yet."""

    def __init__(self) -> None:
        self._ids: set[str] = set()
        self._mutex = threading.Lock()

    def add(self, message_id: str) -> None:
        with self._mutex:
            self._ids.add(message_id)

    def forget(self, message_id: str) -> None:
        with self._mutex:
            self._ids.discard(message_id)

    def has(self, message_id: str) -> bool:
        with self._mutex:
            return message_id in self._ids


HANDED_OVER = _HandedOver()
