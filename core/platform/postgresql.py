"""
PostgreSQL timeouts: connect, lock, statement, idle transaction, TCP keepalive, and the client's own for each answer.

The server's own (lock_timeout, statement_timeout) are the shortest, so that it is the one to refuse. TCP's come next.
Neither helps against a proxy in between that acknowledges and forwards nothing, so the client has a timeout of its own
for each answer; a connection that met it is closed, for a late answer would be taken for that to the next statement.
"""

from typing import Any

from sqlalchemy import Engine, event, make_url

CONNECT_S = 5  # of one try
GONE_AFTER_MS = 10_000  # a server that acknowledges nothing for so long is gone
IDLE_IN_TRANSACTION_MS = 60_000  # a process that hangs between two statements does not hold a coach's row for ever
DEFAULT_WAIT_S = 10.0  # as core.platform.write_queue.WAIT_S
PING_S = 2.0  # of the pool's check of a connection before it is used (pre-ping)
# Of the time that a caller waits: the lock gives up first, then the statement, and last the client, by this much later.
LOCK_SHARE, STATEMENT_SHARE, CLIENT_SLACK_S = 0.7, 0.85, 1.0


def limits(wait_s: float) -> dict[str, Any]:
    """psycopg's connection arguments, with every timeout, for a caller that waits `wait_s` at most."""
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
    """The connection arguments of connect and TCP timeouts alone, for statements that may take long."""
    return {name: value for name, value in limits(DEFAULT_WAIT_S).items() if name != "options"}


def patient_dsn(url: str) -> str:
    """A database URL with TCP's timeouts in its query, for a library that makes its own connections; its own query wins."""
    limited = {name: str(value) for name, value in tcp_limits().items()}
    return make_url(url).set(query={**limited, **make_url(url).query}).render_as_string(hide_password=False)


def limit_answers(engine: Engine, wait_s: float) -> None:
    """Set the client's timeout: an answer on this engine comes within wait_s + CLIENT_SLACK_S, or the connection is closed."""
    connection_class = _limited(wait_s + CLIENT_SLACK_S)
    event.listen(
        engine,
        "do_connect",
        lambda _dialect, _record, arguments, options: connection_class.connect(*arguments, **options),
    )
    ping = engine.dialect.do_ping

    def quick_ping(connection: Any) -> bool:
        usual_s, connection.limit_s = connection.limit_s, PING_S
        try:
            return ping(connection)
        finally:
            connection.limit_s = usual_s

    engine.dialect.do_ping = quick_ping  # type: ignore[method-assign, assignment]


def _limited(timeout_s: float) -> Any:
    """A psycopg connection class whose every wait for the server ends after timeout_s."""
    import psycopg  # slow to load, and a gym on SQLite does without

    class LimitedConnection(psycopg.Connection[Any]):
        limit_s = timeout_s

        def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
            try:
                return super().wait(gen, interval, self.limit_s if timeout is None else timeout)
            except psycopg.errors._WaitTimeout:
                self.pgconn.finish()
                raise psycopg.OperationalError(f"the server did not answer within {self.limit_s:g} s") from None

    return LimitedConnection
