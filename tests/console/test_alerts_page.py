"""The page Alerts: what is open and what was, two buttons, and rules that an admin changes, mutes and sets back."""

from dataclasses import replace
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs

import pytest
from sqlalchemy import insert
from streamlit.testing.v1 import AppTest

from console.alerts import dead_man
from console.web import server
from core.alerts import lists, liveness, rule_changes
from core.alerts.default_rules import BY_KEY, DEFAULT_RULES
from core.alerts.models import Incident
from core.alerts.rules import Filter, NoData, Rule, Severity
from core.alerts.state_machine import Lead
from core.gym.models import the_gym
from core.platform import clock
from core.platform.clock import microseconds
from core.telemetry.store import store_for
from core.telemetry.tables import request_log
from core.wording import spoken_length
from tests.console.app_reader import headers, navigation, texts
from tests.console.conftest import Desk
from tests.console.test_monitoring import open_page
from tests.support.people import NOW
from tests.telemetry.alarm import BAD, GOOD, Alarm

BOTH = pytest.mark.parametrize("backend", ["sqlite", "postgresql"], indirect=True)
ONE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def alarm(desk: Desk) -> Alarm:
    """Requests fail from the instant that the page opens."""
    return Alarm(desk.services, now=NOW + 8 * MINUTE)


def incident(desk: Desk) -> Incident:
    with desk.services.database.read() as session:
        (found,) = [*lists.open_incidents(session), *lists.past_incidents(session)]
    return found


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


def open_rule(desk: Desk, key: str) -> AppTest:
    app = desk.open(desk.start("ada"), "alerts")
    return app.button(key=f"change-{key}").click().run()


def add_one(desk: Desk, metric: str) -> AppTest:
    app = press(desk.open(desk.start("ada"), "alerts"), "Add a rule")
    return app.selectbox(key="metric-new").set_value(metric).run()


def said(app: AppTest) -> str:
    return " ".join(element.value for element in app.markdown)


@BOTH
def test_with_no_incident_it_says_so_and_shows_every_rule(desk: Desk) -> None:
    app = desk.open(desk.start("ada"), "alerts")
    assert not app.exception and [title.value for title in app.title] == ["Alerts"]
    assert "Nothing is wrong at this moment." in [element.value for element in app.markdown]
    labels = [expander.label for expander in app.expander]
    assert len(labels) == len(DEFAULT_RULES)
    assert labels[0].startswith("Requests fail\\: not measured yet, limit 2 % or more")


@BOTH
def test_an_admin_looks_after_an_incident_and_resolves_it(desk: Desk) -> None:
    alarm(desk).read(BAD)
    app = desk.open(desk.start("ada"), "alerts")
    assert "One incident is open" in headers(app)
    assert "Alerts (1)" in navigation(app)
    assert "One incident is open" in str(app.sidebar.get("page_link")[0].proto)
    said = next(text for text in texts(app) if text.startswith("Error rate"))
    assert said.splitlines()[:2] == [
        "Error rate: 5 %, limit 2 % or more",
        "For 1 minute, at worst 5 %",
    ]
    app = press(app, "I look after it")
    assert "It is yours." in app.success[0].value
    assert incident(desk).acknowledged_by == desk.account("ada").id
    assert any("Ada Moreno looks after it" in text for text in texts(app))
    app = press(app, "Resolve")
    assert "It is resolved" in app.success[0].value and not incident(desk).is_open
    assert desk.nudged == ["deliver_mail"]
    assert any("Resolved by Ada Moreno" in text for text in texts(app))


@ONE
def test_if_it_is_over_at_this_moment_that_is_what_is_said(desk: Desk) -> None:
    bell = alarm(desk)
    bell.read(BAD)
    app = desk.open(desk.start("ada"), "alerts")
    bell.read(GOOD, GOOD, GOOD)
    app = press(app, "Resolve")
    assert "over already" in app.error[0].value


@ONE
def test_an_incident_leads_to_its_error_and_to_the_requests_of_its_time(desk: Desk) -> None:
    bell = alarm(desk)
    bell.read(replace(BAD, lead=Lead("site", "/bookings", 7, "ValueError: <no> hours")))
    app = desk.open(desk.start("ada"), "alerts")
    assert "Most of it: /bookings (ValueError: <no> hours)" in "".join(texts(app))
    links = "".join(str(element.proto) for element in app.get("html"))
    assert "/errors?group=7" in links
    query = parse_qs(unescape(links.partition("/web-requests?")[2].partition('\\"')[0]))
    asked = {name: values[0] for name, values in query.items()}
    page = open_page(desk, "web_requests", **asked)
    assert not page.exception and page.selectbox(key="route").value == "site /bookings"
    opened = bell.incidents()[0].opened_at.astimezone(desk.services.settings.zone).replace(tzinfo=None, second=0)
    assert page.session_state["from"] == opened - 15 * MINUTE and page.session_state["to"] > opened


@BOTH
def test_a_rule_is_changed_and_set_back(desk: Desk) -> None:
    app = open_rule(desk, "errors")
    assert not app.exception and "is 2 % or more" in said(app)
    app.number_input(key="fire-errors").set_value(10.0)
    app.selectbox(key="window-errors").set_value(30 * MINUTE)
    app.selectbox(key="severity-errors").set_value(Severity.CRITICAL)
    app.selectbox(key="after-errors").set_value(timedelta())
    app.selectbox(key="keep-firing-errors").set_value(HOUR)
    app.number_input(key="samples-errors").set_value(7)
    app.selectbox(key="repeat-errors").set_value(timedelta())
    app.text_input(key="quiet-errors").set_value("22:00-6:30, 12:00-13:00")
    app = app.selectbox(key="service-errors").set_value("console").run()
    assert "Families ask the site alone" in app.warning[0].value
    app.selectbox(key="kind-errors").set_value("http")
    app = app.selectbox(key="no-data-errors").set_value(NoData.ALERT).run()
    app = app.selectbox(key="no-data-after-errors").set_value(2 * HOUR).run()
    assert "the error rate of all requests of the console in the last 30 minutes is 10 % or more" in said(app)
    app = app.button(key="keep-errors").click().run()
    assert "is kept" in app.success[0].value and "Rules" in headers(app)
    assert rule_of(desk, "errors") == replace(
        BY_KEY["errors"],
        sentence="",
        fire_at=0.1,
        window=30 * MINUTE,
        severity=Severity.CRITICAL,
        after=timedelta(),
        keep_firing=HOUR,
        min_samples=7,
        repeat=None,
        quiet=((1320, 390), (720, 780)),
        filter=Filter("http", "console"),
        no_data=NoData.ALERT,
        no_data_after=2 * HOUR,
    )
    app = app.button(key="change-errors").click().run()
    assert app.number_input(key="fire-errors").value == pytest.approx(10.0)
    app = app.button(key="reset-errors").click().run()
    assert "is as it came" in app.success[0].value and rule_of(desk, "errors") == BY_KEY["errors"]


@ONE
@pytest.mark.parametrize("rule", DEFAULT_RULES, ids=lambda rule: rule.key)
def test_each_rule_that_is_kept_untouched_stays_as_it_came(desk: Desk, rule: Rule) -> None:
    app = open_rule(desk, rule.key)
    assert not app.exception and "reset" not in " ".join(str(button.key) for button in app.button)
    app = app.button(key=f"keep-{rule.key}").click().run()
    assert "is kept" in app.success[0].value and rule_of(desk, rule.key) == rule


@BOTH
def test_a_rule_of_ones_own_is_added_turned_off_and_deleted(desk: Desk) -> None:
    app = add_one(desk, "disk.used_share")
    app.text_input(key="title-own-disk.used_share").set_value("Half of the *disk*")
    app.number_input(key="fire-own-disk.used_share").set_value(50.0)
    app = app.number_input(key="recover-own-disk.used_share").set_value(45.0).run()
    assert "disk usage is 50 % or more" in said(app)
    app = press(app, "Keep")
    assert "is kept" in app.success[0].value and len(app.expander) == len(DEFAULT_RULES) + 1
    mine = own(desk)
    assert (mine.title, mine.fire_at, mine.recover_at) == ("Half of the *disk*", 0.5, 0.45)
    app = app.button(key=f"change-{mine.key}").click().run()
    app = app.checkbox(key=f"on-{mine.key}").uncheck().run()
    assert "It is off" in said(app)
    app = press(app, "Keep")
    assert not own(desk).enabled and app.expander[-1].label.endswith(": off")
    app = app.button(key=f"change-{mine.key}").click().run()
    app = press(app, "Yes: delete")
    assert "is deleted" in app.success[0].value and len(app.expander) == len(DEFAULT_RULES)


@ONE
def test_routes_that_were_asked_for_are_there_to_choose_from(desk: Desk) -> None:
    row = {"at_us": microseconds(NOW), "service": "site", "kind": "http", "route": "/coaches/{coach}", "duration_us": 5}
    store = store_for(desk.services.settings)
    with store.write() as connection:
        connection.execute(
            insert(request_log), [row, row, row | {"route": "/"}, row | {"kind": "task", "route": "sweep"}]
        )
    store.dispose()
    app = add_one(desk, "requests.error_share")
    key = "own-requests.error_share"
    assert app.selectbox(key=f"route-{key}").options == ["every route", "/coaches/{coach}", "/"]
    app = app.selectbox(key=f"kind-{key}").set_value("task").run()
    assert app.selectbox(key=f"route-{key}").options == ["every route", "sweep"]
    app = app.selectbox(key=f"kind-{key}").set_value("http").run()
    app.selectbox(key=f"route-{key}").set_value("/coaches/{coach}")
    app.text_input(key=f"title-{key}").set_value("Coaches")
    press(app, "Keep")
    assert own(desk).filter == Filter(route="/coaches/{coach}")


@ONE
def test_what_cannot_be_is_said_keeps_what_was_typed_and_changes_nothing(desk: Desk) -> None:
    app = open_rule(desk, "errors")
    app = app.number_input(key="recover-errors").set_value(3.0).run()
    assert "lower the second limit" in app.warning[0].value, "while it is being typed"
    app = app.button(key="keep-errors").click().run()
    assert "lower the second limit" in app.error[0].value and app.number_input(key="recover-errors").value == 3.0
    app.number_input(key="recover-errors").set_value(1.0)
    app = app.text_input(key="quiet-errors").set_value("at night").run()
    assert "22" in app.warning[0].value
    app = app.button(key="keep-errors").click().run()
    assert "22" in app.error[0].value and app.text_input(key="quiet-errors").value == "at night"
    assert rule_of(desk, "errors") == BY_KEY["errors"]


@ONE
def test_a_rule_without_a_name_or_with_another_one_s_is_not_added(desk: Desk) -> None:
    app = add_one(desk, "mail.troubled_count")
    for title, why in (("", "a name"), ("Mail FAILS", "of this name already")):
        app.text_input(key="title-own-mail.troubled_count").set_value(title)
        app.number_input(key="fire-own-mail.troubled_count").set_value(9.0)
        app = press(app, "Keep")
        assert why in app.error[0].value
        assert app.text_input(key="title-own-mail.troubled_count").value == title
        assert app.number_input(key="fire-own-mail.troubled_count").value == 9.0


@ONE
def test_a_rule_is_tried_on_the_last_day(desk: Desk) -> None:
    """As it is typed, not as it is kept."""
    at_us = microseconds(clock.now() - HOUR)
    row = {"at_us": at_us, "service": "site", "kind": "http", "route": "/", "status": 500, "outcome": "error"}
    store = store_for(desk.services.settings)
    with store.write() as connection:
        connection.execute(insert(request_log), [row] * 30 + [row | {"status": 200, "outcome": "ok"}] * 40)
    store.dispose()
    app = press(open_rule(desk, "errors"), "Try it on the last day")
    assert "it would have begun once, and have been open for" in said(app) and "looked at every 5 minutes" in said(app)
    app = press(app.number_input(key="samples-errors").set_value(71).run(), "Try it on the last day")
    assert "it would not have begun at all" in said(app)
    assert not [button for button in open_rule(desk, "disk").button if "Try" in button.label]


@ONE
def test_an_address_of_a_rule_that_is_gone_says_so(desk: Desk) -> None:
    app = desk.open(desk.start("ada"), "alerts")
    app.query_params["rule"] = "own-12345678"
    app = app.run()
    assert "There is no such rule any more." in said(app)
    assert "Rules" in headers(press(app, "All alerts"))


@ONE
def test_a_rule_is_muted_for_a_while_and_said_again(desk: Desk) -> None:
    app = desk.open(desk.start("ada"), "alerts")
    app.selectbox(key="mute-for-disk").select("a day")
    app = app.button(key="mute-disk").click().run()
    with desk.services.database.read() as session:
        muted_until = rule_changes.get_rule(session, "disk").muted_until
    assert muted_until is not None and spoken_length(muted_until - NOW) == "1 day"
    assert any(expander.label.endswith("muted") for expander in app.expander)
    app.button(key="unmute-disk").click().run()
    with desk.services.database.read() as session:
        assert rule_changes.get_rule(session, "disk").muted_until is None


@ONE
def test_a_coach_and_a_stranger_see_no_alerts(desk: Desk) -> None:
    alarm(desk).read(BAD)
    page = str(server.ENTRY.parent / "app_pages" / "alerts.py")
    assert "Alerts" not in "".join(navigation(desk.open(desk.start("nora"))))
    app = AppTest.from_file(page, default_timeout=7200).run()
    assert "admins" in app.exception[0].message and not app.button
    desk.show_to(None)
    app = AppTest.from_file(page, default_timeout=7200).run()
    assert [title.value for title in app.title] == ["You are signed out"]


@ONE
def test_silence_is_said_above_every_page_of_an_admin_and_nobody_else_s(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody swept and nobody evaluated: the banner needs neither. Within the first minute nobody is expected to have."""
    monkeypatch.setattr(dead_man, "began_at", clock.now())
    assert "has not run yet" not in _banners(desk, "ada")
    monkeypatch.setattr(dead_man, "began_at", clock.now() - dead_man.FIRST_SIGN)
    said = ["The worker has not run yet", "The evaluator has not run yet"]
    for who, expected in (("ada", True), ("nora", False)):
        shown = _banners(desk, who)
        assert all((sentence in shown) is expected for sentence in said), who
    with desk.services.database.write() as transaction:
        the_gym(transaction.session).last_swept_at = transaction.now
        liveness.evaluated(transaction.session, now=transaction.now)
    assert dead_man.silences() == []
    desk.clock.shift(timedelta(minutes=5))
    assert dead_man.silences()[0] == (
        "The worker has been silent for 5 minutes: requests do not expire and mail waits."
    )


def _banners(desk: Desk, who: str) -> str:
    return "".join(str(element.proto) for element in desk.open(desk.start(who)).get("html"))


def own(desk: Desk) -> Rule:
    with desk.services.database.read() as session:
        (found,) = [one.rule for one in rule_changes.rules_in_force(session) if one.rule.is_own]
    return found


def rule_of(desk: Desk, key: str) -> Rule:
    with desk.services.database.read() as session:
        return rule_changes.get_rule(session, key).rule
