"""
The week page beside its peers: built anew beside Django 5, kept beside the barest page that the same edge can send.

Servers are processes of their own; the figure is their CPU time for a request. Reckoning the free times is the same
function on both sides, so its cost is taken off both.
"""

import re
import tempfile
import time
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from statistics import median

from sqlalchemy import select

import public_site
from core.bookings import slots
from core.bookings.models import Booking, Hold, Status
from core.platform import clock
from core.platform.db import Database
from core.schedule import availability, queries
from core.schedule.availability import Busy
from public_site.free_times_page import WEEK, week_name
from tests.bench.gym import BenchGym, add_coaches, request_lesson, wanted
from tests.bench.load import alternating, server
from tests.bench.report import Section
from tests.bench.serving import LOUD, QUIET
from tests.support.processes import RunningGym, running_gym

WARM_UP, BUILT, KEPT = 100, 600, 3000  # requests of a series
PEER = [
    "gunicorn",
    "--bind",
    "127.0.0.1:PORT",
    "--workers",
    "1",
    "--log-level",
    "warning",
    "tests.bench.peer.wsgi:application",
]
STYLE_SHEET = Path(public_site.__file__).parent / "static" / "site.css"
LINK = re.compile(rb"/request\?start=([^\"]+)")


@dataclass(frozen=True)
class Week:
    """A page, by its slugs and its Monday. name: in the table."""

    name: str
    coach: str
    lesson: str
    monday: date

    @property
    def path(self) -> str:
        return f"/coaches/{self.coach}/{self.lesson}?week={week_name(self.monday)}"


def measure() -> Section:
    """Four ratios and two sizes."""
    rows: list[list[str]] = []
    notes: list[str] = []
    with tempfile.TemporaryDirectory() as name, running_gym(folder := Path(name), demo=True) as gym:
        database = Database(f"sqlite:///{folder}/var/spirit.db")
        for week in _weeks(database):
            _built_anew(gym, database, week, rows, notes)
        database.dispose()
        _kept(gym, week, rows, notes)
    head = ["page", "peer", "its CPU, µs", "peer's CPU, µs", "ratio", "goal"]
    return Section("The page of a week's free times", head, rows, notes)


def _weeks(database: Database) -> tuple[Week, Week]:
    """Next week with a demo coach, some of it taken; and with a coach who is free from eight to eight every day."""
    now = clock.now()
    lesson_id = database.transact(lambda tx: add_coaches(tx.session, 1, now=tx.now))
    with database.read() as session:
        nora, full = queries.get_coach(session, "nora"), queries.get_coach(session, "coach-0")
        tumbling = queries.get_lesson(nora, "tumbling-60")
        today = now.astimezone(nora.zone).date()
        monday = today - timedelta(days=today.weekday()) + WEEK
        free = slots.open_slots(session, nora, tumbling, first_on=monday, last_on=monday + timedelta(days=6), now=now)
    for slot in free.slots[::12]:
        database.transact(
            lambda tx: request_lesson(
                tx.session, tx.coach, wanted(BenchGym(tumbling.id, {}), nora.id, slot.starts_at), now=tx.now
            ),
            coach=nora.id,
        )
    half_hour = queries.get_lesson_by_id(full, lesson_id)
    return Week("demo week", nora.slug, tumbling.slug, monday), Week("full week", full.slug, half_hour.slug, monday)


def _built_anew(gym: RunningGym, database: Database, week: Week, rows: list[list[str]], notes: list[str]) -> None:
    """Ours keeps no page here; neither side writes a log line."""
    environment = {**gym.environment, "BENCH_DATABASE": f"{gym.folder}/var/spirit.db"}
    with (
        server("ours", _ours("uncached", QUIET), week.path, environment, gym.folder) as ours,
        server("peer", PEER, week.path, environment, gym.folder) as peer,
    ):
        page, its = ours.ask(week.path, WARM_UP).body, peer.ask(week.path, WARM_UP).body
        times = len(LINK.findall(page))
        assert times and LINK.findall(page) == LINK.findall(its), "the two pages do not offer the same times"
        assert abs(len(its) / len(page) - 1) < 0.05, f"{len(page)} bytes, and the peer's {len(its)}"
        rounds = alternating(
            lambda: ours.cpu_us(week.path, BUILT),
            lambda: peer.cpu_us(week.path, BUILT),
            lambda: _reckoning_us(database, week),
        )
    ratio = median([(own - shared) / (other - shared) for own, other, shared in rounds])
    own, other, shared = (median(figures) for figures in zip(*rounds, strict=True))
    rows.append(_row(f"built anew, {week.name}, {times} times", "Django 5, gunicorn", own, other, ratio, "≤ 0.33"))
    notes.append(
        f"The {week.name}: {len(page) / 1000:.1f} kB of HTML (the peer's {len(its) / 1000:.1f}). Reckoning its times takes "
        f"{shared:.0f} µs, which is taken off both before the ratio; with it the ratio would be {own / other:.2f}."
    )
    if week.name == "full week":
        sheet = len(STYLE_SHEET.read_bytes())
        notes.append(
            f"The {week.name} with site.css: {(len(page) + sheet) / 1000:.1f} kB before compression (goal < 40 kB)."
        )


def _kept(gym: RunningGym, week: Week, rows: list[list[str]], notes: list[str]) -> None:
    """Both sides write the edge's log line, as the site does."""
    with (
        server("site", _ours("site", LOUD), week.path, gym.environment, gym.folder) as site,
        server("hello", _ours("hello", LOUD), "/hello", gym.environment, gym.folder) as hello,
    ):
        known = {"If-None-Match": site.ask(week.path, WARM_UP).headers["etag"]}
        hello.ask("/hello", WARM_UP)
        assert site.ask(week.path, WARM_UP, known).status == 304
        rounds = alternating(
            lambda: site.cpu_us(week.path, KEPT),
            lambda: hello.cpu_us("/hello", KEPT),
            lambda: site.cpu_us(week.path, KEPT, known),
        )
    kept, bare, unchanged = (median(figures) for figures in zip(*rounds, strict=True))
    for name, figure, at, goal in (("kept", kept, 0, "≤ 2"), ("unchanged (304)", unchanged, 2, "≤ 1.3")):
        ratio = median([figures[at] / figures[1] for figures in rounds])
        rows.append(_row(f"{name}, {week.name}", "“hello” behind the same edge", figure, bare, ratio, goal))


def _ours(name: str, voice: str) -> list[str]:
    return ["tests.bench.serving", name, "PORT", voice]


def _row(page: str, peer: str, own: float, other: float, ratio: float, goal: str) -> list[str]:
    return [page, peer, f"{own:.0f}", f"{other:.0f}", f"{ratio:.2f}", goal]


def _reckoning_us(database: Database, week: Week) -> float:
    """CPU of the arithmetic alone, on the rules and the taken time that both sides read."""
    last_on = week.monday + timedelta(days=6)
    with database.read() as session:
        coach = queries.get_coach(session, week.coach)
        rules = slots.rules_for(
            session, coach, queries.get_lesson(coach, week.lesson), first_on=week.monday, last_on=last_on
        )
        begins = availability.at_wall_time(week.monday, 0, rules.zone)
        held = session.execute(
            select(Hold.busy_from, Hold.busy_to, Booking.status, Booking.expires_at)
            .join(Booking, Booking.id == Hold.booking_id)
            .where(Hold.coach_id == coach.id, Hold.busy_from < begins + timedelta(days=8), Hold.busy_to > begins)
        ).all()
    busy = [Busy(start, end, until if status is Status.PENDING else None) for start, end, status, until in held]
    began = time.process_time()
    for _ in range(BUILT):
        availability.open_slots(rules, busy, first_on=week.monday, last_on=last_on, now=clock.now())
    return (time.process_time() - began) / BUILT * 1e6
