"""What people, the clock and bad luck do, in any order."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, MultipleResults, initialize, multiple, precondition, rule

from core.bookings.cancellation import cancel
from core.bookings.decisions import Decision, decide
from core.bookings.models import Booking, Status
from core.bookings.requests import LessonRequest, request_lesson
from core.ops.sweep import sweep
from core.platform.actor import Actor
from core.platform.failpoints import FailpointReached, armed
from tests.machine.booking import DAY, HOUR, MINUTE, Change, Who
from tests.machine.booking import Booking as Told
from tests.machine.gym import HandClock
from tests.machine.model import TAUGHT_BY, Outcome
from tests.machine.promises import DAYS_LOOKED_AT, Promises
from tests.support.databases import Store
from tests.support.people import ZONE

INSTANT = timedelta(microseconds=1)
WELL = [None] * 3

PARENTS = [f"{name}@example.org" for name in ("sam", "kim", "lee", "max", "pat", "ray")]
Numbers = int | MultipleResults[int]

bookings = Bundle[int]("bookings")
offers = st.sampled_from([(coach, lesson) for coach, lessons in TAUGHT_BY.items() for lesson in lessons])
parents = st.sampled_from(PARENTS)
staff = [Who.ADMIN, Who.COACH_BY_LINK, Who.COACH, Who.ADMIN]
who_answers = st.sampled_from([*staff, *staff, Who.TEAM_MATE, Who.PARENT, *staff])
who_cancels = st.sampled_from([Who.PARENT, Who.COACH, Who.ADMIN, Who.TEAM_MATE, Who.ADMIN, Who.PARENT])
answers = st.sampled_from([Decision.APPROVE, Decision.DENY])
halves = st.integers(-3, 3)
reasons = st.sampled_from(["Nora is ill", None, "Nora is ill"])
crashes = st.sampled_from([*WELL, "before_change", "after_change", "before_commit", *WELL])
troubles = st.sampled_from(["claimed", "mail_sent", "before_change", "after_change", "no server"])
passing = st.sampled_from([MINUTE, 2 * HOUR, DAY, 7 * HOUR, 20 * MINUTE])
nths = st.integers(0, 30)
edges = st.sampled_from(["expiry", "lesson", "day before", "expiry"])
picks = st.integers(0, 99)  # the first and the last of everything are drawn most often


class Lives(Promises):
    """forms: what each booking's parent sent in."""

    def __init__(self, store: Store, folder: Path, hand_clock: HandClock) -> None:
        super().__init__(store, folder, hand_clock)
        self.forms: dict[int, LessonRequest] = {}
        self.forms_filled = 0

    @initialize(target=bookings, nths=st.lists(nths, min_size=2, max_size=4))
    def nora_has_been_asked(self, nths: list[int]) -> Numbers:
        """So that every life has something to answer."""
        offer = ("nora", "tumbling-60")
        asked = [self._request(*offer, PARENTS[i], self._free(offer)[nth], None) for i, nth in enumerate(nths)]
        return multiple(*[number for number in asked if isinstance(number, int)])

    @rule(target=bookings, offer=offers, parent=parents, nth=nths, crash=crashes)
    def a_parent_takes_a_free_time(self, offer: tuple[str, str], parent: str, nth: int, crash: str | None) -> Numbers:
        free = self._free(offer)
        return self._request(*offer, parent, free[nth % len(free)], crash) if free else multiple()

    @rule(target=bookings, number=bookings, offer=offers, parent=parents, halves=halves, crash=crashes)
    def a_parent_asks_for_a_time_near_another(
        self, number: int, offer: tuple[str, str], parent: str, halves: int, crash: str | None
    ) -> Numbers:
        """Taken, past, outside the hours, or free again."""
        starts_at = self.model.bookings[number].starts_at + halves * 30 * MINUTE
        return self._request(*offer, parent, starts_at, crash)

    @rule(number=bookings)
    def a_form_is_sent_twice(self, number: int) -> None:
        before, form = self.gym.everything(), self.forms[number]
        again = self.gym.database.transact(
            lambda tx: request_lesson(tx.session, tx.coach, form, now=tx.now), coach=form.coach_id
        )
        assert again.id == number
        assert self.gym.everything() == before

    @precondition(lambda self: bool(self.model.bookings))
    @rule(pick=picks, answer=answers, who=who_answers, reason=reasons, crash=crashes)
    def somebody_answers(self, pick: int, answer: Decision, who: Who, reason: str | None, crash: str | None) -> None:
        number = self._rather(Status.PENDING, pick)
        to = Status.APPROVED if answer is Decision.APPROVE else Status.DENIED
        expected = self.model.answer(number, to, who, reason=reason is not None, now=self.clock.time)
        link = {"slot_version": 1} if who is Who.COACH_BY_LINK else {}
        self._change(number, expected, crash, decide, answer, by=self._by(number, who), reason=reason, **link)

    @precondition(lambda self: bool(self.model.bookings))
    @rule(pick=picks, who=who_cancels, reason=reasons, crash=crashes)
    def somebody_cancels(self, pick: int, who: Who, reason: str | None, crash: str | None) -> None:
        number = self._rather(Status.APPROVED, pick)
        expected = self.model.cancel(number, who, reason=reason is not None, now=self.clock.time)
        self._change(number, expected, crash, cancel, by=self._by(number, who), reason=reason)

    def _rather(self, status: Status, pick: int) -> int:
        """Mostly a booking that stands so, if there is one; every fourth time any."""
        everyone = self.model.bookings
        fitting = [number for number, booking in everyone.items() if booking.status(self.clock.time) is status]
        chosen = fitting if fitting and pick % 4 != 1 else list(everyone)
        return chosen[pick // 4 % len(chosen)]

    @rule(by=passing)
    def time_passes(self, by: timedelta) -> None:
        self.clock.time += by

    @precondition(lambda self: bool(self.model.bookings))
    @rule(pick=picks, edge=edges, off=st.sampled_from([0, -1, 1, 0]))
    def an_edge_is_reached(self, pick: int, edge: str, off: int) -> None:
        """The instant of an expiry, a lesson, or a day before it, or the one next to it."""
        number = self._rather(Status.PENDING if edge == "expiry" else Status.APPROVED, pick)
        booking = self.model.bookings[number]
        at = booking.expires_at or booking.starts_at if edge == "expiry" else booking.starts_at
        self.clock.time = max(self.clock.time, at - (DAY if edge == "day before" else 0 * DAY) + off * INSTANT)

    @rule()
    def the_sweep_runs(self) -> None:
        sweep(self.gym.services)
        self.model.expire(self.clock.time)

    @rule(trouble=troubles)
    def the_sweep_has_trouble(self, trouble: str) -> None:
        """It stops before or after a change, before or after a mail; or no mail goes out."""
        before, overdue = self.gym.everything(), self.model.overdue(self.clock.time)
        post, sent = self.gym.post, len(self.gym.post.sent)
        post.away = trouble == "no server"
        try:
            with armed(**{trouble: "raise"}):
                sweep(self.gym.services)
        except FailpointReached:
            event(f"the sweep stops: {trouble}")
            if trouble == "mail_sent":
                assert len(post.sent) == sent + 1
                self.may_come_twice[post.sent[-1].message_id] += 1
            if trouble in ("before_change", "after_change"):
                assert overdue
                assert self.gym.everything() == before
                return
        else:
            assert not (overdue and trouble in ("before_change", "after_change"))
        post.away = False
        self.model.expire(self.clock.time)

    def _free(self, offer: tuple[str, str]) -> list[datetime]:
        today = self.clock.time.astimezone(ZONE).date()
        days = [today + ahead * DAY for ahead in range(DAYS_LOOKED_AT)]
        return [start for day in days for start in self.model.free(*offer, day, self.clock.time)]

    def _request(self, coach: str, lesson: str, parent: str, starts_at: datetime, crash: str | None) -> Numbers:
        self.forms_filled += 1
        form = LessonRequest(
            coach_id=self.gym.coaches[coach],
            lesson_id=self.gym.lessons[lesson],
            starts_at=starts_at,
            customer_name="Sam Rivera",
            customer_email=parent,
            athlete_name="Ida",
            idempotency_key=f"the form number {self.forms_filled}",
        )
        expected = self.model.request(coach, lesson, parent, starts_at, self.clock.time)
        made = self.attempt(coach, expected, crash, request_lesson, form)
        if made is None or not isinstance(expected, Told):
            return multiple()
        self.model.add(made.id, expected)
        self.forms[made.id] = form
        return made.id

    def _change(
        self, number: int, expected: Outcome, crash: str | None, command: Callable[..., Booking], *args: Any, **how: Any
    ) -> None:
        booking = self.model.bookings[number]
        done = self.attempt(booking.coach, expected, crash, command, number, *args, **how)
        if done is not None and isinstance(expected, Change):
            booking.happened(expected, self.clock.time)

    def _by(self, number: int, who: Who) -> Actor:
        coach = self.model.bookings[number].coach
        team_mate = "omar" if coach == "nora" else "nora"
        account = {Who.PARENT: None, Who.ADMIN: "ada", Who.TEAM_MATE: team_mate}.get(who, coach)
        return Actor(self.gym.accounts[account] if account else None, *who.value)
