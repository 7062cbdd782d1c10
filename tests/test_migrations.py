"""The schema on both databases: from nothing to head, under the lock, with nothing lost and every guard standing."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, func, inspect, select, text
from sqlalchemy.exc import IntegrityError

from core import migrations
from core.alerts import rule_changes
from core.alerts.models import Incident
from core.alerts.sentences import headline
from core.demo.small_gym import load_demo
from core.errors import GuardMissing, SchemaNewer, SchemaOutdated, Unavailable
from core.gym.models import the_gym
from core.migrations import check_schema, migrate, triggers_and_constraints
from core.migrations.models import Base
from core.platform.db import Database
from core.platform.services import Services
from tests.support.databases import fresh

VERSIONS = Path(migrations.__file__).parent / "versions"
TABLES = Base.metadata.sorted_tables


@pytest.fixture
def empty_database(empty_database_url: str) -> Iterator[Database]:
    with fresh(empty_database_url) as database:
        yield database


def tables_of(database: Database) -> set[str]:
    with database.read_engine.connect() as connection:
        return set(inspect(connection).get_table_names())


def run(database: Database, *statements: str) -> None:
    with database.write() as transaction:
        for statement in statements:
            transaction.session.execute(text(statement))


def test_an_empty_database_is_brought_to_the_newest_schema_once(empty_database: Database) -> None:
    assert migrate(empty_database)
    assert tables_of(empty_database) == {table.name for table in TABLES} | {"alembic_version"}
    assert not migrate(empty_database)
    check_schema(empty_database)
    with empty_database.read() as session:
        gym = the_gym(session)
        assert (gym.name, gym.mail_held, gym.late_cancel_hours) == ("Spirit Athletics", False, 24)


def test_the_models_are_the_schema(database: Database) -> None:
    with database.read_engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


def checks_of(connection: Connection) -> dict[str, set[str]]:
    """The names of each table's check constraints, which autogenerate does not compare."""
    found = inspect(connection)
    return {table.name: {str(check["name"]) for check in found.get_check_constraints(table.name)} for table in TABLES}


def test_the_models_checks_stand(database: Database) -> None:
    from sqlalchemy import CheckConstraint

    wanted = {
        table.name: {str(rule.name) for rule in table.constraints if isinstance(rule, CheckConstraint)}
        for table in TABLES
    }
    with database.read_engine.connect() as connection:
        assert checks_of(connection) == wanted


def test_every_guard_stands(database: Database) -> None:
    with database.read_engine.connect() as connection:
        assert triggers_and_constraints.missing(connection) == set()


def test_an_empty_database_is_called_outdated(empty_database: Database) -> None:
    with pytest.raises(SchemaOutdated, match="Run `spirit migrate`"):
        check_schema(empty_database)


def test_a_database_of_a_newer_program_is_refused_and_left_alone(database: Database) -> None:
    run(database, "UPDATE alembic_version SET version_num = '9876'")
    with pytest.raises(SchemaNewer, match="newer than this program"):
        check_schema(database)
    with pytest.raises(SchemaNewer, match="newer than this program"):
        migrate(database)
    with database.read() as session:
        assert session.scalar(text("SELECT version_num FROM alembic_version")) == "9876"


GUARDS = [
    *(("sqlite", name, f"DROP TRIGGER {name}") for name in triggers_and_constraints.SQLITE),
    ("postgresql", "ex_hold_coach", "ALTER TABLE hold DROP CONSTRAINT ex_hold_coach"),
    ("postgresql", "booking_event_append_only", "DROP TRIGGER booking_event_append_only ON booking_event"),
    ("postgresql", "audit_event_append_only", "DROP TRIGGER audit_event_append_only ON audit_event"),
    (
        "postgresql",
        "booking_event_append_only",
        "ALTER TABLE booking_event DISABLE TRIGGER booking_event_append_only",
    ),
]


@pytest.mark.parametrize(("backend", "guard", "removal"), GUARDS, indirect=["backend"])
def test_a_missing_guard_is_named(database: Database, guard: str, removal: str) -> None:
    run(database, removal)
    with pytest.raises(GuardMissing, match=f"lacks {guard}\\."):
        check_schema(database)


@pytest.mark.parametrize(("backend", "guard", "removal"), GUARDS[:-1], indirect=["backend"])
def test_a_guard_that_fell_is_put_up_again_beside_those_that_stand(
    database: Database, guard: str, removal: str
) -> None:
    run(database, removal)
    with database.write() as transaction:
        triggers_and_constraints.create(_Op(transaction.session.connection()))
    check_schema(database)


class _Op:
    """As much of Alembic's `op` as the guards use."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get_bind(self) -> Connection:
        return self._connection

    def execute(self, statement: object) -> None:
        self._connection.execute(statement)  # type: ignore[call-overload]  # a text clause


def test_three_programs_that_start_at_once_migrate_once(empty_database_url: str) -> None:
    program = (
        "import sys; from core.platform.db import Database; from core.migrations import migrate; "
        "print(migrate(Database(sys.argv[1])))"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", program, empty_database_url], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    answers = sorted(process.communicate(timeout=240)[0].strip() for process in started)
    assert [process.returncode for process in started] == [0, 0, 0]
    assert answers == ["False", "False", "True"]
    with fresh(empty_database_url) as database:
        check_schema(database)


def test_a_database_that_stays_busy_is_left_alone_with_a_sentence(
    empty_database: Database, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "WAIT_S", 0.3)
    with empty_database.write_engine.connect() as holder:
        if backend == "postgresql":
            holder.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": migrations.LOCK_KEY})
        else:
            holder.begin()
        address = empty_database.url.render_as_string(hide_password=False)
        with fresh(address) as other, pytest.raises(Unavailable, match="database"):
            migrate(other)
    assert tables_of(empty_database) == set()
    assert migrate(empty_database)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_writer_outside_our_queue_is_waited_for_too(
    empty_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "WAIT_S", 0.3)
    outsider = sqlite3.connect(str(empty_database.url.database), isolation_level=None)
    outsider.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="busy for too long"):
        migrate(empty_database)
    outsider.execute("ROLLBACK")
    outsider.close()
    assert migrate(empty_database)


REVISION = """
import sqlalchemy as sa
from alembic import op

from core.migrations import triggers_and_constraints
from core.migrations.models import Base

revision, down_revision, branch_labels, depends_on = "9999", {head!r}, None, None


def upgrade():
    {steps}
"""
REBUILD_EVERYTHING = """
    for table in Base.metadata.sorted_tables:
        with op.batch_alter_table(table.name, recreate="auto" if {pg} else "always", copy_from=table) as batch:
            batch.add_column(sa.Column("remark", sa.String(), nullable=True))
    triggers_and_constraints.create(op)
"""


class NextRelease:
    """A throw-away revision after the newest one, in a folder of its own."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._monkeypatch = monkeypatch

    def brings(self, steps: str) -> None:
        head = migrations._script().get_current_head()
        (self._folder / "9999_next.py").write_text(REVISION.format(head=head, steps=steps.strip()))
        configured = migrations._config

        def with_the_next(connection: Connection | None = None) -> Config:
            config = configured(connection)
            config.set_main_option("version_locations", f"{VERSIONS}{os.pathsep}{self._folder}")
            return config

        self._monkeypatch.setattr(migrations, "_config", with_the_next)


@pytest.fixture
def next_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NextRelease:
    folder = tmp_path / "next"
    folder.mkdir()
    return NextRelease(folder, monkeypatch)


def contents(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    with database.read_engine.connect() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr) for table in TABLES
        }


def test_a_filled_database_keeps_every_row_when_all_its_tables_are_rebuilt(
    services: Services, next_release: NextRelease
) -> None:
    database = services.database
    load_demo(services)
    before = contents(database)
    filled = {name for name, rows in before.items() if rows}
    assert filled >= {"booking", "hold", "booking_event", "outbox", "coach", "account", "coach_lesson", "weekly_hours"}
    with database.read_engine.connect() as connection:
        checks = checks_of(connection)
    next_release.brings(REBUILD_EVERYTHING.format(pg=not database.is_sqlite))
    assert migrate(database)
    assert contents(database) == before
    check_schema(database)
    with database.read_engine.connect() as connection:
        assert checks_of(connection) == checks
        assert "remark" in {column["name"] for column in inspect(connection).get_columns("booking")}
        if database.is_sqlite:
            assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
    with pytest.raises(IntegrityError, match="append_only"):
        run(database, "DELETE FROM booking_event")


def test_a_copy_is_made_before_a_filled_sqlite_database_is_changed(
    services: Services, next_release: NextRelease, tmp_path: Path
) -> None:
    database = services.database
    load_demo(services)
    head, before = migrations._script().get_current_head(), contents(database)
    next_release.brings(REBUILD_EVERYTHING.format(pg=not database.is_sqlite))
    migrate(database)
    copies = [*tmp_path.rglob("backups/*.db")]
    if not database.is_sqlite:
        assert copies == []  # pg_dump is the operator's
        return
    assert len(copies) == 1
    assert copies[0].name.startswith(f"spirit-before-migration-from-{head}-")
    assert copies[0].stat().st_mode & 0o777 == 0o600
    with fresh(f"sqlite:///{copies[0]}") as copy:
        assert contents(copy) == before


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_first_migration_copies_nothing(empty_database: Database, tmp_path: Path) -> None:
    migrate(empty_database)
    assert not [*tmp_path.rglob("backups")]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_revision_that_forgets_the_guards_is_undone(services: Services, next_release: NextRelease) -> None:
    database = services.database
    next_release.brings(
        """
    with op.batch_alter_table("hold", recreate="always") as batch:
        batch.add_column(sa.Column("remark", sa.String(), nullable=True))
"""
    )
    head = migrations._script().get_current_head()
    with pytest.raises(GuardMissing, match="ex_hold_coach_insert, ex_hold_coach_update"):
        migrate(database)
    assert head == "9999"
    with database.read_engine.connect() as connection:
        assert triggers_and_constraints.missing(connection) == set()
        assert "remark" not in {column["name"] for column in inspect(connection).get_columns("hold")}


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_revision_that_leaves_rows_without_their_parents_is_undone(
    services: Services, next_release: NextRelease
) -> None:
    database = services.database
    load_demo(services)
    before = contents(database)
    next_release.brings('op.execute("DELETE FROM coach")')
    with pytest.raises(GuardMissing, match="without their parents"):
        migrate(database)
    assert contents(database) == before


def test_a_revision_that_fails_halfway_changes_nothing(services: Services, next_release: NextRelease) -> None:
    database = services.database
    before = tables_of(database)
    next_release.brings(
        """
    op.create_table("remark", sa.Column("id", sa.Integer(), primary_key=True))
    raise RuntimeError("the power went")
"""
    )
    with pytest.raises(RuntimeError, match="the power went"):
        migrate(database)
    assert tables_of(database) == before
    with pytest.raises(SchemaOutdated):
        check_schema(database)
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Base.metadata.tables["gym"])) == 1


def test_no_foreign_key_deletes_what_hangs_on_it() -> None:
    cascading = [
        key.target_fullname for table in TABLES for key in table.foreign_keys if key.ondelete not in (None, "NO ACTION")
    ]
    assert cascading == []


def write_mail(database: Database, *, kind: str = "REQUEST", state: str = "QUEUED") -> None:
    """A row of the outbox, unless the database refuses these words."""
    run(
        database,
        "INSERT INTO outbox (kind, channel, recipient, dedupe_key, created_at, due_at, state, attempts, message_id) "
        f"VALUES ('{kind}', 'mail', 'nora@spirit.example', '{kind}-{state}', '2026-11-23 17:00:00.000000', "
        f"'2026-11-23 17:00:00.000000', '{state}', 0, 'x')",
    )


def test_a_column_may_hold_more_words_and_refuses_all_others_as_before(
    services: Services, next_release: NextRelease
) -> None:
    database = services.database
    load_demo(services)
    before = contents(database)
    with pytest.raises(IntegrityError):
        write_mail(database, state="SUNG")
    next_release.brings(
        """
    from core.migrations.check_constraints import allow
    allow(op, "outbox", "state", ["SUNG", "SENT"], constraint="ck_outbox_messagestate")
    allow(op, "outbox", "state", ["HUMMED"], constraint="ck_outbox_messagestate")
"""
    )
    assert migrate(database)
    assert contents(database) == before
    check_schema(database)
    for known in ("SUNG", "HUMMED", "SENT"):
        write_mail(database, state=known)
    for unknown in ("WHISTLED", "hummed", ""):
        with pytest.raises(IntegrityError):
            write_mail(database, state=unknown)
    with pytest.raises(IntegrityError, match="one_cause"):
        run(database, "UPDATE outbox SET sign_in_link_id = 1 WHERE booking_id = 1")


def test_a_filled_outbox_takes_a_kind_of_mail_that_no_program_knew_before(empty_database: Database) -> None:
    migrate(empty_database, revision="0021")
    write_mail(empty_database, kind="CONFIRMED")
    with pytest.raises(IntegrityError):
        write_mail(empty_database, kind="CAROL")
    before = contents(empty_database)["outbox"]
    migrate(empty_database)
    check_schema(empty_database)
    assert contents(empty_database)["outbox"] == before and len(before) == 1
    write_mail(empty_database, kind="CAROL")
    with pytest.raises(IntegrityError):
        write_mail(empty_database, kind="REQUEST", state="SUNG")  # the other rules stand
    with pytest.raises(IntegrityError, match="one_cause"):
        run(empty_database, "UPDATE outbox SET sign_in_link_id = 1, booking_id = 1")


def test_families_of_before_have_their_keys(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    database = services.database
    load_demo(services)
    run(
        database,
        "UPDATE booking SET customer_key = ''",
        "UPDATE booking SET customer_email = 'Émile@Example.org' WHERE id = 1",
    )
    revision = migrations._script().get_revision("0007").module
    with database.write() as transaction:
        monkeypatch.setattr(revision, "op", _Op(transaction.session.connection()))
        revision._fill_customer_keys()
    with database.read() as session:
        found = session.execute(text("SELECT customer_email, customer_key FROM booking"))
        keys = {str(email): str(key) for email, key in found}
    assert keys["Émile@Example.org"] == "émile@example.org" and len(keys) > 3
    assert all(key == email.lower() for email, key in keys.items())


def test_calendar_entries_of_before_keep_their_names(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    database = services.database
    load_demo(services)
    run(database, "UPDATE booking SET calendar_uid = '' WHERE id <= 2")
    revision = migrations._script().get_revision("0015").module
    with database.write() as transaction:
        monkeypatch.setattr(revision, "op", _Op(transaction.session.connection()))
        revision.fill_calendar_uids("spirit.example")
    with database.read() as session:
        found = session.execute(text("SELECT id, calendar_uid FROM booking"))
        names = {int(row.id): str(row.calendar_uid) for row in found}
    assert (names[1], names[2]) == ("booking-1@spirit.example", "booking-2@spirit.example")
    assert len(set(names.values())) == len(names), "a booking made since has one of its own"


def test_rules_and_incidents_of_before_keep_their_quiet_hours_and_get_their_names(empty_database: Database) -> None:
    migrate(empty_database, revision="0012")
    run(
        empty_database,
        "INSERT INTO alert_choice (rule_key, fire_at, quiet_from_min, quiet_to_min) VALUES ('errors', 0.1, 1320, 390)",
        "INSERT INTO alert_choice (rule_key, fire_at) VALUES ('disk', 0.7)",
        "INSERT INTO alert_incident (rule_key, instance, severity, fire_at, detail, opened_at) "
        "VALUES ('slow-route', '/', 'warning', 1000, '', '2026-11-02 17:00:00')",
    )
    migrate(empty_database)
    with empty_database.read() as session:
        assert rule_changes.get_rule(session, "errors").rule.quiet == ((1320, 390),)
        assert rule_changes.get_rule(session, "disk").rule.quiet == ()
        (incident,) = session.scalars(select(Incident))
    assert (headline(incident), incident.metric) == ("A page is slow: /", "requests.p95_ms")


def test_rules_that_somebody_changed_stay_changed_when_the_defaults_do(empty_database: Database) -> None:
    """Untouched ones follow the program; a narrowed one counts what it did, and lost requests become as many that lose them."""
    migrate(empty_database, revision="0018")
    run(
        empty_database,
        "INSERT INTO alert_choice (rule_key, fire_at, recover_at) VALUES ('errors', 0.1, 0.05)",
        "INSERT INTO alert_choice (rule_key, service) VALUES ('errors-critical', 'console')",
        "INSERT INTO alert_choice (rule_key, min_samples) VALUES ('burn-fast', 20)",
    )
    migrate(empty_database)
    with empty_database.read() as session:
        rules = {one.rule.key: one.rule for one in rule_changes.rules_in_force(session)}
    assert (rules["errors"].fire_at, rules["errors"].filter.kind) == (0.1, "visit")
    assert (rules["errors-critical"].filter.kind, rules["errors-critical"].filter.service) == ("http", "console")
    assert rules["burn-fast"].min_samples == 278, "of which 7.2 % are twenty"
    assert rules["burn-slow"].min_samples == 1000


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_ids_of_before_stay_and_are_not_given_out_again(empty_database: Database) -> None:
    migrate(empty_database, revision="0016")
    run(
        empty_database,
        "INSERT INTO account (id, email, name, role, created_at) VALUES "
        "(7, 'nora@spirit.example', 'Nora', 'COACH', '2026-11-23 17:00:00.000000')",
        "INSERT INTO sign_in_link (id, account_id, created_at, expires_at) VALUES "
        "(41, 7, '2026-11-23 17:00:00.000000', '2026-11-23 17:10:00.000000')",
    )
    migrate(empty_database)
    check_schema(empty_database)
    run(empty_database, "DELETE FROM sign_in_link")
    run(
        empty_database,
        "INSERT INTO sign_in_link (account_id, created_at, expires_at) VALUES "
        "(7, '2026-11-23 17:00:00.000000', '2026-11-23 17:10:00.000000')",
    )
    with empty_database.read() as session:
        assert session.scalar(text("SELECT id FROM sign_in_link")) == 42
        assert session.execute(text("PRAGMA foreign_key_check")).all() == []
        indexes = session.scalars(text("SELECT name FROM sqlite_master WHERE tbl_name = 'booking' AND type = 'index'"))
        assert "ix_booking_coach_id_starts_at" in set(indexes)
