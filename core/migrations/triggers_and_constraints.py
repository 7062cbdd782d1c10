"""
Guards of the database, which hold whatever the code does: exclusion constraints and triggers.

    ex_hold_coach               no two holds of a coach overlap
    booking_event_append_only   history is never altered
    audit_event_append_only     nor is what the staff did

A SQLite table that Alembic rebuilds in a batch loses its triggers silently: `create` again after every batch block.
Neither triggers nor exclusion constraints are seen by autogenerate; `missing` is asked at every start.
"""

from typing import Any

from sqlalchemy import Connection, inspect, text

OVERLAP = "busy_from < NEW.busy_to AND busy_to > NEW.busy_from AND coach_id = NEW.coach_id AND id <> NEW.id"

SQLITE = {
    "ex_hold_coach_insert": f"""
        BEFORE INSERT ON hold WHEN EXISTS (SELECT 1 FROM hold WHERE {OVERLAP.replace("id <> NEW.id", "id IS NOT NEW.id")})
        BEGIN SELECT RAISE(ABORT, 'ex_hold_coach'); END""",
    "ex_hold_coach_update": f"""
        BEFORE UPDATE ON hold WHEN EXISTS (SELECT 1 FROM hold WHERE {OVERLAP})
        BEGIN SELECT RAISE(ABORT, 'ex_hold_coach'); END""",
    "booking_event_append_only_update": """
        BEFORE UPDATE ON booking_event BEGIN SELECT RAISE(ABORT, 'booking_event_append_only'); END""",
    "booking_event_append_only_delete": """
        BEFORE DELETE ON booking_event BEGIN SELECT RAISE(ABORT, 'booking_event_append_only'); END""",
    "audit_event_append_only_update": """
        BEFORE UPDATE ON audit_event BEGIN SELECT RAISE(ABORT, 'audit_event_append_only'); END""",
    "audit_event_append_only_delete": """
        BEFORE DELETE ON audit_event BEGIN SELECT RAISE(ABORT, 'audit_event_append_only'); END""",
}

POSTGRESQL = {
    "ex_hold_coach": (
        """ALTER TABLE hold ADD CONSTRAINT ex_hold_coach EXCLUDE USING gist (
           int8range(coach_id, coach_id, '[]') WITH &&, tstzrange(busy_from, busy_to) WITH &&)""",
    ),
    "booking_event_append_only": (
        """CREATE OR REPLACE FUNCTION booking_event_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN RAISE EXCEPTION 'booking_event_append_only' USING ERRCODE = 'integrity_constraint_violation'; END $$""",
        """CREATE TRIGGER booking_event_append_only BEFORE UPDATE OR DELETE ON booking_event
           FOR EACH ROW EXECUTE FUNCTION booking_event_append_only()""",
    ),
    "audit_event_append_only": (
        """CREATE OR REPLACE FUNCTION audit_event_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN RAISE EXCEPTION 'audit_event_append_only' USING ERRCODE = 'integrity_constraint_violation'; END $$""",
        """CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR DELETE ON audit_event
           FOR EACH ROW EXECUTE FUNCTION audit_event_append_only()""",
    ),
}


TABLES = {
    "ex_hold_coach": "hold",
    "booking_event_append_only": "booking_event",
    "audit_event_append_only": "audit_event",
}


def create(op: Any) -> None:
    """Create the guards that are missing, on the tables that exist by now. `op` is Alembic's, inside a migration."""
    connection = op.get_bind()
    there = set(inspect(connection).get_table_names())
    wanted = sorted(
        name
        for name in missing(connection)
        if any(name.startswith(guard) and table in there for guard, table in TABLES.items())
    )
    for name in wanted:
        on_sqlite = connection.dialect.name == "sqlite"
        for statement in (f"CREATE TRIGGER {name} {SQLITE[name]}",) if on_sqlite else POSTGRESQL[name]:
            op.execute(text(statement))


def missing(connection: Connection) -> set[str]:
    """Names of the missing guards."""
    if connection.dialect.name == "sqlite":
        found = connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
        return set(SQLITE) - set(found)
    found = connection.scalars(
        text(
            "SELECT conname FROM pg_constraint WHERE contype = 'x' UNION SELECT tgname FROM pg_trigger WHERE tgenabled <> 'D'"
        )
    )
    return set(POSTGRESQL) - set(found)
