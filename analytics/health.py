"""Health of each part (site, console, worker, mail, database, disk, monitor), in words, from the last quarter of an hour."""

import enum
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from analytics import latency
from analytics.data_sources import Monitor
from analytics.latency import RouteLatency, Scope
from analytics.request_store import Log, open_log
from analytics.time_window import Window
from core.gym.models import the_gym
from core.outbox.messages import oldest_due_at
from core.outbox.models import MessageState, OutboxMessage
from core.platform.clock import instant
from core.telemetry.traffic_categories import FAMILY

# Limits as of the default alert rules (core/alerts/default_rules.py), so that page and notifications agree.
LOOKS_BACK = timedelta(minutes=15)
SILENT_AFTER = timedelta(minutes=2)
LOST_WITHIN = timedelta(hours=24)
LATE_MAIL, VERY_LATE_MAIL = timedelta(minutes=5), timedelta(minutes=30)
SLOW_MS, FAILING, MANY_FAILING = 1000.0, 0.02, 0.05  # p95 latency; error rates
FULL, VERY_FULL = 0.80, 0.95  # disk usage
MIN_FREE_BYTES, PLENTY_BYTES = 500e6, 50e9  # below the first anything may fail; above the second a share says nothing
MAX_WAL_BYTES = 256e6  # it is cut back to 64 MB; more is a reader that never ends
SLOW_STATEMENTS = 5  # fewer in a quarter of an hour are chance


class State(enum.StrEnum):
    """Health of a part; the word that stands beside the color."""

    WELL = "well"
    LOOK = "look"
    BAD = "bad"
    UNKNOWN = "not known"


COLORS = {State.WELL: "green", State.LOOK: "orange", State.BAD: "red", State.UNKNOWN: "gray"}


@dataclass(frozen=True)
class Part:
    """Health of one part."""

    name: str
    state: State
    words: str  # the facts behind it


@dataclass(frozen=True)
class Killed:
    """Killed processes of one service."""

    service: str
    n: int  # of them
    last_at: datetime
    missing_s: float  # seconds of rows that may be missing


@dataclass(frozen=True)
class Measures:
    """Latest sample of each metric."""

    values: Mapping[tuple[str, str], tuple[float, datetime]]  # (service, name) → value, and when it was taken

    def heard_of(self, service: str) -> datetime | None:
        """When this service recorded its latest sample."""
        return max((at for (who, _), (_, at) in self.values.items() if who == service), default=None)

    def find(self, name: str) -> float | None:
        """The latest value of a metric, of any service."""
        found = [(at, value) for (_, measure), (value, at) in self.values.items() if measure == name]
        return max(found)[1] if found else None


def parts(monitor: Monitor, session: Session, *, now: datetime, zone: ZoneInfo) -> list[Part]:
    """Health of site, console, worker, mail, database, disk, and the monitor itself, in this order."""
    window = Window(now - LOOKS_BACK, now, zone)
    measures, slow = _measures(monitor, window), _slow_statements(monitor, window)
    found = [
        _service(name, scope, latency.overall(monitor, window, scope), measures.heard_of(name.lower()), now)
        for name, scope in {
            "Site": Scope(service="site", category=FAMILY),
            "Console": Scope(service="console"),
            "Worker": Scope(service="worker", kind="task"),
        }.items()
    ]
    lost, killed = lost_lately(monitor, now=now, zone=zone), killed_lately(monitor, now=now, zone=zone)
    return [
        *found,
        mail_part(session, now=now),
        _database(slow),
        _disk(measures.find("disk.used_share"), measures.find("disk.free_bytes"), measures.find("database.wal_bytes")),
        _monitor(lost, killed, zone),
    ]


def lost_lately(monitor: Monitor, *, now: datetime, zone: ZoneInfo) -> dict[str, int]:
    """Telemetry rows lost within a day, by reason, the most frequent first."""
    window = Window(now - LOST_WITHIN, now, zone)
    with _opened(monitor, window, "event_log") as log:
        return {row["reason"]: row["n"] for row in log.ask("lost").to_pylist()}


def killed_lately(monitor: Monitor, *, now: datetime, zone: ZoneInfo) -> list[Killed]:
    """Processes killed within a day, by service."""
    with _opened(monitor, Window(now - LOST_WITHIN, now, zone), "event_log") as log:
        rows = log.ask("killed").to_pylist()
    return [Killed(row["service"], row["n"], instant(row["last_us"]), row["missing_s"]) for row in rows]


def mail_part(session: Session, *, now: datetime) -> Part:
    """Health of mail delivery, by the outbox and the gym's switches."""
    gym, oldest = the_gym(session), oldest_due_at(session, now=now)
    dead = session.scalar(
        select(func.count())
        .select_from(OutboxMessage)
        .where(OutboxMessage.state == MessageState.DEAD, OutboxMessage.finished_at > now - timedelta(days=1))
    )
    if gym.mail_held:
        return Part("Mail", State.BAD, "Held: nothing leaves until it is released.")
    if gym.mail_trouble is not None:
        return Part("Mail", State.BAD, f"Not going out: {gym.mail_trouble}.")
    waited = now - oldest if oldest is not None else timedelta()
    if waited > LATE_MAIL:
        state = State.BAD if waited > VERY_LATE_MAIL else State.LOOK
        return Part("Mail", state, f"The oldest mail has been due for {_minutes(waited)}.")
    if dead:
        return Part("Mail", State.LOOK, f"{dead} could not be delivered within a day.")
    return Part("Mail", State.WELL, "Nothing is late." if oldest is None else "What is due goes out now.")


def _service(name: str, scope: Scope, seen: RouteLatency | None, heard_at: datetime | None, now: datetime) -> Part:
    if heard_at is None and seen is None:
        return Part(name, State.UNKNOWN, "It has recorded nothing for a quarter of an hour.")
    if heard_at is not None and now - heard_at > SILENT_AFTER:
        return Part(name, State.BAD, f"Silent for {_minutes(now - heard_at)}.")
    verb = "tasks" if scope.kind == "task" else "requests"
    if seen is None:
        return Part(name, State.WELL, "There, and nobody asked it anything for a quarter of an hour.")
    words = f"{seen.n:,} {verb} in a quarter of an hour, p50 {_ms(seen.p50_ms)}, p95 {_ms(seen.p95_ms)}"
    words += ", none failed." if not seen.errors else f", {seen.errors:,} failed."
    if seen.is_thin:
        return Part(name, State.LOOK if seen.errors else State.WELL, words)
    if seen.error_rate >= MANY_FAILING:
        return Part(name, State.BAD, words)
    is_slow = scope.kind == "http" and seen.p95_ms > SLOW_MS
    return Part(name, State.LOOK if seen.error_rate >= FAILING or is_slow else State.WELL, words)


def _database(slow: int) -> Part:
    if slow >= SLOW_STATEMENTS:
        return Part("Database", State.LOOK, f"Answers, but {slow} statements were slow in a quarter of an hour.")
    return Part("Database", State.WELL, "Answers." if not slow else f"Answers; {slow} slow in a quarter of an hour.")


def _disk(used: float | None, free_bytes: float | None, wal_bytes: float | None) -> Part:
    """Health of the disk, by share and by bytes: five percent of a large disk are plenty."""
    if used is None:
        return Part("Disk", State.UNKNOWN, "Nobody has measured it for a quarter of an hour.")
    words = f"{used:.0%} full." if free_bytes is None else f"{used:.0%} full, {_bytes(free_bytes)} free."
    if wal_bytes is not None:
        words += f" The database's write-ahead log has {_bytes(wal_bytes)}."
    has_plenty = free_bytes is not None and free_bytes >= PLENTY_BYTES
    has_nothing = free_bytes is not None and free_bytes < MIN_FREE_BYTES
    if has_nothing or (used >= VERY_FULL and not has_plenty):
        return Part("Disk", State.BAD, words)
    is_tight = (used >= FULL and not has_plenty) or (wal_bytes or 0) > MAX_WAL_BYTES
    return Part("Disk", State.LOOK if is_tight else State.WELL, words)


def _monitor(lost: Mapping[str, int], killed: Sequence[Killed], zone: ZoneInfo) -> Part:
    if not lost and not killed:
        return Part("Monitor", State.WELL, "Lost nothing within a day.")
    words = [
        f"The {one.service} ended without stopping at {one.last_at.astimezone(zone):%H:%M}"
        f"{f', the last of {one.n} times' if one.n > 1 else ''}: up to {one.missing_s:.0f} seconds of rows may be missing."
        for one in killed
    ]
    if lost:
        reasons = ", ".join(f"{n:,} ({reason})" for reason, n in list(lost.items())[:3])
        words.append(f"Could not keep within a day: {reasons}.")
    return Part("Monitor", State.LOOK, " ".join(words))


def _bytes(size: float) -> str:
    return f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{size / 1e6:,.0f} MB"


def _measures(monitor: Monitor, window: Window) -> Measures:
    with _opened(monitor, window, "metric_log") as log:
        rows = log.ask("latest_metrics").to_pylist()
    return Measures({(row["service"], row["name"]): (row["value"], instant(row["at_us"])) for row in rows})


def _slow_statements(monitor: Monitor, window: Window) -> int:
    with _opened(monitor, window, "statement_log") as log:
        return int(log.sql("SELECT count(*) AS n FROM statement_log WHERE kind = 'slow'").column("n")[0].as_py())


def _opened(monitor: Monitor, window: Window, table: str) -> AbstractContextManager[Log]:
    return open_log(monitor.store, monitor.folder, start_us=window.start_us, end_us=window.end_us, tables=[table])


def _minutes(length: timedelta) -> str:
    minutes = round(length.total_seconds() / 60)
    return f"{minutes} minutes" if minutes < 120 else f"{minutes // 60} hours"


def _ms(ms: float) -> str:
    return f"{ms:.0f} ms" if ms < 1000 else f"{ms / 1000:.1f} s"
