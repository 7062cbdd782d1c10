"""Every page opens for every role, and for nobody, in an empty gym and in the demo's."""

from collections.abc import Iterator

import pytest
import time_machine
from sqlalchemy.orm import Session
from streamlit.testing.v1 import AppTest

import console.widgets.session
from console.web import server
from core.demo.big_gym import load_big_demo
from core.demo.small_gym import load_demo
from core.people.accounts import create_account, find_account
from core.people.models import Role
from core.people.sessions import start_session
from core.platform.services import Services
from tests.console.app_reader import LAST_PAGES, PAGES_OF_A_COACH, PAGES_OF_AN_ADMIN, page_names, titles
from tests.console.conftest import PAGE_LIMIT_S
from tests.support.databases import both_databases
from tests.support.people import NOW, PASSWORD

FILES = {"Public page": "my_page", "My account": "account", "All bookings": "bookings"}


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def started(session: Session, email: str, *, now: object) -> str:
    account = find_account(session, email)
    assert account is not None
    return start_session(session, account.id, user_agent="a test", now=NOW)


def opened(services: Services, monkeypatch: pytest.MonkeyPatch, token: str | None) -> AppTest:
    monkeypatch.setattr(console.widgets.session, "services_from_environment", lambda: services)
    monkeypatch.setattr(console.widgets.session, "token", lambda: token)
    return AppTest.from_file(str(server.ENTRY), default_timeout=PAGE_LIMIT_S).run()


def every_page_opens(app: AppTest, expected: list[str]) -> None:
    names = page_names(app)
    assert [name for name in names if name in expected] == expected and names[-2:] == LAST_PAGES
    for name in names:
        app.switch_page(f"app_pages/{FILES.get(name, name.lower())}.py").run()
        assert not app.exception and not app.error, (name, [said.value for said in app.error])
        assert titles(app) == [name], name


WHO = [("nora", PAGES_OF_A_COACH), ("ada", PAGES_OF_AN_ADMIN)]


@both_databases
@pytest.mark.parametrize(("who", "pages"), WHO)
def test_every_page_opens_in_the_demo_s_gym(
    services: Services, monkeypatch: pytest.MonkeyPatch, who: str, pages: list[str]
) -> None:
    load_demo(services)
    token = services.database.transact(lambda tx: started(tx.session, f"{who}@spirit.example", now=tx.now))
    every_page_opens(opened(services, monkeypatch, token), pages)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_every_page_opens_with_fifty_coaches_and_two_years_of_bookings(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_big_demo(services)
    for who, pages in WHO:
        token = services.database.transact(lambda tx: started(tx.session, f"{who}@spirit.example", now=tx.now))
        every_page_opens(opened(services, monkeypatch, token), pages)


def test_every_page_opens_in_an_empty_gym_for_its_first_admin(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    _create(services, Role.ADMIN)
    token = services.database.transact(lambda tx: started(tx.session, "first@spirit.example", now=tx.now))
    every_page_opens(opened(services, monkeypatch, token), PAGES_OF_AN_ADMIN)


def test_every_page_opens_for_somebody_who_neither_teaches_nor_administers(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    _create(services, Role.COACH)
    token = services.database.transact(lambda tx: started(tx.session, "first@spirit.example", now=tx.now))
    every_page_opens(opened(services, monkeypatch, token), ["Requests"])


def test_every_page_shows_signed_out_without_a_session(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    load_demo(services)
    app = opened(services, monkeypatch, None)
    assert titles(app) == ["You are signed out"] and not app.exception
    for file in sorted((server.ENTRY.parent / "app_pages").glob("[a-z]*.py")):
        alone = AppTest.from_file(str(file), default_timeout=PAGE_LIMIT_S).run()
        assert titles(alone) == ["You are signed out"], file.stem
        assert not (alone.button or alone.text or alone.dataframe or alone.exception), file.stem


def _create(services: Services, role: Role) -> None:
    with services.database.write() as transaction:
        create_account(
            transaction.session, email="first@spirit.example", name="First", role=role, password=PASSWORD, now=NOW
        )
