"""
A demo gym in real processes, with a real mail server and a real browser, for all browser tests together.

    gym, mailbox   site, console and worker; the server that receives their mail
    phone          a page of 375 px in a context of its own
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.support import browser as chromium
from tests.support.processes import RunningGym, let_one_network_ask, running_gym
from tests.support.smtp import MailServer, mail_server


@pytest.fixture(scope="package")
def mailbox() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture(scope="package")
def gym(tmp_path_factory: pytest.TempPathFactory, mailbox: MailServer) -> Iterator[RunningGym]:
    folder = tmp_path_factory.mktemp("gym")
    with running_gym(folder, "site", "console", "worker", demo=True, SPIRIT_MAIL_URL=mailbox.url) as running:
        let_one_network_ask(folder)
        yield running


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium.opened() as opened:
        yield opened


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    with browser.new_context(viewport={"width": 375, "height": 812}) as context:
        yield context.new_page()
