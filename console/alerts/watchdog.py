"""
Watchdog of the alert evaluator: when nobody has evaluated the rules for a while, the console does.

The worker evaluates and sends. A worker that is dead or hangs could not report it; this process can. Minutes are claimed,
so the two never evaluate one twice.
"""

import threading
from collections.abc import Sequence
from datetime import timedelta

import structlog

from analytics.data_sources import Monitor
from analytics.evaluator import evaluate_if_due
from console.monitoring.cached_queries import monitor_of
from core.alerts import liveness
from core.mail.delivery import MailPump
from core.outbox.lanes import Lane
from core.platform import clock
from core.platform.services import Services
from core.telemetry import jobs

LOOK_EVERY_S = 15.0
FIRST_LOOK_S = 60.0  # a worker that was started with us measures first
TAKE_OVER_AFTER = timedelta(seconds=90)  # one minute missed

log = structlog.get_logger()


def watch_until(stop: threading.Event, services: Services) -> None:
    """The watchdog's loop, until `stop`. Run it in a thread of its own."""
    monitor, pumps = monitor_of(services), pumps_of_alerts()
    if stop.wait(FIRST_LOOK_S):
        return
    while not stop.wait(LOOK_EVERY_S):
        try:
            look(services, monitor, pumps)
        except Exception:  # the next look tries again; a dead thread would not
            log.exception("watchdog failed")


def pumps_of_alerts() -> Sequence[MailPump]:
    """Senders of alert mails and of webhook calls: neither waits for the other, nor for families' mail."""
    return MailPump([Lane.ALERTS], at_once=1), MailPump([Lane.WEBHOOK], at_once=1)


def look(services: Services, monitor: Monitor, pumps: Sequence[MailPump]) -> None:
    """One pass: if the evaluation is overdue, evaluate the rules, then send all alert mail that is due."""
    now = clock.now()
    with services.database.read() as session:
        if not liveness.is_overdue(session, now=now, after=TAKE_OVER_AFTER):  # the worker does it
            return
    with jobs.run("alerts"):
        done = evaluate_if_due(services, monitor, now=now)
    if done is not None:
        for pump in pumps:
            threading.Thread(target=pump.ring, args=(services,), name="watchdog-mail", daemon=True).start()
