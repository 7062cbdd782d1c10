"""The telemetry store: made on first use, on both databases, apart from the gym's own tables."""

from pathlib import Path

import pytest
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import IntegrityError

from core.errors import StoreNewer
from core.platform.settings import Settings
from core.telemetry.store import Store, store_for
from core.telemetry.tables import metadata, request_log


def test_it_makes_its_tables_on_first_use(settings: Settings) -> None:
    store = store_for(settings)
    with store.write() as connection:
        connection.execute(request_log.insert(), [{"at_us": 1, "route": "/"}, {"at_us": 2, "route": "/"}])
    with store.read() as connection:
        assert connection.execute(select(request_log.c.id, request_log.c.at_us)).all() == [(1, 1), (2, 2)]
    store.dispose()


def test_what_a_failed_flush_wrote_is_gone(settings: Settings) -> None:
    store = store_for(settings)
    with pytest.raises(IntegrityError), store.write() as connection:
        connection.execute(request_log.insert(), [{"id": 1}, {"id": 1}])
    with store.read() as connection:
        assert connection.execute(select(request_log.c.id)).all() == []
    store.dispose()


def test_an_older_store_gets_the_columns_it_lacks(settings: Settings) -> None:
    store = store_for(settings)
    with store.write() as connection:
        connection.execute(request_log.insert(), [{"at_us": 1, "weight": 1}])
        for column in ("weight", "error_id"):
            connection.execute(text(f"ALTER TABLE request_log DROP COLUMN {column}"))
    store.dispose()

    newer = store_for(settings)
    with newer.read() as connection:
        assert connection.execute(select(request_log.c.weight, request_log.c.error_id)).all() == [(1, "")]
    newer.dispose()


def test_a_store_of_a_newer_program_is_left_alone(settings: Settings) -> None:
    store = store_for(settings)
    with store.write() as connection:
        connection.execute(text("UPDATE version SET version = 99"))
    store.dispose()

    older = store_for(settings)
    with pytest.raises(StoreNewer, match="Update the program"), older.write():
        pass
    older.dispose()


def test_the_gyms_own_tables_stay_apart(settings: Settings) -> None:
    store = store_for(settings)
    store.prepare()
    with store.engine.connect() as connection:
        found = inspect(connection).get_table_names()
    assert "booking" not in found
    assert {table.name for table in metadata.sorted_tables} <= set(found)
    store.dispose()


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_file_that_was_deleted_is_made_anew(settings: Settings) -> None:
    store = store_for(settings)
    store.prepare()
    for file in Path(settings.data_dir).glob("telemetry.db*"):
        file.unlink()
    with store.write() as connection:
        connection.execute(request_log.insert(), [{"at_us": 5}])
    with Store(str(store.url)).read() as connection:
        assert connection.execute(select(request_log.c.at_us)).all() == [(5,)]
