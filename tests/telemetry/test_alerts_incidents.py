"""An incident from its first minute to its last: who is told, how often, and that every change is a row."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from core.alerts import incidents, rule_changes
from core.alerts.default_rules import BY_KEY
from core.alerts.incidents import AlreadyChanged
from core.alerts.rules import MINUTE
from core.alerts.state_machine import Reading, Standing, State
from core.audit import AuditEvent
from core.errors import NotAllowed, NotFound, NotPossible
from core.people.models import Role
from core.platform.services import Services
from tests.support.actors import as_staff
from tests.telemetry.alarm import BAD, GOOD, NOON, Alarm, hire

HOUR = timedelta(hours=1)


@pytest.fixture
def alarm(services: Services) -> Alarm:
    """Ada and Eve administer; Nora coaches."""
    admins = {name: hire(services, name).id for name in ("Ada", "Eve")}
    hire(services, "Nora", Role.COACH)
    return Alarm(services, admins=admins)


def test_each_admin_hears_once_that_it_began_and_once_that_it_is_over(alarm: Alarm) -> None:
    alarm.read(GOOD, BAD, BAD, BAD)
    assert alarm.told() == ["ada", "eve"]
    alarm.read(GOOD, GOOD, GOOD, GOOD)
    assert alarm.told() == ["ada", "eve", "ada", "eve"]
    assert alarm.changes() == ["fires!", "is recovering", "resolved!"]
    (incident,) = alarm.incidents()
    assert (incident.opened_at, incident.closed_at) == (NOON + 2 * MINUTE, NOON + 7 * MINUTE)
    assert (incident.worst, incident.detail, incident.closed_by) == (0.05, "5 of 100 requests", None)


def test_what_flaps_is_told_once(alarm: Alarm) -> None:
    alarm.read(*[BAD, GOOD] * 10)
    assert alarm.told() == ["ada", "eve"] and len(alarm.incidents()) == 1
    assert alarm.changes()[:3] == ["fires!", "is recovering", "fires again"]


def test_it_is_said_again_while_nobody_looks_after_it(alarm: Alarm) -> None:
    alarm.read(BAD)
    alarm.read(*[BAD] * 9, later=HOUR)
    assert alarm.changes() == ["fires!", "still fires!", "still fires!"]
    (incident,) = alarm.incidents()
    alarm.services.database.transact(
        lambda tx: incidents.acknowledge(tx.session, incident.id, by=as_staff(alarm.admins["Eve"]), now=tx.now)
    )
    alarm.read(*[BAD] * 9, later=HOUR)
    assert alarm.changes() == ["fires!", "still fires!", "still fires!"], "Eve does"


def test_it_can_be_said_just_once(alarm: Alarm) -> None:
    alarm.rule = BY_KEY["errors"].__class__(**{**vars(alarm.rule), "repeat": None})
    alarm.read(BAD)
    alarm.read(*[BAD] * 9, later=HOUR)
    assert alarm.changes() == ["fires!"]


def test_what_is_muted_is_kept_and_said_when_that_ends_if_it_goes_on(alarm: Alarm) -> None:
    alarm.muted = True
    alarm.read(BAD, GOOD, GOOD, GOOD)
    assert alarm.told() == [] and len(alarm.incidents()) == 1
    alarm.read(BAD, BAD)
    alarm.muted = False
    alarm.read(BAD, BAD)
    assert alarm.told() == ["ada", "eve"]
    assert alarm.changes()[-2:] == ["fires", "still fires!"]


def test_a_flood_of_instances_is_a_few_mails(alarm: Alarm) -> None:
    """A slow database slows every page at once."""
    for page in range(20):
        alarm.read(BAD, instance=f"/page/{page}", later=timedelta())
    assert len(alarm.incidents()) == 20
    assert len(alarm.notices()) == 2 * incidents.MAX_NOTICES_AN_HOUR


def test_nothing_to_measure_is_an_incident_of_its_own(alarm: Alarm) -> None:
    alarm.rule = BY_KEY["recorder-silent"]
    alarm.read(*[Reading()] * 12)
    assert alarm.changes() == ["has nothing to measure!"] and alarm.told() == ["ada", "eve"]
    alarm.read(Reading(3.0))
    assert alarm.changes()[-1] == "resolved!" and not alarm.incidents()[0].is_open


def test_an_admin_resolves_it_and_the_others_hear_by_whom(alarm: Alarm) -> None:
    alarm.read(BAD)
    (incident,) = alarm.incidents()
    alarm.services.database.transact(
        lambda tx: incidents.resolve(tx.session, incident.id, by=as_staff(alarm.admins["Ada"]), now=tx.now)
    )
    assert alarm.told() == ["ada", "eve", "eve"]
    (closed,) = alarm.incidents()
    assert closed.closer is not None and closed.closer.name == "Ada Moreno" and not closed.is_open
    with pytest.raises(NotPossible, match="over already"):
        alarm.services.database.transact(
            lambda tx: incidents.resolve(tx.session, incident.id, by=as_staff(alarm.admins["Eve"]), now=tx.now)
        )
    with pytest.raises(NotPossible, match="over already"):
        alarm.services.database.transact(
            lambda tx: incidents.acknowledge(tx.session, incident.id, by=as_staff(alarm.admins["Eve"]), now=tx.now)
        )
    alarm.read(BAD)
    assert len(alarm.incidents()) == 2, "still bad, it begins anew"


def test_a_coach_and_a_stranger_change_nothing(alarm: Alarm) -> None:
    alarm.read(BAD)
    (incident,) = alarm.incidents()
    nora = hire(alarm.services, "Nell", Role.COACH).id
    transact = alarm.services.database.transact
    for command in (incidents.acknowledge, incidents.resolve):
        with pytest.raises(NotAllowed):
            transact(lambda tx: command(tx.session, incident.id, by=as_staff(nora), now=tx.now))
        with pytest.raises(NotFound):
            transact(lambda tx: command(tx.session, 999, by=as_staff(alarm.admins["Ada"]), now=tx.now))
    for key, error in (("errors", NotAllowed), ("nonsense", NotFound)):
        who = nora if error is NotAllowed else alarm.admins["Ada"]
        with pytest.raises(error):
            transact(
                lambda tx: rule_changes.change_rule(tx.session, key, {"enabled": False}, by=as_staff(who), now=tx.now)
            )
        with pytest.raises(error):
            transact(lambda tx: rule_changes.mute(tx.session, key, None, by=as_staff(who), now=tx.now))
        with pytest.raises(error):
            transact(lambda tx: rule_changes.reset_rule(tx.session, key, by=as_staff(who), now=tx.now))


def test_what_the_staff_did_is_in_the_log(alarm: Alarm) -> None:
    alarm.read(BAD)
    (incident,), ada = alarm.incidents(), alarm.admins["Ada"]
    transact = alarm.services.database.transact
    transact(lambda tx: incidents.acknowledge(tx.session, incident.id, by=as_staff(ada), now=tx.now))
    transact(lambda tx: incidents.resolve(tx.session, incident.id, by=as_staff(ada), now=tx.now))
    transact(
        lambda tx: rule_changes.change_rule(
            tx.session, "disk", {"fire_at": 0.7, "recover_at": 0.6}, by=as_staff(ada), now=tx.now
        )
    )
    transact(lambda tx: rule_changes.mute(tx.session, "disk", NOON, by=as_staff(ada), now=tx.now))
    with alarm.services.database.read() as session:
        verbs = [event.verb for event in session.query(AuditEvent).order_by(AuditEvent.id)]
    assert verbs == ["incident acknowledged", "incident resolved", "alert rule changed", "alert rule muted"]


def test_whoever_comes_second_is_refused_and_stores_nothing(alarm: Alarm) -> None:
    alarm.read(BAD, GOOD)
    with pytest.raises(AlreadyChanged), alarm.services.database.write() as transaction:
        conclude_as_of(alarm, transaction.session, number=0)
    assert alarm.changes() == ["fires!", "is recovering"] and len(alarm.notices()) == 2


def test_without_the_key_it_would_be_told_twice(alarm: Alarm) -> None:
    """The control: it is the unique key that refuses."""
    alarm.read(BAD, GOOD)
    with alarm.services.database.write() as transaction:
        transaction.session.execute(text("DROP INDEX uq_alert_change_rule_key_instance_number"))
    with alarm.services.database.write() as transaction:
        conclude_as_of(alarm, transaction.session, number=0)
    assert len(alarm.changes()) == 3


def conclude_as_of(alarm: Alarm, session: object, *, number: int) -> None:
    """By an evaluator that has read this number, and slept since."""
    incidents.conclude(
        session,  # type: ignore[arg-type]
        alarm.rule,
        "",
        number,
        State.NORMAL,
        Standing(State.FIRING, alarm.now),
        BAD,
        at=alarm.now,
        muted=False,
        webhook=False,
        now=alarm.now,
    )


def test_changes_that_became_nothing_are_forgotten_after_a_month(alarm: Alarm) -> None:
    alarm.rule = BY_KEY["errors"]  # pending for a minute first
    alarm.read(BAD, GOOD, BAD, BAD)
    assert alarm.changes() == ["is pending", "did not fire", "is pending", "fires!"]
    with alarm.services.database.write() as transaction:
        incidents.forget_passing(transaction.session, now=alarm.now + timedelta(days=31))
    assert alarm.changes() == ["fires!"]
