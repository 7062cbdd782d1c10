"""Alembic's environment: runs inside the transaction that `core.migrations.migrate` has opened."""

from alembic import context

from core.migrations.models import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=Base.metadata, render_as_batch=connection.dialect.name == "sqlite"
)
context.run_migrations()
