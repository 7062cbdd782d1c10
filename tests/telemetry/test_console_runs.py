"""Runs of console pages, as they are recorded: page, person as a hash, statements, and what a button caused."""

import pytest

from core.outbox.models import MessageKind
from core.platform.settings import Settings
from core.telemetry.pseudonyms import Pseudonyms
from core.telemetry.recorder import Recorder
from core.telemetry.sql_statements import instrument
from tests.console.conftest import Desk, desk, furnish, monitors_are_closed, packages_are_searched_once, same_main
from tests.telemetry.conftest import Kept

__all__ = ["desk", "furnish", "monitors_are_closed", "packages_are_searched_once", "same_main"]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"telemetry": True})


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_page_and_what_its_button_caused_have_one_id(desk: Desk, recorder: Recorder, kept: Kept) -> None:
    for engine in desk.services.database.engines:
        instrument(engine)
    token = desk.start("nora")
    app = desk.open(token)
    app.button(key=f"approve-{desk.bookings['Ida']}").click().run()
    (confirmed,) = desk.mails(MessageKind.CONFIRMED)
    assert recorder.flush_now()
    runs = [row for row in kept.rows("request_log") if row.kind == "script"]
    assert {(row.route, row.outcome) for row in runs} == {("requests", "ok")}
    assert {row.who for row in runs} == {Pseudonyms(desk.services.settings).session(token)}
    assert all(row.db_count > 0 and row.duration_us > 0 for row in runs)
    assert confirmed.request_id in {row.request_id for row in runs}
    (approved,) = [row for row in kept.rows("event_log") if row.name == "approved"]
    assert approved.request_id == confirmed.request_id and approved.value > 0 and approved.detail == "coach console"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_the_console_s_server_knows_the_session_as_a_hash_only(desk: Desk, recorder: Recorder, kept: Kept) -> None:
    token = desk.become("ada")
    assert desk.get("/").status_code == 200
    desk.client.cookies.clear()
    assert desk.get("/").status_code == 303
    recorder.flush_now()
    known, unknown = [row for row in kept.rows("request_log") if row.kind == "http"]
    assert known.who == Pseudonyms(desk.services.settings).session(token) and unknown.who == ""
