"""The log: for admins; by person, kind and dates; as a table that a disabled admin does not get."""

import csv
import io
from collections.abc import Callable

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.bookings.decisions import Decision
from core.errors import NotAllowed
from core.mail import outbox_admin
from core.ops import audit_view
from tests.console.app_reader import choose, press
from tests.console.conftest import Desk
from tests.support.actors import as_staff
from tests.support.databases import both_databases


@pytest.fixture
def busy(desk: Desk) -> Desk:
    """Three requests were made; Nora approved one, Ada held the mail."""
    desk.answer("Ida", Decision.APPROVE)
    desk.services.database.transact(
        lambda tx: outbox_admin.hold(tx.session, by=as_staff(desk.account("ada").id), now=tx.now)
    )
    return desk


def lines(app: AppTest) -> list[str]:
    table = app.dataframe[0].value
    return [f"{row['Who']} {row['What']} ({row['Through']})" for _, row in table.iterrows()]


def test_the_log_shows_who_did_what_through_which_door(busy: Desk) -> None:
    app = busy.open(busy.start("ada"), "log")
    assert not app.error and sorted(lines(app)[:2]) == [
        "Ada Moreno mail held: gym (console)",
        f"Nora Lindqvist approved: booking {busy.bookings['Ida']} (console)",
    ]
    assert lines(app)[2:] == [
        f"the family asked for: booking {busy.bookings[name]} (site)" for name in ("Mia", "Ben", "Ida")
    ]


@both_databases
def test_the_log_is_filtered_by_person_kind_and_dates(busy: Desk) -> None:
    app = busy.open(busy.start("ada"), "log")
    assert lines(choose(app, "Who", busy.account("nora").id)) == [
        f"Nora Lindqvist approved: booking {busy.bookings['Ida']} (console)"
    ]
    assert [info.value for info in choose(app, "What", "All else").info]
    choose(app, "Who", 0)
    assert lines(app) == ["Ada Moreno mail held: gym (console)"]


@both_databases
def test_the_log_has_pages(busy: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_view, "PAGE_SIZE", 2)
    app = busy.open(busy.start("ada"), "log")
    first = lines(app)
    assert len(lines(press(app, "Older"))) == 2 and not set(lines(app)) & set(first)
    assert lines(press(app, "Newer")) == first


@both_databases
def test_the_log_is_downloaded_only_by_somebody_who_is_still_an_admin(busy: Desk) -> None:
    files: list[Callable[[], bytes]] = []
    busy.monkeypatch.setattr(st, "download_button", lambda _, data, *__, **___: files.append(data))
    busy.open(busy.start("ada"), "log")
    rows = list(csv.reader(io.StringIO(files[-1]().decode("utf-8-sig"))))
    assert rows[0] == ["When", "Who", "What", "About", "Through"] and len(rows) == 6
    busy.disable("ada")
    with pytest.raises(NotAllowed):
        files[-1]()
