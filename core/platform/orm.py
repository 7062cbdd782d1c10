"""The SQLAlchemy declarative base, with constraint names, and the column type of an instant."""

import enum
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Enum, Integer, MetaData, String
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

INSTANT_TEXT = "%Y-%m-%d %H:%M:%S.%f"


class Instant(TypeDecorator[datetime]):
    """
    An aware UTC datetime: timestamptz on PostgreSQL, fixed-width text on SQLite.

    The text has 26 characters, always, so that SQLite's triggers and indexes compare instants rightly.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(26))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Called by SQLAlchemy with a value to store. Raises ValueError for a naive datetime."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a naive datetime cannot be stored: {value!r}")
        value = value.astimezone(UTC)
        return value.strftime(INSTANT_TEXT).rjust(26, "0") if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if isinstance(value, str):
            return datetime.fromisoformat(value).replace(tzinfo=UTC)
        stored: datetime = value
        return stored.astimezone(UTC)


class Base(DeclarativeBase):
    """The declarative base. Constraints have predictable names, so that migrations can name what they change."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        datetime: Instant(),
        int: BigInteger().with_variant(Integer(), "sqlite"),
        enum.StrEnum: Enum(enum.StrEnum, native_enum=False, length=24, create_constraint=True),
    }
