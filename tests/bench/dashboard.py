"""
The two pages that an admin leaves open, on a year of traffic: what the server does for one run of them.

The year is made by analytics/sample_traffic.py and the pages run as the console runs them, without a browser.
"""

import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session
from streamlit.testing.v1 import AppTest

import console.widgets.session as looked_up
from analytics import latency, sample_traffic
from analytics.data_sources import monitor_for
from analytics.time_window import last
from console.monitoring import cached_queries
from console.web import server
from core.bootstrap import build
from core.demo.small_gym import load_demo
from core.migrations import migrate
from core.people.accounts import find_account
from core.people.sessions import start_session
from core.platform import clock
from core.platform.services import Services
from core.platform.settings import load_settings
from tests.bench.report import Section

RUNS = 7
LIMIT_MS = 500
ROWS_A_DAY = 4_000
PAGES = {"Overview": "overview", "Web requests": "web_requests"}
RANGE = "13 months"


def measure() -> Section:
    """Medians of several runs; each finds no answer kept, or all of them."""
    with tempfile.TemporaryDirectory(prefix="spirit-bench-") as scratch:
        services = _gym(Path(scratch))
        requests = sample_traffic.make(
            monitor_for(services.settings), sample_traffic.Traffic(rows_a_day=ROWS_A_DAY), now=clock.now()
        )
        setattr(looked_up, "services_from_environment", lambda: services)  # noqa: B010 (as the tests of the pages do)
        token = services.database.transact(lambda tx: _sign_in(tx.session, now=tx.now))
        looked_up.token = lambda: token
        rows = [_measured(title, page, services) for title, page in PAGES.items()]
        cached_queries.close_monitors()
        services.database.dispose()
    return Section(
        title="The dashboard over a year",
        head=["page, 13 months", "server time of a rerun, no answer kept", "answers kept", "reach"],
        rows=rows,
        notes=[
            f"Medians of {RUNS} runs over {requests:,} requests, compared with the time before; one process, no browser.",
            "Processor time of the process, all threads together; of each run the test's own reading of the page is a part.",
            "“Answers kept” is a second admin, or a click, within 20 seconds.",
        ],
    )


def _measured(title: str, page: str, services: Services) -> list[str]:
    app = AppTest.from_file(str(server.ENTRY), default_timeout=120)
    app.query_params["range"] = RANGE
    app.run()
    app.switch_page(f"app_pages/monitoring/{page}.py")
    app.query_params["range"] = RANGE
    app.run()
    assert not app.exception and not app.warning, title
    assert latency.overall(monitor_for(services.settings), last("13mo", now=clock.now(), zone=ZoneInfo("UTC")))

    def fresh() -> None:
        cached_queries.CACHE.clear()
        app.run()

    return [title, f"{_ms(fresh):.0f} ms", f"{_ms(app.run):.0f} ms", f"< {LIMIT_MS} ms"]


def _ms(run: Callable[[], object]) -> float:
    """The processor's time, all threads together: what others do on this machine does not count."""
    times = []
    for _ in range(RUNS):
        began = time.process_time()
        run()
        times.append((time.process_time() - began) * 1000)
    return median(times)


def _gym(folder: Path) -> Services:
    services = build(load_settings(_env_file=None, data_dir=folder))
    migrate(services.database)
    load_demo(services)
    return services


def _sign_in(session: Session, *, now: datetime) -> str:
    ada = find_account(session, "ada@spirit.example")
    assert ada is not None
    return start_session(session, ada.id, user_agent="the bench", now=now)
