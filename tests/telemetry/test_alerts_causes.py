"""One incident a cause: rules about one thing share it; one word when it opens, when it gets worse, when it is over."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from core.alerts import incidents, rule_changes
from core.alerts.default_rules import BY_KEY
from core.alerts.models import Incident
from core.alerts.notifications import find_notice
from core.alerts.rules import Rule, cause_of
from core.alerts.state_machine import Lead, Reading
from core.platform.services import Services
from tests.support.actors import as_staff
from tests.telemetry.alarm import NOON, Alarm, hire

LEAD = Lead("site", "/bookings", 7, "ValueError: no hours")
FEW, MANY, GOOD = (
    Reading(0.03, 100, "3 of 100", lead=LEAD),
    Reading(0.5, 100, "50 of 100", lead=LEAD),
    Reading(0.0, 100),
)
OTHER = Reading(0.03, 100, "3 of 100", lead=Lead("site", "/shop", 8, "KeyError: price"))
WARNING = replace(BY_KEY["errors"], after=timedelta(), keep_firing=timedelta())
CRITICAL = replace(BY_KEY["errors-critical"], keep_firing=timedelta())
BURN = replace(BY_KEY["burn-fast"], keep_firing=timedelta(), min_samples=0)
NEW = BY_KEY["error-new"]


@pytest.fixture
def alarm(services: Services) -> Alarm:
    return Alarm(services, admins={"Ada": hire(services, "Ada").id})


def read(alarm: Alarm, rule: Rule, reading: Reading, instance: str = "") -> None:
    alarm.rule = rule
    alarm.read(reading, instance=instance)


def events(alarm: Alarm) -> list[str]:
    with alarm.services.database.read() as session:
        found = [find_notice(session, message.alert_change_id) for message in alarm.notices()]
        return [notice.event for notice in found if notice is not None]


def test_rules_about_one_number_are_one_incident_that_rises_and_ends_once(alarm: Alarm) -> None:
    read(alarm, WARNING, FEW)
    read(alarm, CRITICAL, MANY)
    read(alarm, BURN, Reading(20.0, 1000, lead=LEAD))
    (incident,) = alarm.incidents()
    assert (incident.title, incident.severity) == ("Many requests fail", "critical")
    assert (incident.lead_route, incident.lead_error_id, incident.lead_error) == ("/bookings", 7, LEAD.error_title)
    read(alarm, CRITICAL, GOOD)
    read(alarm, BURN, Reading(0.0, 1000))
    assert alarm.incidents()[0].is_open, "the first one still says so"
    read(alarm, WARNING, GOOD)
    assert events(alarm) == ["firing", "worse", "recovered"] and not alarm.incidents()[0].is_open


def test_what_opens_critical_is_said_once(alarm: Alarm) -> None:
    for rule, reading in ((CRITICAL, MANY), (BURN, Reading(20.0, 1000)), (WARNING, MANY)):
        read(alarm, rule, reading)
    assert events(alarm) == ["firing"]


def test_it_is_said_to_be_worse_also_to_who_looks_after_it(alarm: Alarm) -> None:
    read(alarm, WARNING, FEW)
    alarm.services.database.transact(
        lambda tx: incidents.acknowledge(tx.session, 1, by=as_staff(alarm.admins["Ada"]), now=tx.now)
    )
    read(alarm, CRITICAL, MANY)
    assert events(alarm) == ["firing", "worse"]


def test_a_failing_page_with_a_new_error_is_one_incident(alarm: Alarm) -> None:
    instance = "ValueError: no hours (#7)"
    read(alarm, CRITICAL, MANY)
    read(alarm, NEW, Reading(1.0, 1, lead=Lead(error_id=7, error_title="ValueError: no hours")), instance)
    assert len(alarm.incidents()) == 1 and events(alarm) == ["firing"]
    read(alarm, CRITICAL, GOOD)
    assert not alarm.incidents()[0].is_open, "a new error holds nothing open"
    read(alarm, NEW, Reading(), instance)
    assert events(alarm) == ["firing", "recovered"]


def test_a_new_error_that_was_said_first_grows_into_the_incident(alarm: Alarm) -> None:
    read(alarm, NEW, Reading(1.0, 1, lead=Lead(error_id=7, error_title="ValueError: no hours")), "ValueError (#7)")
    read(alarm, WARNING, FEW)
    (incident,) = alarm.incidents()
    assert (incident.title, incident.instance, incident.cause) == ("Requests fail", "", cause_of(WARNING, ""))
    assert events(alarm) == ["firing", "worse"]


def test_a_new_error_is_said_once_and_not_that_it_is_over(alarm: Alarm) -> None:
    for _ in range(5):
        read(alarm, NEW, Reading(1.0, 1, lead=Lead(error_id=7)), "ValueError (#7)")
    read(alarm, NEW, Reading(), "ValueError (#7)")
    assert events(alarm) == ["firing"] and not alarm.incidents()[0].is_open


def test_a_new_error_that_was_resolved_as_an_incident_does_not_ring_again(alarm: Alarm) -> None:
    read(alarm, NEW, Reading(1.0, 1, lead=Lead(error_id=7)), "ValueError (#7)")
    alarm.services.database.transact(
        lambda tx: incidents.resolve(tx.session, 1, by=as_staff(alarm.admins["Ada"]), now=tx.now)
    )
    read(alarm, NEW, Reading(1.0, 1, lead=Lead(error_id=7)), "ValueError (#7)")
    assert len(alarm.incidents()) == 1 and events(alarm) == ["firing"]


def test_resolving_ends_all_rules_of_the_incident_and_what_is_bad_begins_anew(alarm: Alarm) -> None:
    read(alarm, WARNING, FEW)
    read(alarm, CRITICAL, MANY)
    alarm.services.database.transact(
        lambda tx: incidents.resolve(tx.session, 1, by=as_staff(alarm.admins["Ada"]), now=tx.now)
    )
    read(alarm, CRITICAL, MANY)
    read(alarm, WARNING, MANY)
    assert [incident.is_open for incident in alarm.incidents()] == [False, True]


def test_a_rule_that_is_turned_off_leaves_the_incident_to_the_others(alarm: Alarm) -> None:
    read(alarm, CRITICAL, MANY)
    read(alarm, WARNING, MANY)
    account = alarm.admins["Ada"]
    transact = alarm.services.database.transact
    transact(
        lambda tx: rule_changes.change_rule(
            tx.session, "errors-critical", {"enabled": False}, by=as_staff(account), now=tx.now
        )
    )
    assert alarm.incidents()[0].is_open
    transact(
        lambda tx: rule_changes.change_rule(tx.session, "errors", {"enabled": False}, by=as_staff(account), now=tx.now)
    )
    assert not alarm.incidents()[0].is_open


def test_a_muted_rule_is_heard_through_another_of_its_cause(alarm: Alarm) -> None:
    alarm.muted = True
    read(alarm, CRITICAL, MANY)
    alarm.muted = False
    read(alarm, WARNING, MANY)
    assert events(alarm) == ["firing"]


def test_other_parts_are_other_causes(alarm: Alarm) -> None:
    read(alarm, WARNING, FEW)
    read(alarm, replace(WARNING, key="own-1", filter=replace(WARNING.filter, route="/shop")), OTHER)
    read(alarm, BY_KEY["process-silent"], Reading(90.0), "site")
    read(alarm, BY_KEY["process-silent"], Reading(90.0), "site")
    read(alarm, BY_KEY["worker-silent"], Reading(300.0))
    read(alarm, BY_KEY["process-silent"], Reading(90.0), "worker")
    read(alarm, BY_KEY["process-silent"], Reading(90.0), "worker")
    assert [one.cause for one in alarm.incidents()] == [
        "requests.failing visit",
        "requests.failing visit /shop",
        "service.silent site",
        "service.silent worker",
    ]


def test_the_database_refuses_a_second_open_incident_of_a_cause(alarm: Alarm) -> None:
    """Of two evaluators that see two rules of one cause fire at the same moment, one is refused, and looks again."""
    read(alarm, WARNING, FEW)
    columns = {column.name: getattr(alarm.incidents()[0], column.name) for column in Incident.__table__.columns}
    with pytest.raises(IntegrityError, match=r"uq_alert_incident_cause|alert_incident\.cause"):  # noqa: SIM117
        with alarm.services.database.write() as transaction:
            transaction.session.execute(insert(Incident), [columns | {"id": 99}])
    with alarm.services.database.write() as transaction:
        transaction.session.execute(insert(Incident), [columns | {"id": 99, "closed_at": NOON}])
