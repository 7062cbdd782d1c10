"""
Timetable: what happens by itself, and how often. One table, which the worker runs, `spirit sweep` and the cron address go
through once, and docs/reliability.md prints.

What has a longer interval than a minute is a duty (core/ops/duties.py): a row of the database, so that it is done once in its
time, however many look for it.
"""

from dataclasses import dataclass

from core.mail.delivery import AT_ONCE

SWEEP, PICTURES, MAIL, ALERT_MAIL, WEBHOOK = "sweep", "pictures", "mail", "alert mail", "webhook"
ALERTS, DUTIES = "alerts", "duties"
LANES = (MAIL, ALERT_MAIL, WEBHOOK)


@dataclass(frozen=True)
class Pass:
    """
    Work that a worker repeats in a thread of its own, or in several.

    every_s: from the end of one to the beginning of the next. first_after_s: from the worker's start.
    does: for people, what it does.
    """

    name: str
    every_s: float
    does: str
    first_after_s: float = 0
    threads: int = 1


TIMETABLE = (
    Pass(SWEEP, 20, "requests expire, daily summaries are written, what is old is forgotten"),
    Pass(MAIL, 20, "mail that is due is sent, at once when a commit has written some", threads=AT_ONCE),
    Pass(ALERT_MAIL, 20, "mail about incidents is sent, whatever the other mail does"),
    Pass(WEBHOOK, 20, "the webhook is called about incidents"),
    Pass(PICTURES, 20, "pictures are made, then made smaller; at once after an upload"),
    Pass(ALERTS, 15, "each alert rule is measured, once in each minute by whoever comes first", first_after_s=30),
    Pass(DUTIES, 60, "each duty whose time has come is done, by one", first_after_s=60),
)
