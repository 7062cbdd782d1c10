"""`spirit`, as a person types it, on both databases."""

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import pytest
import time_machine
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from core.alerts import liveness, rule_changes
from core.alerts.models import AlertChange, AlertClock
from core.alerts.rules import OWN
from core.bootstrap import services
from core.ops.cli import main
from core.outbox.models import MessageState, OutboxMessage
from core.people.models import Account
from core.platform import clock
from core.platform.services import Services
from core.schedule.new_coach import free_slug
from core.telemetry.store import store_for
from core.telemetry.tables import metric_log
from tests.support import people
from tests.support.actors import as_staff
from tests.support.processes import RunningGym, running_gym

SITE, CONSOLE = "http://127.0.0.1:8000", "http://127.0.0.1:8501"
sqlite_only = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


class Answer(NamedTuple):
    """code: the exit code; said: on stdout; complaint: on stderr."""

    code: int
    said: str
    complaint: str


class Terminal:
    """Types `spirit …` and reads the answer. settings: the environment variables of this machine."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, screen: pytest.CaptureFixture[str]) -> None:
        self.folder, self._monkeypatch, self._screen = folder, monkeypatch, screen
        (folder / "var").mkdir(mode=0o700)
        monkeypatch.chdir(folder)
        self.set(SPIRIT_DATA_DIR=str(folder / "var"))

    def set(self, **settings: str) -> None:
        for name, value in settings.items():
            self._monkeypatch.setenv(name, value)

    def run(self, *arguments: str, stdin: str = "") -> Answer:
        """A command with a process's fresh start, whatever comes of it."""
        self._monkeypatch.setattr(sys, "argv", ["spirit", *arguments])
        self._monkeypatch.setattr(sys, "stdin", StringIO(stdin))
        services.cache_clear()
        with pytest.raises(SystemExit) as ended:
            main()
        if services.cache_info().currsize:
            services().database.dispose()
        services.cache_clear()
        screen = self._screen.readouterr()
        return Answer(int(ended.value.code or 0), screen.out, screen.err)

    def do(self, *arguments: str, stdin: str = "") -> str:
        """A command that must succeed; returns what it printed."""
        answer = self.run(*arguments, stdin=stdin)
        assert answer.code == 0, answer.complaint
        return answer.said


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(tmp_path, monkeypatch, capsys)


@pytest.fixture
def new_gym(terminal: Terminal, empty_database_url: str) -> Terminal:
    """A machine where nobody has typed anything yet."""
    terminal.set(SPIRIT_DATABASE_URL=empty_database_url)
    return terminal


@pytest.fixture
def gym(terminal: Terminal, database_url: str) -> Terminal:
    """A migrated gym without people."""
    terminal.set(SPIRIT_DATABASE_URL=database_url)
    return terminal


def test_from_nothing_to_a_gym_that_the_doctor_likes(new_gym: Terminal) -> None:
    before = new_gym.run("doctor")
    assert before.code == 1
    assert "FAIL  database   The database is older than this program. Run `spirit migrate`." in before.said

    assert new_gym.do("migrate") == "The database has this program's schema now.\n"
    assert new_gym.do("migrate") == "The database is up to date.\n"
    assert "nora@spirit.example" in new_gym.do("demo")
    assert "nora@spirit.example" in new_gym.do("demo")
    assert re.fullmatch(
        r"expired \d+, sent [1-9]\d*, dropped \d+, retried 0, dead 0, pictures 8\n", new_gym.do("sweep")
    )
    assert new_gym.do("sweep") == "expired 0, sent 0, dropped 0, retried 0, dead 0, pictures 0\n"
    assert re.fullmatch(r"\d+ rows moved, 0 files merged, 0 removed, 0 hot rows deleted\n", new_gym.do("archive"))
    assert "FAIL" not in new_gym.do("doctor")


@pytest.mark.processes
@pytest.mark.parametrize("process", ["site", "console", "worker"])
def test_no_process_starts_on_a_schema_that_is_not_its_own(tmp_path: Path, process: str) -> None:
    done = RunningGym(tmp_path).run(process)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "spirit: The database is older than this program. Run `spirit migrate`.\n"


def test_the_first_admin_signs_in_by_a_link_that_works_once(gym: Terminal) -> None:
    said = gym.do("create-admin", "Ada@Spirit.example", "--name", "Ada Moreno")
    assert re.search(rf"within 10 minutes:\n{CONSOLE}/sign-in/\S+\n$", said)
    again = gym.run("create-admin", "ada@spirit.example")
    assert (again.code, again.complaint) == (1, "spirit: There is an account for ada@spirit.example already.\n")


def test_a_coach_with_a_password_needs_no_link(gym: Terminal) -> None:
    done = gym.run(
        "create-coach", "zoe@spirit.example", "--name", "Zoë Müller", "--password-stdin", stdin="chalk-chalk\n"
    )
    assert done.said == f"Zoë Müller can sign in at {CONSOLE}.\n"
    silent = gym.run("create-coach", "z@spirit.example", "--name", "Z", "--password-stdin")
    assert silent.code == 1
    assert "no password on standard input" in silent.complaint


def test_two_coaches_of_one_name_have_two_addresses(session: Session) -> None:
    assert free_slug(session, "Nora") == "nora"
    people.nora(session)
    assert free_slug(session, "Nora") == "nora-2"
    assert free_slug(session, "Zoë Müller") == "zoe-muller"
    assert free_slug(session, "诺拉") == "coach"


@sqlite_only
def test_mail_is_looked_after(gym: Terminal) -> None:
    gym.do("demo")
    gym.do("outbox", "hold")
    assert "expired 0, sent 0, dropped 0, retried 0, dead 0, pictures 8\n" in gym.do("sweep")
    listed = gym.do("outbox", "list", "--limit", "3").splitlines()
    assert len(listed) == 4
    assert listed[-1] == "Mail is held: nothing is sent until `spirit outbox release`."
    newest = listed[0].split()[0]

    shown = gym.do("outbox", "show", newest)
    assert "Subject: " in shown
    assert f"{SITE}/bookings/…" in shown or f"{SITE}/approvals/…" in shown or CONSOLE in shown
    assert not re.search(r"/(bookings|approvals|sign-in)/[\w-]", shown)

    gym.do("outbox", "drop", newest, "--reason", "a mistake")
    assert "a mistake" in gym.do("outbox", "list", "--state", "dropped")
    gym.do("outbox", "release")
    gym.do("sweep")
    assert gym.run("outbox", "retry", newest).complaint == (
        f"spirit: Mail {newest} is dropped; only a dead or waiting one can be tried again.\n"
    )
    assert gym.run("outbox", "show", "999999").complaint == "spirit: There is no mail 999999 in the outbox.\n"
    assert "there are queued, sending, sent, dropped, dead" in gym.run("outbox", "list", "--state", "lost").complaint


@sqlite_only
def test_dead_mails_are_tried_again_all_at_once_and_a_sent_one_is_sent_again(gym: Terminal) -> None:
    gym.do("demo")
    gym.do("sweep")
    sent = gym.do("outbox", "list", "--state", "sent", "--limit", "1").split()[0]
    assert re.fullmatch(r"Mail \d+ is queued\.\n", gym.do("outbox", "resend", sent))
    assert gym.do("outbox", "retry", "--dead") == "0 mails are queued again.\n"
    assert gym.do("outbox", "retry", "--dead", "--since", "2026-01-01") == "0 mails are queued again.\n"
    assert gym.run("outbox", "retry").code == gym.run("outbox", "retry", sent, "--dead").code == 2
    assert gym.run("outbox", "retry", sent, "--since", "2026-01-01").code == 2


@sqlite_only
def test_a_mail_tries_the_mail_server(gym: Terminal) -> None:
    said = gym.do("send-test-email", "you@example.org")
    folder = Path(said.removeprefix("Written to ").removesuffix(".\n"))
    assert "arrives here" in next(folder.glob("*-test-*.eml")).read_text()
    assert gym.run("send-test-email", "nobody").complaint == "spirit: 'nobody' is no mail address.\n"


def test_where_only_cron_sweeps_it_measures_the_alert_rules_too(gym: Terminal) -> None:
    """Once a minute, though cron is never exact; what is wrong is mailed by the same sweep, and the banner has nothing to say."""
    gym.do("create-admin", "ada@spirit.example")
    add_a_rule_that_rings()
    with time_machine.travel("2026-11-02T17:00:00Z", tick=False) as time:
        gym.do("sweep")
        assert alerts_sent() == 1 and silent_parts() == []
        measured_at = clock_of_the_evaluator()
        time.shift(timedelta(seconds=49))
        gym.do("sweep")
        assert clock_of_the_evaluator() == measured_at, "somebody has, within the minute"
        time.shift(timedelta(seconds=10.5))
        gym.do("sweep")
        assert (
            measured_at is not None
            and clock_of_the_evaluator() == measured_at + timedelta(seconds=59.5)
            and alerts_sent() == 1
        )
        time.shift(timedelta(minutes=3))
        assert silent_parts() == ["The worker", "The evaluator"]


def test_a_command_that_has_ended_is_not_called_silent(gym: Terminal) -> None:
    """Its recorder has given signs of life, as any other; no more of them are expected."""
    with time_machine.travel("2026-11-02T17:00:00Z", tick=False), opened() as ready:
        store = store_for(ready.settings)
        with store.write() as connection:
            at_us = 1_000_000 * int(clock.now().timestamp())
            rows = [{"service": name, "name": "x", "at_us": at_us} for name in ("site", "command")]
            connection.execute(insert(metric_log), rows)
        found = liveness.silence_of_the_recorders(store, now=clock.now() + timedelta(minutes=5))
        store.dispose()
    assert [silence.part for silence in found] == ["The recorder of the site"]


@contextmanager
def opened() -> Iterator[Services]:
    """The gym that the terminal works on."""
    services.cache_clear()
    yield services()
    services().database.dispose()
    services.cache_clear()


def add_a_rule_that_rings() -> None:
    """Any disk has something on it."""
    changes = {"title": "A disk", "fire_at": 0.000_002, "recover_at": 0.000_001, "after": timedelta()}
    with opened() as gym, gym.database.write() as transaction:
        ada = transaction.session.scalars(select(Account.id)).one()
        rule_changes.add_rule(transaction.session, "disk.used_share", changes, by=as_staff(ada), now=transaction.now)


def clock_of_the_evaluator() -> datetime | None:
    with opened() as gym, gym.database.read() as session:
        return session.scalar(select(AlertClock.evaluated_at))


def silent_parts() -> list[str]:
    with opened() as gym, gym.database.read() as session:
        return [silence.part for silence in liveness.silences(session, now=clock.now())]


def alerts_sent() -> int:
    """Of that rule; the machine's own disk may be full."""
    of_it = select(OutboxMessage.state).join(AlertChange, AlertChange.id == OutboxMessage.alert_change_id)
    with opened() as gym, gym.database.read() as session:
        states = session.scalars(of_it.where(AlertChange.rule_key.startswith(OWN))).all()
    assert set(states) == {MessageState.SENT}
    return len(states)


@sqlite_only
def test_a_backup_goes_to_another_place(gym: Terminal, tmp_path: Path) -> None:
    gym.do("create-admin", "ada@spirit.example")
    gym.do("backup", "gym.backup")
    gym.set(SPIRIT_DATA_DIR=str(tmp_path / "elsewhere"), SPIRIT_DATABASE_URL="")
    assert gym.run("restore", "no such file").complaint == "spirit: no such file: No such file or directory\n"
    assert "spirit outbox release" in gym.do("restore", "gym.backup")
    assert "is held" in gym.run("doctor").said
    assert "already" in gym.run("create-admin", "ada@spirit.example").complaint
    assert "empty place" in gym.run("restore", "gym.backup").complaint


@sqlite_only
def test_the_demo_is_refused_where_it_could_be_a_real_gym(gym: Terminal) -> None:
    gym.set(SPIRIT_BASE_URL="https://gym.example.org", SPIRIT_SECRET_KEY="k" * 40)
    done = gym.run("demo")
    assert done.code == 1
    assert "refused where SPIRIT_BASE_URL is https" in done.complaint


def test_the_settings_in_force_are_printed_without_their_secrets(terminal: Terminal) -> None:
    terminal.set(
        SPIRIT_SECRET_KEY="a-secret-of-the-gym",
        SPIRIT_CRON_SECRET="a-secret-of-cron",
        SPIRIT_MAIL_URL="smtp://ada:a-secret-of-mail@mail.example:587",
        SPIRIT_DATABASE_URL="postgresql://ada:a-secret-of-data@127.0.0.1/gym",
    )
    lines = terminal.do("config").splitlines()
    assert not [line for line in lines if "a-secret" in line]
    assert {
        "SPIRIT_SECRET_KEY=(set)",
        "SPIRIT_MAIL_URL=smtp://ada:…@mail.example:587",
        "SPIRIT_DATABASE_URL=postgresql://ada:…@127.0.0.1/gym",
        "SPIRIT_MAIL_FROM=Spirit Athletics <bookings@spirit.example>",
        f"SPIRIT_BASE_URL={SITE}",
        "SPIRIT_HSTS=off",
    } <= set(lines)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("TIMEZONE", "Mars", "SPIRIT_TIMEZONE is 'Mars'; allowed: an IANA time zone"),
        ("DATABASE_URL", "postgresql://ada:secret@127.0.0.1:1/gym", "The database cannot be used: "),
        ("DATA_DIR", "/dev/null/var", "/dev/null/var: Not a directory"),
        ("MAIL_URL", "smtp://ada@127.0.0.1", "a user and a password, or neither"),
    ],
)
def test_what_goes_wrong_is_one_line(terminal: Terminal, name: str, value: str, says: str) -> None:
    terminal.set(**{f"SPIRIT_{name}": value})
    answer = terminal.run("migrate")
    assert (answer.code, answer.said) == (1, "")
    assert says in answer.complaint
    assert answer.complaint.count("\n") == 1
    assert "ada:secret" not in answer.complaint


def test_wrong_usage_is_another_exit_code(terminal: Terminal) -> None:
    assert terminal.run("dance").code == 2
    assert terminal.run("create-coach", "nora@spirit.example").code == 2
    assert terminal.run("site", "--port", "99999").code == 2
    assert re.fullmatch(r"spirit \d+\.\d+\.\d+\n", terminal.do("--version"))


@pytest.mark.processes
def test_logs_can_be_read_by_machines_and_name_nobody(tmp_path: Path) -> None:
    with running_gym(tmp_path, demo=True, SPIRIT_LOG="json", SPIRIT_MAIL_URL="smtp://127.0.0.1:1") as gym:
        worker = gym.start("worker")
        gym.wait_until(lambda: "mail not sent" in gym.log("worker"), "a mail is not sent", "worker")
        assert worker.stop() == 0
        for line in gym.log("worker").splitlines():
            assert {"event", "level", "timestamp"} <= json.loads(line).keys()
        assert "@" not in gym.log("worker")
