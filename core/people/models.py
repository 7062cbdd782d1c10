"""Staff accounts and what proves them. Parents have no account."""

import enum
from datetime import datetime

from sqlalchemy import ForeignKey, Index, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.platform.orm import Base


class Role(enum.StrEnum):
    COACH = "COACH"
    ADMIN = "ADMIN"


class Account(Base):
    """
    A member of staff. `email` is kept in lower case. An admin may teach as well: then a coach names the account.

    sound: the console plays one when a request comes.
    provider_subject: who she is to the OpenID provider, bound when she first came from there.
    """

    __tablename__ = "account"
    __table_args__ = (
        Index("ix_account_provider_subject", "provider_subject", unique=True),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[Role]
    password_hash: Mapped[str | None]
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    sound: Mapped[bool] = mapped_column(default=False, server_default=false())
    provider_subject: Mapped[str | None]


class StaffSession(Base):
    """A signed-in browser. Only the hash of its token is kept. It ends idle, at its absolute limit, or by hand."""

    __tablename__ = "staff_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    user_agent: Mapped[str]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship(lazy="joined", innerjoin=True)


class ApiKey(Base):
    """
    A key for one of her own programs. Only its hash is kept, and its first letters, to tell it from others.

    ended_at: from then on it opens nothing; the row stays, so that one can say when.
    """

    __tablename__ = "api_key"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    name: Mapped[str]
    key_hash: Mapped[str] = mapped_column(unique=True)
    hint: Mapped[str]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship(lazy="joined", innerjoin=True)


class SignInLink(Base):
    """
    A one-time link. What is mailed is a signature over its id, made when the mail is rendered.

    invited_by_account_id: the admin who invites, where it is somebody's first.
    """

    __tablename__ = "sign_in_link"
    __table_args__ = ({"sqlite_autoincrement": True},)  # a mailed link names the id

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    invited_by_account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))

    account: Mapped[Account] = relationship(lazy="joined", innerjoin=True, foreign_keys=account_id)
    invited_by: Mapped[Account | None] = relationship(lazy="joined", foreign_keys=invited_by_account_id)


class SignInFailure(Base):
    """A refused sign-in, counted per account and per address; both are kept as keyed hashes, for a day."""

    __tablename__ = "sign_in_failure"
    __table_args__ = (
        Index("ix_sign_in_failure_account_key_at", "account_key", "at"),
        Index("ix_sign_in_failure_address_key_at", "address_key", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_key: Mapped[str]
    address_key: Mapped[str]
    at: Mapped[datetime]
