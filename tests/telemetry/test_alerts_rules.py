"""What an admin may change about a rule, and rules of her own: all of their fields, and each mistake in words."""

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from core.alerts import lists, rule_changes, sentences
from core.alerts.default_rules import BY_KEY, DEFAULT_RULES, starting_rule
from core.alerts.models import AlertStanding, RuleChoice
from core.alerts.quiet_hours import parse_quiet, spoken_quiet
from core.alerts.rule_changes import MAX_OWN, RuleInForce
from core.alerts.rules import DAY, HOUR, METRICS, MINUTE, WEEK, Filter, NoData, Rule, Severity
from core.audit import AuditEvent
from core.errors import Invalid, NotAllowed, NotFound
from core.people.models import Role
from core.platform.services import Services
from tests.support.actors import as_staff
from tests.telemetry.alarm import BAD, NOON, Alarm, hire

EVERYTHING: dict[str, Any] = {
    "severity": Severity.CRITICAL,
    "fire_at": 0.1,
    "recover_at": 0.05,
    "filter": Filter("http", "site", "/bookings"),
    "window": 30 * MINUTE,
    "after": 10 * MINUTE,
    "keep_firing": HOUR,
    "min_samples": 7,
    "no_data": NoData.ALERT,
    "no_data_after": 2 * HOUR,
    "repeat": None,
    "quiet": ((1320, 360), (720, 780)),
}


@pytest.fixture
def alarm(services: Services) -> Alarm:
    """Ada administers; Nora coaches."""
    return Alarm(services, admins={"Ada": hire(services, "Ada").id, "Nora": hire(services, "Nora", Role.COACH).id})


def change(alarm: Alarm, key: str, **changes: Any) -> RuleInForce:
    done: RuleInForce = alarm.services.database.transact(
        lambda tx: rule_changes.change_rule(tx.session, key, changes, by=as_staff(alarm.admins["Ada"]), now=tx.now)
    )
    return done


def add(alarm: Alarm, title: str, metric: str = "requests.error_share", **changes: Any) -> Rule:
    added: RuleInForce = alarm.services.database.transact(
        lambda tx: rule_changes.add_rule(
            tx.session, metric, {"title": title, **changes}, by=as_staff(alarm.admins["Ada"]), now=tx.now
        )
    )
    return added.rule


def rules(alarm: Alarm) -> dict[str, Rule]:
    with alarm.services.database.read() as session:
        return {one.rule.title: one.rule for one in rule_changes.rules_in_force(session)}


def test_every_field_of_a_rule_is_changed_and_set_back(alarm: Alarm) -> None:
    assert {field.name for field in fields(Rule)} - set(EVERYTHING) == {
        "key", "title", "sentence", "metric", "short_window", "enabled"
    }  # fmt: skip
    changed = change(alarm, "errors", **EVERYTHING).rule
    assert changed == replace(BY_KEY["errors"], sentence="", **EVERYTHING)
    assert rules(alarm)["Requests fail"] == changed, "as it is read by the next one"
    burn = change(alarm, "burn-fast", window=2 * HOUR, short_window=10 * MINUTE).rule
    assert (burn.window, burn.short_window) == (2 * HOUR, 10 * MINUTE)
    alarm.services.database.transact(
        lambda tx: rule_changes.reset_rule(tx.session, "errors", by=as_staff(alarm.admins["Ada"]), now=tx.now)
    )
    assert rules(alarm)["Requests fail"] == BY_KEY["errors"]


def test_what_was_not_changed_stays_as_it_comes(alarm: Alarm) -> None:
    """A later version may bring better limits; only what an admin wants otherwise is kept."""
    change(alarm, "errors", fire_at=0.1, window=5 * MINUTE)
    with alarm.services.database.read() as session:
        kept = session.get_one(RuleChoice, "errors")
    names = [column.name for column in RuleChoice.__table__.columns if getattr(kept, column.name) is not None]
    assert names == ["rule_key", "fire_at", "recover_at"], "limits belong together"


def test_a_rule_that_is_turned_off_ends_what_is_open(alarm: Alarm) -> None:
    alarm.read(BAD)
    assert not change(alarm, "errors", enabled=False).rule.enabled
    with alarm.services.database.read() as session:
        assert lists.count_open(session) == 0 and not rule_changes.get_rule(session, "errors").rule.enabled


def test_a_rule_that_is_narrowed_ends_what_it_would_not_measure_any_more(alarm: Alarm) -> None:
    alarm.read(BAD)
    change(alarm, "errors", fire_at=0.03)
    with alarm.services.database.read() as session:
        assert lists.count_open(session) == 1
    change(alarm, "errors", filter=Filter(service="console"))
    with alarm.services.database.read() as session:
        assert lists.count_open(session) == 0


def test_a_rule_of_ones_own_is_added_changed_and_deleted(alarm: Alarm) -> None:
    rule = add(alarm, "  Booking fails ", **EVERYTHING)
    assert rule.is_own and rules(alarm)["Booking fails"] == rule
    assert rule == replace(starting_rule(rule.metric), key=rule.key, title="Booking fails", **EVERYTHING)
    change(alarm, rule.key, title="Booking fails often", min_samples=0, repeat=WEEK)
    assert rules(alarm)["Booking fails often"].repeat == WEEK
    alarm.services.database.transact(
        lambda tx: rule_changes.delete_rule(tx.session, rule.key, by=as_staff(alarm.admins["Ada"]), now=tx.now)
    )
    assert set(rules(alarm)) == {rule.title for rule in DEFAULT_RULES}
    with alarm.services.database.read() as session:
        said = [(event.verb, event.subject) for event in session.scalars(select(AuditEvent))]
    assert said == [(f"alert rule {verb}", f"alert rule {rule.key}") for verb in ("added", "changed", "deleted")]


@pytest.mark.parametrize("metric", METRICS)
def test_there_can_be_one_about_everything_that_is_measured(alarm: Alarm, metric: str) -> None:
    rule = add(alarm, "Mine", metric)
    assert rules(alarm)["Mine"] == rule and rule.metric == metric


def test_an_incident_keeps_its_name_when_its_rule_is_gone(alarm: Alarm) -> None:
    alarm.rule = add(alarm, "Booking fails", after=timedelta())
    alarm.read(BAD)
    alarm.services.database.transact(
        lambda tx: rule_changes.delete_rule(tx.session, alarm.rule.key, by=as_staff(alarm.admins["Ada"]), now=tx.now)
    )
    (incident,) = alarm.incidents()
    assert not incident.is_open and sentences.headline(incident) == "Booking fails"
    assert sentences.metric_of(incident) is METRICS["requests.error_share"]
    assert incident.sentence.startswith(
        "Fires when the error rate of all requests of families in the last 5 minutes is 2 % or more"
    )
    with alarm.services.database.read() as session:
        assert not session.scalars(select(AlertStanding).where(AlertStanding.rule_key == alarm.rule.key)).all()
        assert not rule_changes.is_in_force(session, RuleInForce(alarm.rule))


def test_a_name_is_given_once(alarm: Alarm) -> None:
    mine = add(alarm, "Booking fails")
    for title in ("booking FAILS", "Requests fail"):
        with pytest.raises(Invalid, match="of this name already"):
            add(alarm, title)
    assert change(alarm, mine.key, title="Booking fails", fire_at=0.5).rule.fire_at == 0.5, "its own name is free"


def test_two_admins_who_give_one_name_at_once_make_one_rule(alarm: Alarm, monkeypatch: pytest.MonkeyPatch) -> None:
    add(alarm, "Booking fails")
    monkeypatch.setattr(rule_changes, "_check_is_free", lambda *_: None)  # both have looked before
    with pytest.raises(Invalid, match="of this name already"):
        add(alarm, "Booking fails")
    with alarm.services.database.write() as transaction:
        transaction.session.execute(text("DROP INDEX uq_alert_choice_title"))  # the control
    add(alarm, "Booking fails")


def test_there_are_not_too_many(alarm: Alarm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule_changes, "MAX_OWN", 2)
    add(alarm, "One")
    add(alarm, "Two")
    with pytest.raises(Invalid, match="delete one first"):
        add(alarm, "Three")
    assert MAX_OWN == 30


def test_a_coach_changes_no_rule(alarm: Alarm) -> None:
    nora, transact = alarm.admins["Nora"], alarm.services.database.transact
    mine = add(alarm, "Mine")
    for command, arguments in (
        (rule_changes.add_rule, ("disk.used_share", {"title": "Hers"})),
        (rule_changes.change_rule, (mine.key, {"fire_at": 0.5})),
        (rule_changes.reset_rule, ("errors",)),
        (rule_changes.delete_rule, (mine.key,)),
    ):
        with pytest.raises(NotAllowed):
            transact(lambda tx: command(tx.session, *arguments, by=as_staff(nora), now=tx.now))
    assert rules(alarm)["Mine"] == mine


def test_what_came_with_the_gym_cannot_be_deleted_nor_ones_own_set_back(alarm: Alarm) -> None:
    ada, transact = alarm.admins["Ada"], alarm.services.database.transact
    with pytest.raises(NotFound, match="Turn this one off"):
        transact(lambda tx: rule_changes.delete_rule(tx.session, "errors", by=as_staff(ada), now=tx.now))
    mine = add(alarm, "Mine")
    with pytest.raises(NotFound, match="came with the gym"):
        transact(lambda tx: rule_changes.reset_rule(tx.session, mine.key, by=as_staff(ada), now=tx.now))
    with pytest.raises(NotFound):
        add(alarm, "Mine too", "shoes.worn_count")
    assert change(alarm, "errors", title="Another").rule.title == "Requests fail"


CANNOT_WORK: list[tuple[str, dict[str, object], str]] = [
    ("errors", {"recover_at": 0.03}, "lower the second limit"),
    ("bookings-low", {"recover_at": 0.1}, "raise the second limit"),
    ("errors", {"fire_at": 1.5}, "between 0 and 100 %"),
    ("errors", {"fire_at": 0.0, "recover_at": 0.0}, "always fire"),
    ("errors", {"recover_at": 0.0}, "never be over"),
    ("mail-waits", {"recover_at": -1}, "0 or more"),
    ("mail-waits", {"fire_at": float("nan")}, "0 or more"),
    ("mail-waits", {"fire_at": float("inf")}, "0 or more"),
    ("errors", {"window": 30 * DAY}, "7 days at most|1 week at most"),
    ("errors", {"window": timedelta(seconds=1)}, "a minute at least"),
    ("errors", {"window": 2 * DAY, "filter": Filter(route="/")}, "1 day at most while one route alone"),
    ("slow-route", {"window": 2 * DAY}, "1 day at most"),
    ("errors", {"short_window": MINUTE}, "belongs to the burn rate"),
    ("burn-fast", {"short_window": None}, "belongs to the burn rate"),
    ("burn-fast", {"short_window": HOUR}, "shorter than the first"),
    ("errors", {"after": 2 * DAY}, "a day at most before it begins"),
    ("errors", {"keep_firing": -MINUTE}, "a day at most before it is over"),
    ("errors", {"no_data_after": timedelta()}, "Silence fires after"),
    ("slow-route", {"no_data": NoData.ALERT}, "silence cannot fire"),
    ("errors", {"repeat": 8 * DAY}, "a week at most"),
    ("errors", {"min_samples": -1}, "or for 0"),
    ("disk", {"min_samples": 5}, "ask for 0"),
    ("errors", {"quiet": ((0, 1440),)}, "times of the day"),
    ("errors", {"quiet": ((60, 60),)}, "times of the day"),
    ("errors", {"quiet": ((0, 60),) * 6}, "5 quiet hours"),
    ("errors", {"filter": Filter(service="kitchen")}, "from the lists"),
    ("errors", {"filter": Filter(kind="dream")}, "from the lists"),
    ("errors", {"filter": Filter(route="/a\nb")}, "on one line"),
    ("disk", {"filter": Filter(service="site")}, "whole gym"),
    ("slow-statements", {"filter": Filter(kind="task")}, "whole gym"),
]


def test_what_cannot_work_is_refused_in_words_and_changes_nothing(alarm: Alarm) -> None:
    before = rules(alarm)
    for key, changes, said in CANNOT_WORK:
        with pytest.raises(Invalid, match=said):
            change(alarm, key, **changes)
    for title, said in (("", "a name"), ("\u200b", "a name"), ("x" * 61, "60 characters"), ("\ufffc\n", "a name")):
        with pytest.raises(Invalid, match=said):
            add(alarm, title)
    assert rules(alarm) == before


def test_quiet_hours_are_the_gyms_and_may_pass_midnight(alarm: Alarm) -> None:
    zone = alarm.services.settings.zone  # NOON is 12:00 there
    for quiet, quiet_at_noon in (
        (((11 * 60, 13 * 60),), True),
        (((12 * 60 + 1, 13 * 60),), False),
        (((22 * 60, 12 * 60 + 1),), True),
        (((22 * 60, 6 * 60), (12 * 60, 13 * 60)), True),
        ((), False),
    ):
        assert change(alarm, "errors", quiet=quiet).is_muted(NOON, zone) is quiet_at_noon, quiet


def test_quiet_hours_are_read_as_they_are_written() -> None:
    assert parse_quiet("22:00-6:30, 12:00–13:00") == ((1320, 390), (720, 780))
    assert spoken_quiet(parse_quiet("22:00-6:30,12:00 – 13:00")) == "22:00–06:30, 12:00–13:00"
    assert parse_quiet("  ") == () and spoken_quiet(()) == ""
    for unreadable in ("at night", "22:00", "25:00–06:00", "22:00–06:00,"):
        with pytest.raises(Invalid, match="22:00–06:00"):
            parse_quiet(unreadable)


def test_a_mute_has_an_end(alarm: Alarm) -> None:
    ada, zone = alarm.admins["Ada"], alarm.services.settings.zone
    with alarm.services.database.write() as transaction:
        rule_changes.mute(transaction.session, "errors", NOON + HOUR, by=as_staff(ada), now=NOON)
        with pytest.raises(Invalid, match="a month at most"):
            rule_changes.mute(transaction.session, "errors", NOON + timedelta(days=40), by=as_staff(ada), now=NOON)
    with alarm.services.database.read() as session:
        chosen = rule_changes.get_rule(session, "errors")
    assert chosen.is_muted(NOON, zone) and not chosen.is_muted(NOON + HOUR, zone)


def test_each_rule_says_in_words_what_it_does() -> None:
    assert " ".join(sentences.describe(BY_KEY["errors"])) == (
        "Fires when the error rate of all requests of families in the last 5 minutes is 2 % or more, for 1 minute on end. "
        "Fewer than 20 requests are too few to fire. It resolves when that has been below 1 % for 5 minutes. "
        "Admins are notified again every 4 hours while nobody looks after it."
    )
    mine = replace(
        BY_KEY["slow-route"],
        **{**EVERYTHING, "fire_at": 2500, "recover_at": 2000, "keep_firing": timedelta(), "no_data": NoData.KEEP},
    )
    assert " ".join(sentences.describe(mine)) == (
        "Fires when the p95 latency of requests of the site to /bookings in the last 30 minutes is 2.5 s or more, "
        "for 10 minutes on end. Fewer than 7 requests are too few to fire. It resolves when that is below 2 s. "
        "Admins are notified once. While there is nothing to measure, its state stays as it is. "
        "Every day no notifications go out at 22:00–06:00, 12:00–13:00."
    )
    assert "above 60 %" in sentences.describe(BY_KEY["bookings-low"])[1]
    assert "fires as well when there is nothing" in " ".join(
        sentences.describe(replace(BY_KEY["errors"], no_data=NoData.ALERT))
    )
