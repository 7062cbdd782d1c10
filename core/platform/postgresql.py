"""
Limits for a PostgreSQL that falls silent: at the door, at a lock, at work, behind a cut cable or a proxy that hangs.

The server's own limits (lock_timeout, statement_timeout) are the shortest, so that it is the one to say no. TCP's come
next. Neither helps against something in between that acknowledges and forwards nothing, so the client has a limit of its
own for each answer; a connection that met it is closed, for what comes on it later would answer another question.
"""

from typing import Any

from sqlalchemy import Engine, event, make_url

CONNECT_S = 5
GONE_AFTER_MS = 10_000  # a server that acknowledges nothing for so long is gone
IDLE_IN_TRANSACTION_MS = 60_000  # a process that hangs between two statements does not hold a coach's row for ever
DEFAULT_WAIT_S = 10.0
PING_S = 2.0  # what comes from the pool is asked first whether it lives
LOCK_SHARE, STATEMENT_SHARE, CLIENT_SLACK_S = 0.7, 0.85, 1.0


def limits(wait_s: float) -> dict[str, Any]:
    """psycopg's connection arguments for whoever waits so long at most."""
    options = {
        "lock_timeout": int(wait_s * LOCK_SHARE * 1000),
        "statement_timeout": int(wait_s * STATEMENT_SHARE * 1000),
        "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION_MS,
        "timezone": "UTC",
    }
    return {
        "connect_timeout": CONNECT_S,
        "tcp_user_timeout": GONE_AFTER_MS,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 2,
        "options": " ".join(f"-c {name}={value}" for name, value in options.items()),
    }


def tcp_limits() -> dict[str, Any]:
    """Those at the door and on the wire, for whoever may work for long."""
    return {name: value for name, value in limits(DEFAULT_WAIT_S).items() if name != "options"}


def patient_dsn(url: str) -> str:
    """TCP's limits in an address, for a library that makes its own connections. What the address says itself stays."""
    limited = {name: str(value) for name, value in tcp_limits().items()}
    return make_url(url).set(query={**limited, **make_url(url).query}).render_as_string(hide_password=False)


def limit_answers(engine: Engine, wait_s: float) -> None:
    """Every answer on this engine's connections comes within wait_s and a second, or the connection is closed."""
    connection_class = _limited(wait_s + CLIENT_SLACK_S)
    event.listen(
        engine,
        "do_connect",
        lambda _dialect, _record, arguments, options: connection_class.connect(*arguments, **options),
    )
    ping = engine.dialect.do_ping

    def quick_ping(connection: Any) -> bool:
        patience, connection.limit_s = connection.limit_s, PING_S
        try:
            return ping(connection)
        finally:
            connection.limit_s = patience

    engine.dialect.do_ping = quick_ping  # type: ignore[method-assign, assignment]


def _limited(patience_s: float) -> Any:
    import psycopg  # slow to load, and a gym on SQLite does without

    class LimitedConnection(psycopg.Connection[Any]):
        limit_s = patience_s

        def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
            try:
                return super().wait(gen, interval, self.limit_s if timeout is None else timeout)
            except psycopg.errors._WaitTimeout:
                self.pgconn.finish()
                raise psycopg.OperationalError(f"the server did not answer within {self.limit_s:g} s") from None

    return LimitedConnection
