"""Tables of staff accounts and their credentials: sessions, API keys, sign-in links. Parents have no account."""

import enum
from datetime import datetime

from sqlalchemy import ForeignKey, Index, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.platform.orm import Base


class Role(enum.StrEnum):
    COACH = "COACH"
    ADMIN = "ADMIN"


class Account(Base):
    """A member of staff. An admin may teach as well: then a coach names the account."""

    __tablename__ = "account"
    __table_args__ = (
        Index("ix_account_provider_subject", "provider_subject", unique=True),  # sign-in by provider; one account each
        {"sqlite_autoincrement": True},  # an id in the audit log never becomes somebody else's
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)  # in lower case
    name: Mapped[str]
    role: Mapped[Role]
    password_hash: Mapped[str | None]  # argon2id; None signs in by link or provider alone
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]  # since when she may not sign in
    sound: Mapped[bool] = mapped_column(default=False, server_default=false())  # the console plays one at a new request
    provider_subject: Mapped[str | None]  # issuer and subject at the OpenID provider, bound at the first sign-in there


class StaffSession(Base):
    """A session: a signed-in browser. It ends idle, at its absolute limit, or by hand."""

    __tablename__ = "staff_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    # A person's sessions, to list and end.
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    token_hash: Mapped[str] = mapped_column(unique=True)  # SHA-256 of the cookie's token, which is not stored
    user_agent: Mapped[str]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime]  # moved at most once a minute; the idle limit counts from it
    expires_at: Mapped[datetime]  # the absolute limit
    ended_at: Mapped[datetime | None]  # by sign-out

    account: Mapped[Account] = relationship(lazy="joined", innerjoin=True)


class ApiKey(Base):
    """An API key of a member of staff, for her own programs."""

    __tablename__ = "api_key"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)  # a person's keys, to list and end
    name: Mapped[str]  # what uses it, in her own words
    key_hash: Mapped[str] = mapped_column(unique=True)  # SHA-256; the key itself is not stored
    hint: Mapped[str]  # its first letters, to tell it from others
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]  # moved at most once a minute
    ended_at: Mapped[datetime | None]  # since when it is refused; the row stays, so that one can say when

    account: Mapped[Account] = relationship(lazy="joined", innerjoin=True)


class SignInLink(Base):
    """A one-time sign-in link, or an invitation. The mailed token is a signature over its id, made when the mail is rendered."""

    __tablename__ = "sign_in_link"
    __table_args__ = ({"sqlite_autoincrement": True},)  # a mailed link names the id

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)  # a person's links, to count and end
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    invited_by_account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))  # an invitation's admin

    account: Mapped[Account] = relationship(lazy="joined", innerjoin=True, foreign_keys=account_id)
    invited_by: Mapped[Account | None] = relationship(lazy="joined", foreign_keys=invited_by_account_id)


class SignInFailure(Base):
    """A counted try to sign in, for the rate limits (core.people.sign_in_throttle); removed after a day."""

    __tablename__ = "sign_in_failure"
    __table_args__ = (
        Index("ix_sign_in_failure_account_key_at", "account_key", "at"),  # tries for one account in the window
        Index("ix_sign_in_failure_address_key_at", "address_key", "at"),  # tries of one network in the window
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_key: Mapped[str]  # a keyed hash of the e-mail address that was tried
    address_key: Mapped[str]  # a keyed hash of the network or the known device it came from
    at: Mapped[datetime]
