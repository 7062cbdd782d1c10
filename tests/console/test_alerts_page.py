"""The page Alerts: what is open and what was, two buttons, and rules that an admin changes, mutes and sets back."""

from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from console import server
from console.alerts import dead_man
from core import clock
from core.gym import the_gym
from core.telemetry.alerts import choices, lists, pulse
from core.telemetry.alerts.models import Incident
from core.telemetry.alerts.rules import BY_KEY, DEFAULT_RULES, Rule
from core.words import spoken_length
from tests.console.conftest import Desk
from tests.console.reading import headers, navigation, texts
from tests.support.people import NOW
from tests.telemetry.alarm import BAD, GOOD, Alarm

BOTH = pytest.mark.parametrize("backend", ["sqlite", "postgresql"], indirect=True)
ONE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
MINUTE = timedelta(minutes=1)


def alarm(desk: Desk) -> Alarm:
    """Requests fail from the instant that the page opens."""
    return Alarm(desk.services, now=NOW + 8 * MINUTE)


def incident(desk: Desk) -> Incident:
    with desk.services.database.read() as session:
        (found,) = [*lists.open_incidents(session), *lists.past_incidents(session)]
    return found


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


def submit(app: AppTest, key: str) -> AppTest:
    return app.button(key=f"FormSubmitter:rule-{key}-Keep").click().run()


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
    said = next(text for text in texts(app) if text.startswith("Requests that came to nothing"))
    assert said.splitlines()[:2] == [
        "Requests that came to nothing: 5 %, limit 2 % or more",
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


@BOTH
def test_a_rule_is_changed_and_set_back(desk: Desk) -> None:
    app = desk.open(desk.start("ada"), "alerts")
    app.number_input(key="fire-errors").set_value(10.0)
    app.number_input(key="repeat-errors").set_value(0)
    app.text_input(key="quiet-errors").set_value("22:00-6:30")
    app = submit(app, "errors")
    assert "is kept" in app.success[0].value
    rule = rule_of(desk, "errors")
    assert (rule.fire_at, rule.repeat, rule.quiet) == (0.1, None, (1320, 390))
    app = app.button(key="reset-errors").click().run()
    assert rule_of(desk, "errors") == BY_KEY["errors"]
    assert app.number_input(key="fire-errors").value == pytest.approx(2.0)


@ONE
def test_what_cannot_be_is_said_and_changes_nothing(desk: Desk) -> None:
    app = desk.open(desk.start("ada"), "alerts")
    app.number_input(key="recover-errors").set_value(3.0)
    app = submit(app, "errors")
    assert "lower the second limit" in app.error[0].value
    app.number_input(key="recover-errors").set_value(1.0)
    app.text_input(key="quiet-errors").set_value("at night")
    app = submit(app, "errors")
    assert "22" in app.error[0].value and rule_of(desk, "errors") == BY_KEY["errors"]


@ONE
def test_a_rule_is_muted_for_a_while_and_said_again(desk: Desk) -> None:
    app = desk.open(desk.start("ada"), "alerts")
    app.selectbox(key="mute-for-disk").select("a day")
    app = app.button(key="mute-disk").click().run()
    with desk.services.database.read() as session:
        muted_until = choices.get_rule(session, "disk").muted_until
    assert muted_until is not None and spoken_length(muted_until - NOW) == "1 day"
    assert any(expander.label.endswith("muted") for expander in app.expander)
    app.button(key="unmute-disk").click().run()
    with desk.services.database.read() as session:
        assert choices.get_rule(session, "disk").muted_until is None


@ONE
def test_a_coach_and_a_stranger_see_nothing_of_it(desk: Desk) -> None:
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
        pulse.evaluated(transaction.session, now=transaction.now)
    assert dead_man.silences() == []
    desk.clock.shift(timedelta(minutes=5))
    assert dead_man.silences()[0] == (
        "The worker has been silent for 5 minutes: requests do not expire and mail waits."
    )


def _banners(desk: Desk, who: str) -> str:
    return "".join(str(element.proto) for element in desk.open(desk.start(who)).get("html"))


def rule_of(desk: Desk, key: str) -> Rule:
    with desk.services.database.read() as session:
        return choices.get_rule(session, key).rule
