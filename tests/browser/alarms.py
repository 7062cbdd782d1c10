"""What an admin sees on a bad morning, made up: two incidents, one of them hers, one that was, a muted rule and one of her own."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from playwright.sync_api import Page
from sqlalchemy import select

from core.alerts import incidents, rule_changes
from core.alerts.default_rules import BY_KEY
from core.alerts.models import AlertClock, AlertStanding
from core.alerts.rules import Filter
from core.alerts.state_machine import Reading, Standing, State
from core.gym.models import the_gym
from core.people.accounts import find_account
from core.platform.services import Services
from tests.browser.staff_pages import VIEWS, whole_page
from tests.browser.visits import settle, sign_in
from tests.support.actors import as_staff
from tests.support.processes import RunningGym

if TYPE_CHECKING:
    from tests.browser.screenshots import Album

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SLOW = Reading(1840.0, 214, "214 requests, the slowest 4.1 s")
FAILING = Reading(0.062, 500, "31 of 500 requests")
MAIL = Reading(720.0)


def photograph(album: Album, gym: RunningGym, services: Services) -> None:
    """After the worker has measured every rule once; then it is stopped, and what happens is made up."""
    gym.wait_until(lambda: is_evaluated(services), "the rules are measured", "worker", limit_s=120)
    gym["worker"].stop()
    let_it_happen(services)
    for view in VIEWS:
        with album.page(view) as page:
            _open(page, gym, "alerts")
            album.keep(page, "console-alerts", view)
            page.goto(f"{gym.console_url}/alerts?rule=slow-route")
            page.get_by_text("What it will do").wait_for()
            settle(page)
            page.locator("details summary").filter(has_text="More").click()
            page.get_by_label("Of which part").wait_for()
            page.wait_for_timeout(500)  # until it has unfolded
            whole_page(page)
            album.keep(page, "console-alerts-rule", view)
    fall_silent(services)
    for view in VIEWS[:2]:
        with album.page(view) as page:
            _open(page, gym, "today")
            album.keep(page, "console-silence", view)


def _open(page: Page, gym: RunningGym, address: str) -> None:
    sign_in(page, gym.console_url, "ada@spirit.example")
    page.goto(f"{gym.console_url}/{address}")
    settle(page)
    whole_page(page)


def is_evaluated(services: Services) -> bool:
    with services.database.read() as session:
        return session.scalar(select(AlertClock.evaluated_at)) is not None


def let_it_happen(services: Services) -> None:
    """Mail waited in the night; since a while a page is slow, which Ada looks after; and requests fail."""
    normal, firing, recovering = State.NORMAL, State.FIRING, State.RECOVERING
    ago = [26 * HOUR, 25 * HOUR, 25 * HOUR - 5 * MINUTE]
    for then, before, after, reading in zip(
        ago, (normal, firing, recovering), (firing, recovering, normal), (MAIL, Reading(0.0), Reading(0.0)), strict=True
    ):
        _change(services, "mail-waits", "", before, after, reading, then)
    _change(services, "slow-route", "/coaches/{coach}/{lesson}", normal, firing, SLOW, 42 * MINUTE)
    _change(services, "errors-critical", "", normal, firing, FAILING, 3 * MINUTE)
    with services.database.write() as transaction:
        ada = find_account(transaction.session, "ada@spirit.example")
        assert ada is not None
        slow = transaction.session.scalars(select(AlertStanding).where(AlertStanding.rule_key == "slow-route")).unique()
        (mine,) = [row.incident_id for row in slow if row.incident_id is not None]
        incidents.acknowledge(transaction.session, mine, by=as_staff(ada.id), now=transaction.now)
        until = transaction.now + 8 * HOUR
        rule_changes.mute(transaction.session, "disk", until, by=as_staff(ada.id), now=transaction.now)
        wanted = {"title": "Asking for a lesson fails", "filter": Filter("http", "site", "/bookings"), "min_samples": 5}
        rule_changes.add_rule(
            transaction.session, "requests.error_share", wanted, by=as_staff(ada.id), now=transaction.now
        )


def fall_silent(services: Services) -> None:
    """The worker, and with it whoever would tell, since twenty minutes."""
    with services.database.write() as transaction:
        the_gym(transaction.session).last_swept_at = transaction.now - 20 * MINUTE
        transaction.session.query(AlertClock).one().evaluated_at = transaction.now - 21 * MINUTE


def _change(
    services: Services, key: str, instance: str, before: State, after: State, reading: Reading, ago: timedelta
) -> None:
    with services.database.write() as transaction:
        then = transaction.now - ago
        row = transaction.session.get(AlertStanding, (key, instance))
        incidents.conclude(
            transaction.session,
            BY_KEY[key],
            instance,
            row.number if row is not None else 0,
            before,
            Standing(after, then),
            reading,
            at=then,
            muted=False,
            webhook=False,
            now=then,
        )
