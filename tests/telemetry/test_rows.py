"""A field of a recorded row is a column of the store, of the flush and of the archive, wherever it is added."""

import pytest

from core.platform.settings import Settings
from core.telemetry.log_rows import ROWS
from core.telemetry.recorder import Recorder
from core.telemetry.tables import FACTS
from tests.telemetry.conftest import good_row, run_program

A_FIELD_MORE = """
from core.telemetry import log_rows


from typing import NamedTuple, get_type_hints
fields = {**get_type_hints(log_rows.RequestRow), "sent_bytes": int}
Wider = NamedTuple("Wider", list(fields.items()))
Wider.__new__.__defaults__ = (*log_rows.RequestRow.__new__.__defaults__, 0)
Wider._field_defaults = {**log_rows.RequestRow._field_defaults, "sent_bytes": 0}
log_rows.ROWS["request_log"] = Wider

from pathlib import Path
from analytics.archive import archive
from analytics.request_store import open_log
from core.platform.settings import load_settings
from core.telemetry.recording import recording

settings = load_settings().model_copy(update={"telemetry": True})
folder = settings.data_dir / "monitoring"
with recording(settings, "site") as recorder:
    recorder.requests.add(Wider(2, "http", "GET", "/", 200, "ok", 5, sent_bytes=70_000))
    assert recorder.flush_now()
    archive(recorder.store, folder, now_us=10)
    recorder.requests.add(Wider(3, "http", "GET", "/", 200, "ok", 5, sent_bytes=80_000))
    assert recorder.flush_now()
    with open_log(recorder.store, folder, start_us=0, end_us=10) as log:
        print(log.sql("SELECT sent_bytes FROM request_log ORDER BY at_us").column(0).to_pylist())
"""


@pytest.mark.parametrize("table", ROWS)
def test_the_columns_of_a_table_of_facts_are_the_fields_of_its_row(table: str) -> None:
    added = ["service", "release", "weight"] if table == "request_log" else ["service"]
    assert [column.name for column in FACTS[table].columns] == ["id", *ROWS[table]._fields, *added]


def test_a_new_field_reaches_an_old_store_its_archive_and_its_readers_from_the_row_alone(
    recorder: Recorder, watching: Settings
) -> None:
    recorder.requests.add(good_row(1))
    assert recorder.flush_now()
    assert run_program(A_FIELD_MORE, watching) == "[0, 70000, 80000]\n"
