"""What is promised after every step of any life, and at its end, whatever the steps were."""

import sys
from collections import Counter
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

from hypothesis import event
from hypothesis.stateful import RuleBasedStateMachine, invariant

from core.bookings.models import Booking, BookingEvent, Hold, Status
from core.errors import SpiritError
from core.ops.sweep import sweep
from core.outbox.kinds import Audience
from core.outbox.models import MessageKind, MessageState, OutboxMessage
from core.platform.failpoints import FailpointReached, armed
from tests.machine.booking import BAD_NEWS, DAY, HOUR
from tests.machine.gym import HandClock, Mail, RealGym, dying_at_the_end
from tests.machine.model import TAUGHT_BY, Model, Outcome
from tests.support.databases import Store
from tests.support.people import NOW, ZONE

DAYS_LOOKED_AT = 4
TAKES_TIME = (Status.PENDING, Status.APPROVED)
ENDS_WITHIN = 20  # sweeps, three hours apart


class Promises(RuleBasedStateMachine):
    """
    A real gym and its model, side by side.

    lies: mails that were not true when they left. may_come_twice: mails sent by who stopped before recording it.
    """

    def __init__(self, store: Store, folder: Path, hand_clock: HandClock) -> None:
        super().__init__()
        self.clock = hand_clock
        self.clock.time = NOW
        self.model = Model()
        self.gym = RealGym(store, folder, hand_clock, self._listen)
        self.lies: list[Mail] = []
        self.heard: list[MessageKind] = []
        self.may_come_twice: Counter[str] = Counter()
        self.finished: set[int] = set()

    def attempt(
        self, coach: str, expected: Outcome, crash: str | None, command: Callable[..., Booking], *args: Any, **how: Any
    ) -> Booking | None:
        """
        What the command returns; None if it was refused, as expected, or the power failed. Then nothing was stored.

        expected: what ought to come of it. crash: where the power fails, if the command comes there.
        """
        before = self.gym.everything()
        refusal: SpiritError | None = None
        done = None
        try:
            with armed(**({crash: "raise"} if crash else {})):
                way = dying_at_the_end(command) if crash == "before_commit" else command
                done = self.gym.database.transact(
                    lambda tx: way(tx.session, tx.coach, *args, now=tx.now, **how), coach=self.gym.coaches[coach]
                )
        except FailpointReached:
            event(f"a command stops: {crash}")
            assert crash != "before_commit" or not isinstance(expected, type)
        except SpiritError as error:
            event(f"refused: {type(error).__name__}")
            refusal = error
        if refusal is not None or (done is not None and isinstance(expected, type)):
            assert type(refusal) is expected
        if done is None or expected is None:
            assert self.gym.everything() == before
        return done

    @invariant()
    def bookings_are_as_the_model_has_them(self) -> None:
        rows = {row.id: row for row in self.gym.rows(Booking)}
        assert rows.keys() == self.model.bookings.keys()
        for number, booking in self.model.bookings.items():
            row, (_, stored, who, at) = rows[number], booking.history[-1]
            assert (row.status_at(self.clock.time), row.status) == (booking.status(self.clock.time), stored)
            assert (row.version, row.changed_at) == (len(booking.history), at)
            assert (row.changed_by, row.channel) == who.value
            assert (row.starts_at, row.expires_at, row.cancelled_late) == (
                booking.starts_at,
                booking.expires_at,
                booking.late,
            )

    @invariant()
    def every_change_has_one_row_of_history(self) -> None:
        told: dict[int, list[Any]] = {number: [] for number in self.model.bookings}
        for row in self.gym.rows(BookingEvent):
            told[row.booking_id].append((row.from_status, row.to_status, (row.actor, row.channel), row.at))
        for number, booking in self.model.bookings.items():
            assert told[number] == [(before, to, who.value, at) for before, to, who, at in booking.history]

    @invariant()
    def what_takes_time_has_one_hold_and_none_overlap(self) -> None:
        holds = [(row.booking_id, row.coach_id, row.busy_from, row.busy_to) for row in self.gym.rows(Hold)]
        assert sorted(holds) == [
            (number, self.gym.coaches[booking.coach], *booking.taken)
            for number, booking in sorted(self.model.bookings.items())
            if booking.stored in TAKES_TIME
        ]
        for (_, coach, begins, ends), (_, other, other_begins, other_ends) in combinations(holds, 2):
            assert coach != other or ends <= other_begins or other_ends <= begins

    @invariant()
    def what_is_listed_is_free(self) -> None:
        """So a taken time is not listed, and one whose request expired is again, swept or not."""
        now = self.clock.time
        days = [now.astimezone(ZONE).date() + offset * DAY for offset in range(DAYS_LOOKED_AT)]
        assert self.gym.listed(days[0], days[-1], now) == {
            (coach, lesson): [start for day in days for start in self.model.free(coach, lesson, day, now)]
            for coach, lessons in TAUGHT_BY.items()
            for lesson in lessons
        }

    @invariant()
    def every_change_wrote_its_mails(self) -> None:
        written: dict[int, list[Any]] = {number: [] for number in self.model.bookings}
        for row in self.gym.rows(OutboxMessage):
            assert row.booking_id is not None
            written[row.booking_id].append(row.kind)
            if row.state is MessageState.DROPPED and row.id not in self.finished:
                self.finished.add(row.id)
                event("a mail is dropped")
                assert not self.model.bookings[row.booking_id].is_told_truly_by(row.kind, self.clock.time)
        assert written == {number: booking.mails for number, booking in self.model.bookings.items()}

    @invariant()
    def no_mail_lied_when_it_was_sent(self) -> None:
        while self.heard:
            event(f"sent: {self.heard.pop()}")
        assert self.lies == []

    @invariant()
    def no_mail_comes_twice_but_for_a_crash(self) -> None:
        for message_id, times in self.gym.post.times_sent().items():
            assert times <= 1 + self.may_come_twice[message_id]

    def teardown(self) -> None:
        """At the end time passes until nothing is due; not after a step that has failed."""
        try:
            if sys.exc_info()[0] is None:
                self._the_outbox_runs_dry()
        finally:
            self.gym.close()

    def _the_outbox_runs_dry(self) -> None:
        sweeps = 0
        while self.gym.unfinished() or self.model.overdue(self.clock.time):
            assert sweeps < ENDS_WITHIN, "a mail is neither sent nor dropped"
            self.clock.time += 3 * HOUR
            self.model.expire(self.clock.time)
            sweep(self.gym.services)
            sweeps += 1
            self.every_change_wrote_its_mails()
        self.bookings_are_as_the_model_has_them()
        self.no_mail_lied_when_it_was_sent()
        self.no_mail_comes_twice_but_for_a_crash()
        times_sent = self.gym.post.times_sent()
        for row in self.gym.rows(OutboxMessage):
            assert row.state is MessageState.SENT or row.kind not in BAD_NEWS, "bad news is never too late"
            assert (times_sent[row.message_id] > 0) >= (row.state is MessageState.SENT)

    def _listen(self, mail: Mail) -> None:
        """Asked while a mail is being sent. What is raised here would pass for a broken mail, so it is kept."""
        booking = self.model.bookings[mail.booking]
        reader = f"{booking.coach}@spirit.example" if mail.kind.spec.audience is Audience.COACH else booking.parent
        self.heard.append(mail.kind)  # on a lane's thread, where Hypothesis counts nothing
        if mail.recipient != reader or not booking.is_told_truly_by(mail.kind, self.clock.time):
            self.lies.append(mail)
