"""
From the parent's click to the coach's mailbox: site, worker and mail server as real processes, over real sockets.

Once with the nudge that the site sends the worker after each booking, and once with every nudge lost.
"""

import html
import random
import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from itertools import count
from pathlib import Path

import httpx2

from public_site.free_times_page import WEEK, week_name
from tests.bench.report import Section
from tests.support.processes import RunningGym, let_one_network_ask, running_gym
from tests.support.smtp import MailServer, mail_server

COACH, PAGE = "nora@spirit.example", "/coaches/nora/tumbling-60"
NUDGED = 12  # with the rest and the demo's own within the twenty that a coach is mailed one by one in a day
LOST_AFTER_S = (0.0, 0.5, 7.0, 14.0)  # pauses after the sweep that brought the mail before: early, middle and late
APART = timedelta(hours=2)
LIMIT_S = 40.0
START = re.compile(r"/request\?start=([^\"]+)")
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


def measure() -> Section:
    """Two rows: nudged, and swept."""
    with tempfile.TemporaryDirectory() as name, mail_server() as server:
        folder = Path(name)
        with running_gym(folder, "site", "worker", demo=True, SPIRIT_MAIL_URL=server.url) as gym:
            let_one_network_ask(folder)
            _until_quiet(server)
            parents = _Parents(gym, server)
            nudged = [parents.wait_for_mail(pause_s=random.uniform(0.3, 1.3)) for _ in range(NUDGED)]
            gym["site"].stop()
            gym.start("site", SPIRIT_QUEUE_URL=f"sqlite:///{folder}/nobody-reads.db")
            lost = [parents.wait_for_mail(pause_s=pause_s) for pause_s in LOST_AFTER_S]
    rows = [
        ["nudged", str(NUDGED), f"{statistics.median(nudged):.2f}", f"{max(nudged):.2f}", "median < 1 s"],
        ["every nudge lost", str(len(lost)), f"{statistics.median(lost):.1f}", f"{max(lost):.1f}", "longest ≤ 25 s"],
    ]
    return Section(
        "From a parent's booking to the coach's mail", ["worker", "bookings", "median s", "longest s", "goal"], rows
    )


class _Parents:
    """Each is a new one, with a free time of her own."""

    def __init__(self, gym: RunningGym, server: MailServer) -> None:
        self.gym, self.server = gym, server
        self._starts = self._free_starts()
        self._numbers = count(1)

    def wait_for_mail(self, *, pause_s: float) -> float:
        """Seconds from sending the form to the coach's mail about it."""
        athlete = f"Ida{next(self._numbers)}x"
        time.sleep(pause_s)
        with httpx2.Client(base_url=self.gym.site_url) as browser:
            form = browser.get(PAGE + "/request", params={"start": next(self._starts)})
            assert form.status_code == 200, form.text
            values = {
                **{name: html.unescape(value) for name, value in HIDDEN.findall(form.text)},
                "athlete_name": athlete,
                "customer_name": "Sam Rivera",
                "customer_email": f"sam.{athlete}@example.org",
                "customer_phone": "",
                "notes": "",
            }
            seen = len(self.server.messages(to=COACH))
            began = time.monotonic()
            answer = browser.post("/bookings", data=values, headers={"Sec-Fetch-Site": "same-origin"})
            assert answer.status_code == 303, answer.text
        while True:
            mails = self.server.wait_for(seen + 1, to=COACH, limit_s=LIMIT_S)
            came = time.monotonic()
            if any(athlete in _text(mail) for mail in mails[seen:]):
                return came - began
            seen = len(mails)

    def _free_starts(self) -> Iterator[str]:
        """Far enough apart that none takes another's time."""
        monday = date.today() - timedelta(days=date.today().weekday())  # noqa: DTZ011  # any week ahead will do
        last = datetime.min.replace(tzinfo=UTC)
        for ahead in range(2, 8):
            page = httpx2.get(self.gym.site_url + PAGE, params={"week": week_name(monday + ahead * WEEK)})
            for start in START.findall(page.text):
                if datetime.fromisoformat(start) >= last + APART:
                    last = datetime.fromisoformat(start)
                    yield start


def _text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    return str(body.get_content()) if body else ""


def _until_quiet(server: MailServer, quiet_s: float = 3.0) -> None:
    """The demo's own mails go out first."""
    had, since = -1, time.monotonic()
    while time.monotonic() - since < quiet_s:
        if len(server.messages()) != had:
            had, since = len(server.messages()), time.monotonic()
        time.sleep(0.05)
