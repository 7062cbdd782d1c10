"""Two evaluators at once, as real processes that have both measured before either concludes: one word, not two."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from core.alerts.default_rules import DEFAULT_RULES
from core.platform.failpoints import VARIABLE
from core.platform.services import Services
from tests.analytics.alarmed import MINUTE, Watched
from tests.analytics.house import House
from tests.support.people import ZONE
from tests.telemetry.alarm import hire

LIMIT_S = 300.0


@pytest.fixture
def about_to_fire(services: Services, house: House) -> Watched:
    """The next evaluation finds that half of the requests fail."""
    hire(services, "Ada")
    watched = Watched(services, house)
    watched.minutes(1)
    watched.pass_a_minute(60, 30)
    return watched


def two_evaluators(watched: Watched, folder: Path) -> list[int]:
    """How many changes each of them made."""
    go = folder / "go"
    settings = watched.services.settings
    told = {
        "SPIRIT_DATA_DIR": str(settings.data_dir),
        "SPIRIT_DATABASE_URL": settings.database_url,
        "SPIRIT_SECRET_KEY": settings.secret_key.get_secret_value(),
        "SPIRIT_TIMEZONE": ZONE.key,
        "SPIRIT_TELEMETRY": "off",
    }
    programs = []
    for number in range(2):
        armed = {VARIABLE: f"measured=wait:{go}{number}"}
        command = [sys.executable, "-m", "tests.analytics.evaluating", watched.now.isoformat()]
        programs.append(
            subprocess.Popen(command, env={**os.environ, **told, **armed}, stdout=subprocess.PIPE, text=True)
        )
    deadline = time.monotonic() + LIMIT_S
    while not all(Path(f"{go}{number}.reached").exists() for number in range(2)):
        assert time.monotonic() < deadline and all(program.poll() is None for program in programs)
        time.sleep(0.02)
    for number in range(2):
        Path(f"{go}{number}").touch()
    said = [program.communicate(timeout=LIMIT_S)[0] for program in programs]
    assert [program.returncode for program in programs] == [0, 0]
    return [int(one.split()[-1]) for one in said]


@pytest.mark.processes
def test_two_evaluators_at_once_tell_it_once(about_to_fire: Watched, tmp_path: Path) -> None:
    changes = two_evaluators(about_to_fire, tmp_path)
    made = [about_to_fire.changes(rule.key) for rule in DEFAULT_RULES]
    assert sum(changes) == sum(map(len, made)) and all(len(one) <= 1 for one in made)
    assert about_to_fire.changes("errors-critical") == ["fires!"]
    assert len(about_to_fire.mails()) == sum(one == ["fires!"] for one in made)
    about_to_fire.now += MINUTE
    about_to_fire.evaluate()
    assert about_to_fire.changes("errors-critical") == ["fires!"], "and neither does the next one"


@pytest.mark.processes
def test_without_the_unique_keys_they_tell_it_twice(about_to_fire: Watched, tmp_path: Path) -> None:
    """The control."""
    with about_to_fire.services.database.write() as transaction:
        transaction.session.execute(text("DROP INDEX uq_alert_change_rule_key_instance_number"))
        transaction.session.execute(text("DROP INDEX uq_alert_incident_cause"))
    two_evaluators(about_to_fire, tmp_path)
    assert len(about_to_fire.changes("errors-critical")) == 2
