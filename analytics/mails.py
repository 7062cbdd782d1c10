"""Statistics of mail delivery, from the outbox: throughput, delay, tries, outcome."""

from dataclasses import dataclass

import pyarrow as pa
from sqlalchemy import select
from sqlalchemy.orm import Session

from analytics.duckdb_cursors import question
from analytics.gym_tables import arrow
from analytics.request_store import query
from analytics.time_window import Window
from core.outbox.models import OutboxMessage, of_known_kind


@dataclass(frozen=True)
class Mails:
    """Statistics of the mails that were finished in a window."""

    by_kind: pa.Table  # a row a kind of mail
    over_time: pa.Table  # step_us, state, n, by the instant they were finished


def mails(session: Session, window: Window) -> Mails:
    """
    Statistics of the mails that were finished in a window (sent, dropped or dead).

    Returns:
        by_kind: kind, n, sent, dropped, dead, tried_again (more than once), wait_p50_ms and wait_p95_ms of those that
        were sent, from when they were first due: a try in vain moves due_at, and hides no delay.
    """
    found = arrow(
        session,
        select(
            OutboxMessage.kind,
            OutboxMessage.state,
            OutboxMessage.attempts,
            OutboxMessage.due_at,
            OutboxMessage.first_due_at,
            OutboxMessage.finished_at,
        ).where(OutboxMessage.finished_at >= window.start, OutboxMessage.finished_at < window.end, of_known_kind()),
    )
    with question(mail=found, steps=window.step_table()) as cursor:
        by_kind = cursor.sql(query("mails_by_kind")).to_arrow_table()
        over_time = cursor.sql(query("mails_over_time")).to_arrow_table()
    return Mails(by_kind, over_time)
